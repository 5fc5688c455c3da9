"""What the web server answers, passed on byte by byte."""

import resource
import socket
import threading
import time

import pytest

from console.edge import connection as edge_connection
from console.edge import exchange
from tests.edge.conftest import Edge, answers, read, read_all
from tests.family import wait_for

GET = b"GET /page HTTP/1.1\r\nHost: here\r\n\r\n"
MUCH = 64 << 20


def body_of(connection: socket.socket, length: int) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += read(connection, 1)
    return read(connection, length)


def test_requests_on_one_connection_are_answered_in_order(edge: Edge) -> None:
    def echo(upstream: socket.socket, head: bytes) -> None:
        path = head.split()[1]
        upstream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(path), path))

    edge.upstream.script = echo
    with edge.connect() as client:
        client.sendall(b"".join(b"GET /%d HTTP/1.1\r\nHost: here\r\n\r\n" % number for number in range(20)))
        assert [body_of(client, len(f"/{number}")) for number in range(20)] == [b"/%d" % n for n in range(20)]
        client.sendall(b"\r\nGET /last HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert read_all(client).endswith(b"/last")
    assert edge.upstream.heads[0] == b"GET /0 HTTP/1.1\r\nHost: here\r\nX-Hearth-Client: 127.0.0.1\r\n\r\n"


@pytest.mark.parametrize(
    "request_head",
    [
        b"POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\n\n",
        b"GET / HTTP/1.1\r\nA: b\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_is_not_http_never_reaches_the_web_server(edge: Edge, request_head: bytes) -> None:
    with edge.connect() as client:
        client.sendall(request_head + GET)
        assert read_all(client).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert edge.upstream.heads == []


def test_a_head_has_an_end(edge: Edge) -> None:
    with edge.connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000)
        assert read_all(client).startswith(b"HTTP/1.1 431 ")


def test_bad_chunks_end_the_connection(edge: Edge) -> None:
    edge.upstream.script = lambda upstream, _head: read_all(upstream)
    with edge.connect() as client:
        client.sendall(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
        assert read_all(client).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        (b"GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        (b"GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
        (b"GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
        (b"GET", b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ],
)
def test_where_an_answer_ends(edge: Edge, method: bytes, answer: bytes) -> None:
    def once(upstream: socket.socket, _head: bytes) -> None:
        upstream.sendall(answer)
        upstream.recv(1)

    edge.upstream.script = once
    with edge.connect() as client:
        for _ in range(2):
            client.sendall(method + b" / HTTP/1.1\r\n\r\n")
            assert read(client, len(answer)) == answer


def test_an_answer_without_a_length_ends_with_the_connection(edge: Edge) -> None:
    edge.upstream.script = lambda upstream, _head: upstream.sendall(b"HTTP/1.1 200 OK\r\n\r\nall of it")
    with edge.connect() as client:
        client.sendall(GET)
        assert read_all(client).endswith(b"\r\n\r\nall of it")


def test_half_an_answer_is_no_whole_one(edge: Edge) -> None:
    edge.upstream.script = lambda upstream, _head: upstream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
    with edge.connect() as client:
        client.sendall(GET)
        assert read_all(client).endswith(b"half")


def test_a_body_goes_on_only_when_it_is_wanted(edge: Edge) -> None:
    def expects(upstream: socket.socket, _head: bytes) -> None:
        upstream.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        answers(read(upstream, 5))(upstream, b"")

    edge.upstream.script = expects
    with edge.connect() as client:
        client.sendall(b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        assert read(client, 25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"hello")
        assert body_of(client, 5) == b"hello"


def test_an_answer_that_comes_before_the_end_of_the_request_is_read(edge: Edge) -> None:
    refusal = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    edge.upstream.script = lambda upstream, _head: upstream.sendall(refusal)
    with edge.connect() as client:
        client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 1000000000000000\r\n\r\n" + b"x" * 300_000)
        assert read(client, len(refusal)) == refusal
        assert client.recv(1) == b""


def test_much_passes_in_little_memory(edge: Edge) -> None:
    """Up and down at once through an edge that holds next to nothing, whoever is slow."""
    piece = b"x" * (1 << 20)

    def exchange_all(upstream: socket.socket, _head: bytes) -> None:
        read_bytes(upstream, MUCH)
        upstream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % MUCH)
        for _ in range(MUCH // len(piece)):
            upstream.sendall(piece)
        upstream.recv(1)

    edge.upstream.script = exchange_all
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with edge.connect() as client:
        client.sendall(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % MUCH)
        for _ in range(MUCH // len(piece)):
            client.sendall(piece)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += read(client, 1)
        read_bytes(client, MUCH)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MUCH // 2048  # KiB: half of it


def read_bytes(connection: socket.socket, length: int) -> None:
    while length:
        piece = connection.recv(min(length, 65_536))
        assert piece
        length -= len(piece)


def test_who_does_not_read_makes_the_web_server_wait(edge: Edge) -> None:
    sent, stopped = [0], threading.Event()

    def floods(upstream: socket.socket, _head: bytes) -> None:
        upstream.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        upstream.settimeout(1)
        try:
            while sent[0] < MUCH:
                sent[0] += upstream.send(b"x" * 65_536)
        except OSError:
            stopped.set()

    edge.upstream.script = floods
    with edge.connect() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        client.sendall(GET)
        assert stopped.wait(20)
        assert sent[0] < MUCH


def test_who_asks_and_does_not_read_is_not_asked_for(edge: Edge) -> None:
    edge.upstream.script = answers(b"x" * (1 << 20))
    with edge.connect() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        client.sendall(GET * 100)
        wait_for("the first answers", lambda: len(edge.upstream.heads) > 1)
        time.sleep(0.3)
        assert len(edge.upstream.heads) < 50
        for _ in range(100):
            body_of(client, 1 << 20)
    assert len(edge.upstream.heads) == 100


def test_each_event_passes_at_once_and_a_client_that_leaves_is_missed(edge: Edge) -> None:
    heard, gone = threading.Event(), threading.Event()

    def events(upstream: socket.socket, _head: bytes) -> None:
        upstream.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        upstream.sendall(b"6\r\nfirst\n\r\n")
        assert heard.wait(20)  # before there is a second one
        upstream.sendall(b"7\r\nsecond\n\r\n")
        assert upstream.recv(1) == b""
        gone.set()

    edge.upstream.script = events
    with edge.connect() as client:
        client.sendall(GET)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += read(client, 1)
        assert read(client, 11) == b"6\r\nfirst\n\r\n"
        heard.set()
        assert read(client, 12) == b"7\r\nsecond\n\r\n"
    assert gone.wait(20)


def test_a_web_server_that_is_being_started_is_waited_for(edge: Edge) -> None:
    edge.upstream.close()
    edge.upstream.script = answers(b"back")
    with edge.connect() as client:
        client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi")
        edge.upstream.open()
        assert body_of(client, 4) == b"back"


def test_one_that_does_not_come_is_told_of(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "PATIENCE_SECONDS", 0.1)
    edge.upstream.close()
    with edge.connect() as client:
        client.sendall(GET)
        assert read_all(client).startswith(b"HTTP/1.1 503 ")


def test_a_page_is_asked_for_again_once_a_change_is_not(edge: Edge) -> None:
    def dies_first(upstream: socket.socket, head: bytes) -> None:
        if edge.upstream.heads.count(head) == 2:
            answers(b"page")(upstream, head)

    edge.upstream.script = dies_first
    with edge.connect() as client:
        client.sendall(GET)
        assert body_of(client, 4) == b"page"
    with edge.connect() as client:
        client.sendall(b"POST /change HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
        assert read_all(client).startswith(b"HTTP/1.1 502 ")


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HEAD_SECONDS", "IDLE_SECONDS", "QUIET_SECONDS"):
        monkeypatch.setattr(edge_connection, name, 0.1)


@pytest.mark.parametrize("said", [b"GET / HT", b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhel", b""])
def test_who_says_nothing_more_is_hung_up_on(edge: Edge, monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    edge.upstream.script = lambda upstream, _head: read_all(upstream)
    with edge.connect() as client:
        client.sendall(said)
        hurry(monkeypatch)
        assert client.recv(1) == b""


def test_who_waits_for_an_answer_is_not(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()

    def slow(upstream: socket.socket, head: bytes) -> None:
        asked.wait(20)
        answers(b"late")(upstream, head)

    edge.upstream.script = slow
    with edge.connect() as client:
        client.sendall(GET)
        wait_for("the request", lambda: edge.upstream.heads)
        hurry(monkeypatch)
        with edge.connect() as idle:  # both are looked at by one sweep
            assert idle.recv(1) == b""
        asked.set()
        assert body_of(client, 4) == b"late"
