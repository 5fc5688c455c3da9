"""A custom runtime that does not keep to the Lambda Runtime API. An event is `[attack, arguments...]`.

Run as a program: `bootstrap` of its package starts it. Each attack gets the id of its invocation; what it returns is
the response, should it still be allowed to give one.
"""

import contextlib
import http.client
import json
import os
import socket
import sys
import time

ADDRESS = ("127.0.0.1", 9001)
ROOT = "/2018-06-01/runtime/"


def connect():
    return socket.create_connection(ADDRESS, 5)


def ask(method, path, body=None, headers=None, api=None):
    """Status and body."""
    connection = api or http.client.HTTPConnection(*ADDRESS, timeout=5)
    connection.request(method, ROOT + path, body, headers or {})
    answer = connection.getresponse()
    return [answer.status, answer.read().decode()]


def status_of(data, linger=0.0):
    """Status line of the answer to raw bytes; "" when the connection was just closed."""
    with connect() as client:
        with contextlib.suppress(OSError):
            client.sendall(data)
            time.sleep(linger)
            client.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            return client.recv(65_536).split(b"\r\n")[0].decode()
        return ""


def response_head(request, *headers):
    lines = [f"POST {ROOT}invocation/{request}/response HTTP/1.1", "Host: x", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


# --- answers ---


def answer_twice(request):
    first = ask("POST", f"invocation/{request}/response", '"first"')
    second = ask("POST", f"invocation/{request}/response", '"second"')
    with_error = ask("POST", f"invocation/{request}/error", "{}")
    print(json.dumps([each[0] for each in (first, second, with_error)]), flush=True)


def answer_for_another(request, coming):
    """An answer, and an error, for an invocation that is not ours."""
    return [ask("POST", f"invocation/{coming}/{kind}", '"forged"')[0] for kind in ("response", "error")]


def fail_init(request):
    return ask("POST", "init/error", "{}")[0]


def promise_more(request):
    """Content-Length says more than ever comes."""
    client = connect()
    client.sendall(response_head(request, "Content-Length: 5000000") + b'"beginning')
    time.sleep(60)


def promise_too_much(request):
    client = connect()
    client.sendall(response_head(request, "Content-Length: 999999999999999") + b'"beginning')
    time.sleep(60)


def send_more_than_promised(request):
    """What follows the body is a request of its own, and no good one."""
    client = connect()
    client.sendall(response_head(request, "Content-Length: 2") + b'"a"and more of it')
    client.recv(65_536)


def endless_response(request):
    with contextlib.suppress(OSError):
        client = connect()
        client.sendall(response_head(request, "Transfer-Encoding: chunked"))
        while True:
            client.sendall(b"100000\r\n" + b"x" * (1 << 20) + b"\r\n")
    time.sleep(60)


def endless_stream(request):
    client = connect()
    mode = "Lambda-Runtime-Function-Response-Mode: streaming"
    client.sendall(response_head(request, "Transfer-Encoding: chunked", mode))
    with contextlib.suppress(OSError):
        while True:
            client.sendall(b"1\r\nx\r\n" * 10_000)
    time.sleep(60)


def endless_trailers(request):
    client = connect()
    client.sendall(response_head(request, "Transfer-Encoding: chunked") + b"2\r\n[]\r\n0\r\n")
    with contextlib.suppress(OSError):
        while True:
            client.sendall(b"X-Trailer: " + b"x" * 60_000 + b"\r\n")
    time.sleep(60)


def forge_error_type(request):
    head = {"Lambda-Runtime-Function-Error-Type": "Runtime." + "X" * 60_000}
    ask("POST", f"invocation/{request}/error", "[" * 100_000, head)


# --- requests ---


def malformed(request):
    """Requests that are none, for an invocation that is none: what each is answered."""
    head = f"POST {ROOT}invocation/another/response HTTP/1.1\r\nHost: x\r\n".encode()
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n"
    return {
        name: status_of(data)
        for name, data in {
            "no http": b"\x16\x03\x01\x02\x00" * 100,
            "no target": b"GET\r\n\r\n",
            "another version": b"GET / HTTP/3.0\r\n\r\n",
            "bad header": head + b"no colon\r\n\r\n",
            "space before colon": head + b"Content-Length : 2\r\n\r\n[]",
            "two lengths": head + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n[]",
            "negative length": head + b"Content-Length: -2\r\n\r\n[]",
            "length in words": head + b"Content-Length: two\r\n\r\n[]",
            "huge length": head + b"Content-Length: 99999999999999999999999\r\n\r\n[]",
            "length and chunks": head + b"Content-Length: 2\r\nTransfer-Encoding: identity, chunked\r\n\r\n[]",
            "unknown encoding": head + b"Transfer-Encoding: gzip\r\n\r\n[]",
            "chunk without size": chunked + b"\r\n[]\r\n0\r\n\r\n",
            "chunk of negative size": chunked + b"-2\r\n[]\r\n0\r\n\r\n",
            "chunk of huge size": chunked + b"FFFFFFFFFFFFFFFFFF\r\n[]",
            "chunk without end": chunked + b"2\r\n[]]]]]\r\n0\r\n\r\n",
        }.items()
    }


def giant_header(request):
    with connect() as client, contextlib.suppress(OSError):
        client.sendall(b"GET / HTTP/1.1\r\nX: ")
        for _ in range(300):
            client.sendall(b"x" * 1_000_000)
        return "taken"
    return "refused"


def many_headers(request):
    with connect() as client, contextlib.suppress(OSError):
        client.sendall(b"GET / HTTP/1.1\r\n")
        for _ in range(3000):
            client.sendall(b"X: y\r\n" * 1000)
        return "taken"
    return "refused"


def pipeline(request):
    """Requests one after the other whose answers are never read."""
    client = connect()
    client.settimeout(0.5)
    sent = 0
    with contextlib.suppress(OSError):
        while sent < 200 << 20:
            sent += client.send(f"GET {ROOT}invocation/next HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 1000)
    return sent < 200 << 20


def leave_unread(request):
    """A large event, asked for again and again, and never read."""
    clients = []
    for _ in range(40):
        with contextlib.suppress(OSError):
            client = connect()
            client.sendall(f"GET {ROOT}invocation/next HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            clients.append(client)
    time.sleep(0.5)
    return len(clients)


def crawl(request):
    """Connections that send a byte now and then."""
    clients = []
    for _ in range(100):
        with contextlib.suppress(OSError):
            clients.append(connect())
    for byte in b"GET / HTTP/1.1\r\nX: ":
        for client in clients:
            with contextlib.suppress(OSError):
                client.send(bytes([byte]))
    return "crawled"


def connections(request, count):
    """As many connections as asked, in processes that hold as many as they may."""
    made = 0
    for _ in range(count // 1000):
        if os.fork() == 0:
            held = []
            with contextlib.suppress(OSError):
                for _ in range(1000):
                    client = socket.socket()
                    client.setblocking(False)
                    client.connect_ex(ADDRESS)
                    held.append(client)
            time.sleep(0.5)
            os._exit(0)
        made += 1000
    for _ in range(count // 1000):
        os.wait()
    return made


def flood(request, seconds):
    """Requests as fast as they go."""
    end, count = time.monotonic() + seconds, 0
    api = http.client.HTTPConnection(*ADDRESS, timeout=5)
    while time.monotonic() < end:
        with contextlib.suppress(OSError, http.client.HTTPException):
            ask("GET", "nothing/here", api=api)
            count += 1
    return "flooded"


def as_extension(request):
    """Register when it is too late, and speak as an extension that there is not."""
    answers = []
    for method, path, headers in (
        ("POST", "/2020-01-01/extension/register", {"Lambda-Extension-Name": "forged"}),
        ("GET", "/2020-01-01/extension/event/next", {"Lambda-Extension-Identifier": "0" * 36}),
        ("POST", "/2020-01-01/extension/exit/error", {"Lambda-Extension-Identifier": "forged"}),
        ("PUT", "/2022-07-01/telemetry", {"Lambda-Extension-Identifier": "forged"}),
    ):
        connection = http.client.HTTPConnection(*ADDRESS, timeout=5)
        connection.request(method, path, '{"events": ["INVOKE"]}', headers)
        answers.append(connection.getresponse().status)
    return answers


def main():
    api = http.client.HTTPConnection(*ADDRESS)
    while True:
        api.request("GET", ROOT + "invocation/next")
        answer = api.getresponse()
        request, event = answer.headers["Lambda-Runtime-Aws-Request-Id"], json.loads(answer.read())
        result = globals()[event[0]](request, *event[1:])
        with contextlib.suppress(OSError, http.client.HTTPException):
            ask("POST", f"invocation/{request}/response", json.dumps(result))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
