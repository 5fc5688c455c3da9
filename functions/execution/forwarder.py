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

import argparse
import contextlib
import json
import logging
import os
import re
import resource
import select
import socket
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from functions.execution.loop import Loop
from functions.execution.sandbox import syscalls as sc

MARK = "X-Hearth-Forwarded"
MAX_HEAD = 32_768
CHUNK = 65_536
PER_SANDBOX = 16  # connections at once
PER_SECOND = 100.0  # new ones of a sandbox; as many may come at once after a pause
# Bytes of requests that are not answered yet: of a sandbox, which may upload the largest package, and of all.
SENT_BY_SANDBOX, SENT_BY_ALL = 80 << 20, 320 << 20
HEAD_SECONDS = 20.0
QUIET_SECONDS = 960.0  # longer than the longest invocation
SWEEP_SECONDS = 5.0
REQUEST_LINE = re.compile(rb"[A-Z]{1,16} [!-~]+ HTTP/1\.[01]")
HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[^\0\r\n]*")
# What is about the connection itself. "Connection: close" goes instead: no second request can follow unseen.
DROPPED = frozenset(
    (b"connection", b"keep-alive", b"proxy-connection", b"upgrade", b"http2-settings", MARK.lower().encode())
)
END = b"\r\n\r\n"
BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
NOBODY = 65_534
logger = logging.getLogger(__name__)


def marked(head: bytes) -> bytes | None:
    """The head (without its empty line) as it goes on, or None for one that is not plain HTTP/1."""
    request, *lines = head.split(b"\r\n")
    if not REQUEST_LINE.fullmatch(request):
        return None
    kept = [request]
    for line in lines:
        found = HEADER.fullmatch(line)
        if found is None:
            return None
        if found[1].lower() not in DROPPED:
            kept.append(line)
    kept += [b"Connection: close", MARK.encode() + b": 1"]
    return b"\r\n".join(kept) + END


class Way:
    """One direction of a connection: from a socket to a buffer to a socket."""

    __slots__ = ("data", "ended")

    def __init__(self) -> None:
        self.data = bytearray()
        self.ended = False  # nothing more will come


