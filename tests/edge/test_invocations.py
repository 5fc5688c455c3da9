"""Invoke through the door of a whole family: raw bytes in, raw bytes out."""

import json
import select
import socket
from collections.abc import Iterator

import pytest

from tests.bench.measure import signed_headers
from tests.edge.conftest import read
from tests.family import RunningHearth

pytestmark = [pytest.mark.server, pytest.mark.sandbox]
ECHO = "import time\ndef handler(event, context):\n    time.sleep(event.get('sleep', 0))\n    return event\n"
FIRST_CALLS = 200


@pytest.fixture(scope="module")
def name(hearth: RunningHearth) -> str:
    hearth.deploy("edge-echo", ECHO, Timeout=30)
    return "edge-echo"


def request(hearth: RunningHearth, name: str, event: object, *more: str) -> bytes:
    path, body = f"/2015-03-31/functions/{name}/invocations", json.dumps(event).encode()
    lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{hearth.port}", f"Content-Length: {len(body)}", *more]
    lines += [f"{name}: {value}" for name, value in signed_headers(hearth, path, body).items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def connect(hearth: RunningHearth) -> socket.socket:
    return socket.create_connection(("127.0.0.1", hearth.port), timeout=60)


def responses(connection: socket.socket) -> Iterator[tuple[int, dict[str, str], bytes]]:
    while True:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += read(connection, 1)
        first, *lines = head.decode().strip().split("\r\n")
        headers = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in lines}
        yield int(first.split()[1]), headers, read(connection, int(headers["content-length"]))


def test_pipelined_calls_are_answered_in_order(hearth: RunningHearth, name: str) -> None:
    with connect(hearth) as client:
        client.sendall(b"".join(request(hearth, name, {"n": n, "sleep": 0.1 * (n == 0)}) for n in range(5)))
        answers = responses(client)
        for n in range(5):
            status, headers, body = next(answers)
            assert (status, json.loads(body)["n"]) == (200, n)
            assert headers["x-amz-executed-version"] == "$LATEST"
            assert headers["x-amzn-requestid"]
            assert headers["date"]


def test_operations_of_all_kinds_share_a_connection(hearth: RunningHearth, name: str) -> None:
    call = request(hearth, name, {"n": 1})
    forged = call.replace(b"Signature=", b"Signature=0")
    head = f"Host: 127.0.0.1:{hearth.port}\r\n\r\n"
    large = {"n": 2, "text": "x" * 100_000}
    with connect(hearth) as client:
        client.sendall(call + f"GET /healthz HTTP/1.1\r\n{head}".encode() + call + forged)
        client.sendall(request(hearth, "edge-none", {}) + request(hearth, name, large) + call)
        answers = responses(client)
        assert [next(answers)[0] for _ in range(4)] == [200, 200, 200, 403]
        status, headers, _ = next(answers)
        assert (status, headers["x-amzn-errortype"]) == (404, "ResourceNotFoundException")
        assert json.loads(next(answers)[2]) == large
        assert json.loads(next(answers)[2]) == {"n": 1}


def test_what_came_in_pieces_and_what_leaves(hearth: RunningHearth, name: str) -> None:
    call = request(hearth, name, {"n": 1}, "Connection: close")
    with connect(hearth) as client:
        for at in range(0, len(call), 200):
            client.sendall(call[at : at + 200])
        status, headers, _ = next(responses(client))
        assert (status, headers["connection"]) == (200, "close")
        assert client.recv(1) == b""
    with connect(hearth) as client:
        client.sendall(request(hearth, name, {"sleep": 0.2}))
    assert hearth.client("lambda").invoke(FunctionName=name, Payload=b"{}")["StatusCode"] == 200


def test_a_burst_of_first_calls(hearth: RunningHearth) -> None:
    hearth.deploy("edge-burst", ECHO + "# another", Timeout=60, MemorySize=128)
    call = request(hearth, "edge-burst", {"sleep": 0.5})
    poll, waiting = select.epoll(), {}
    for _ in range(FIRST_CALLS):
        connection = connect(hearth)
        waiting[connection.fileno()] = connection
        poll.register(connection, select.EPOLLIN)
        connection.sendall(call)
    while waiting:
        ready = poll.poll(60)
        assert ready, f"{len(waiting)} were not answered"
        for fd, _ in ready:
            with waiting.pop(fd) as connection:
                poll.unregister(fd)
                status, _, body = next(responses(connection))
                assert (status, json.loads(body)) == (200, {"sleep": 0.5}), body
