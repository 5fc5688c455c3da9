"""The forwarder: a process of each node that takes what functions send to the account's endpoint to the web process.

    python -m functions.execution.forwarder --socket PATH --upstream http://HOST:PORT [--connections N]

Executors connect to PATH (SOCK_SEQPACKET) and send {"open": id} with a socket that listens inside a sandbox, and
{"close": id} when that has ended; all of an executor's end with its connection.

Every byte that comes from a sandbox is hostile, so this has no rights: it serves as nobody. One connection carries one
request: its head is read, bounded and checked; MARK is put in, by which the front door knows that it has a function
before it; then bytes are only passed on, at most so many at once in each direction. A sandbox has so many connections
at once and so many a second; who wants more waits. What all requests under way hold in the web server's memory is
bounded as well: one that goes over is cut off.
"""

MARK = "X-Hearth-Forwarded"