class Connection:
    """One request of a sandbox and its answer."""

    def __init__(self, door: "Door", client: socket.socket) -> None:
        self.door = door
        self.loop = door.forwarder.loop
        self.client = client
        self.upstream: socket.socket | None = None
        self.up, self.down = Way(), Way()
        self.sent = 0  # bytes from the sandbox
        self.began = self.heard = time.monotonic()
        self.has_answer = False
        client.setblocking(False)
        self.loop.watch(client.fileno(), self._client_ready)

    def close(self) -> None:
        if self not in self.door.connections:
            return
        self.door.connections.discard(self)
        self.door.sent -= self.sent
        for end in (self.client, self.upstream):
            if end is not None:
                self.loop.forget(end.fileno())
                end.close()
        self.door.forwarder.freed(self.sent)

    def is_stale(self, now: float) -> bool:
        return now - self.heard > QUIET_SECONDS or (self.upstream is None and now - self.began > HEAD_SECONDS)

    def _client_ready(self, events: int) -> None:
        if events & select.EPOLLOUT:
            self._write(self.client, self.down)
        if events & ~select.EPOLLOUT and not self._read(self.client, self.up):
            self.close()  # whoever asked does not wait for the answer
            return
        if self.door.sent > SENT_BY_SANDBOX:
            self.close()
        elif self.door.forwarder.sent > SENT_BY_ALL:
            self.door.forwarder.cut_off()
        if self not in self.door.connections:
            return
        if self.upstream is None and not self.down.ended:
            self._begin()
        self._go_on()

    def _upstream_ready(self, events: int) -> None:
        assert self.upstream is not None
        if events & select.EPOLLOUT:
            self._write(self.upstream, self.up)
        if events & ~select.EPOLLOUT and not self._read(self.upstream, self.down):
            self._upstream_ended()
        self._go_on()

    def _begin(self) -> None:
        """Once the head is complete: connect."""
        end = self.up.data.find(END)
        if end < 0:
            if len(self.up.data) > MAX_HEAD:
                self._refuse(BAD_REQUEST)
            return
        head = marked(bytes(self.up.data[:end]))
        if head is None:
            self._refuse(BAD_REQUEST)
            return
        self.up.data[: end + len(END)] = head
        upstream = socket.socket(self.door.forwarder.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.upstream = upstream
        with contextlib.suppress(BlockingIOError):
            try:
                upstream.connect(self.door.forwarder.address)
            except BlockingIOError:
                raise
            except OSError:
                upstream.close()
                self.upstream = None
                self._refuse(UNAVAILABLE)
                return
        self.loop.watch(upstream.fileno(), self._upstream_ready, select.EPOLLIN | select.EPOLLOUT)

    def _refuse(self, answer: bytes) -> None:
        self.up.data.clear()
        self.up.ended = self.down.ended = True
        self.down.data += answer

    def _upstream_ended(self) -> None:
        assert self.upstream is not None
        self.loop.forget(self.upstream.fileno())
        self.up.data.clear()
        self.up.ended = self.down.ended = True
        if not self.has_answer:
            self.down.data += UNAVAILABLE

    def _go_on(self) -> None:
        """Wait for what can go on now; end when all is said."""
        if self not in self.door.connections:
            return
        if self.down.ended and not self.down.data:
            self.close()
            return
        self._wait(self.client, self.up, self.down)
        if self.upstream is not None and not self.down.ended:
            self._wait(self.upstream, self.down, self.up)

    def _wait(self, end: socket.socket, comes: Way, goes: Way) -> None:
        reading = select.EPOLLIN if len(comes.data) < CHUNK and not comes.ended else 0
        self.loop.change(end.fileno(), reading | (select.EPOLLOUT if goes.data else 0))

    def _read(self, end: socket.socket, way: Way) -> bool:
        """False at the end of what comes."""
        try:
            data = end.recv(CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if way is self.up:
            self.sent += len(data)
            self.door.sent += len(data)
            self.door.forwarder.sent += len(data)
        elif data:
            self.heard, self.has_answer = time.monotonic(), True
        way.data += data
        return bool(data)

    def _write(self, end: socket.socket, way: Way) -> None:
        try:
            sent = end.send(way.data, socket.MSG_NOSIGNAL)
        except BlockingIOError:
            return
        except OSError:
            way.data.clear()  # reading from it will tell
            return
        del way.data[:sent]


class Door:
    """What listens in one sandbox."""

    def __init__(self, forwarder: "Forwarder", listening: socket.socket) -> None:
        self.forwarder = forwarder
        self.listening = listening
        self.connections: set[Connection] = set()
        self.sent = 0  # bytes of these
        self._allowance = PER_SECOND
        self._counted = time.monotonic()
        listening.setblocking(False)
        forwarder.loop.watch(listening.fileno(), self._knocked)

    def close(self) -> None:
        self.forwarder.waiting.discard(self)
        self.forwarder.loop.forget(self.listening.fileno())
        self.listening.close()
        for connection in list(self.connections):
            connection.close()

    def open_again(self) -> None:
        if self.listening.fileno() >= 0:
            self.forwarder.loop.change(self.listening.fileno(), select.EPOLLIN)

    def _knocked(self, _events: int) -> None:
        now = time.monotonic()
        self._allowance = min(PER_SECOND, self._allowance + (now - self._counted) * PER_SECOND)
        self._counted = now
        if self._allowance < 1.0:
            self.forwarder.loop.change(self.listening.fileno(), 0)
            self.forwarder.loop.later((1.0 - self._allowance) / PER_SECOND, self.open_again)
        elif len(self.connections) >= PER_SANDBOX or not self.forwarder.has_room(self):
            self.forwarder.loop.change(self.listening.fileno(), 0)
            self.forwarder.waiting.add(self)
        else:
            try:
                client, _ = self.listening.accept()
            except OSError:
                return
            self._allowance -= 1.0
            self.forwarder.busy += 1
            self.connections.add(Connection(self, client))


class Forwarder:
    """`upstream`: URL of the front door. `connections`: most at once for all sandboxes of the node."""

    def __init__(self, path: Path, upstream: str, connections: int) -> None:
        self.loop = Loop()
        self.doors: set[Door] = set()
        self.waiting: set[Door] = set()  # for a connection to end
        self.busy = 0  # connections
        self.sent = 0  # bytes of these
        self.connections = connections
        where = urlsplit(upstream)
        found = socket.getaddrinfo(where.hostname, where.port or 80, type=socket.SOCK_STREAM)[0]
        self.family, self.address = found[0], found[4]
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        mask = os.umask(0o177)
        try:
            self._socket.bind(str(path))
        finally:
            os.umask(mask)
        self._socket.listen(16)
        self.loop.watch(self._socket.fileno(), self._executor_came)
        self.loop.later(SWEEP_SECONDS, self._sweep)

    def has_room(self, door: Door) -> bool:
        """Room for one connection more. A sandbox that has few gets it at the cost of the one that has most."""
        if self.busy < self.connections:
            return True
        greedy = max(self.doors, key=lambda each: len(each.connections))
        if len(greedy.connections) <= len(door.connections) + 1:
            return False
        min(greedy.connections, key=lambda each: each.heard).close()
        return True

    def cut_off(self) -> None:
        """End the request that holds most, of the sandbox that holds most."""
        greedy = max(self.doors, key=lambda each: each.sent)
        max(greedy.connections, key=lambda each: each.sent).close()

    def freed(self, sent: int) -> None:
        """A connection has ended, which had sent so much."""
        self.busy -= 1
        self.sent -= sent
        waiting, self.waiting = self.waiting, set()
        for door in waiting:
            door.open_again()

    def _executor_came(self, _events: int) -> None:
        try:
            channel, _ = self._socket.accept()
        except OSError:
            return
        doors: dict[int, Door] = {}
        self.loop.watch(channel.fileno(), lambda _events: self._told(channel, doors))

    def _told(self, channel: socket.socket, doors: dict[int, Door]) -> None:
        try:
            data, fds, _, _ = socket.recv_fds(channel, 4096, 1, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            data, fds = b"", []
        if not data:
            self.loop.forget(channel.fileno())
            channel.close()
            for door in doors.values():
                self._shut(door)
            return
        message = json.loads(data)
        old = doors.pop(message.get("open", message.get("close")), None)
        if old is not None:
            self._shut(old)
        if fds:
            door = doors[message["open"]] = Door(self, socket.socket(fileno=fds[0]))
            self.doors.add(door)

    def _shut(self, door: Door) -> None:
        self.doors.discard(door)
        door.close()

    def _sweep(self) -> None:
        self.loop.later(SWEEP_SECONDS, self._sweep)
        now = time.monotonic()
        for door in list(self.doors):
            for connection in [each for each in door.connections if each.is_stale(now)]:
                connection.close()


def become_nobody() -> None:
    """Keep what is open and nothing else. As an ordinary user: no new rights."""
    parent = os.getppid()
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        sc.prctl(sc.PR_SET_PDEATHSIG, sc.SIGKILL)  # a change of the user id clears it
        if os.getppid() != parent:
            sys.exit(1)
    sc.prctl(sc.PR_SET_NO_NEW_PRIVS, 1)
    os.chdir("/")


def main() -> None:
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s", level="INFO")
    parser = argparse.ArgumentParser(prog="forwarder")
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--connections", type=int, default=128)
    options = parser.parse_args()
    forwarder = Forwarder(options.socket, options.upstream, options.connections)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    become_nobody()
    os.nice(5)  # a flood takes processor time from nobody else
    print(json.dumps({"ready": True}), flush=True)  # noqa: T201
    forwarder.loop.run()


if __name__ == "__main__":
    main()
