"""Requests in whatever pieces they come, and what is no request."""

import pytest

from functions.execution.runtime_api.parser import MAX_HEAD, MAX_LINE, BadRequest, Data, End, Head, Parser

Event = Head | Data | End


def events(*pieces: bytes) -> list[Event]:
    parser, found = Parser(), []
    for piece in pieces:
        parser.feed(piece)
        while (event := parser.next()) is not None:
            found.append(event)
    return found


def body(found: list[Event]) -> bytes:
    return b"".join(event.content for event in found if isinstance(event, Data))


CHUNKED = (
    b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type:  text/plain \r\n\r\n"
    b"3\r\nabc\r\n0A ; extension=1\r\n0123456789\r\n0\r\nLambda-Runtime-Function-Error-Type: Runtime.X\r\n\r\n"
)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_chunked_request_in_pieces(size: int) -> None:
    found = events(*(CHUNKED[at : at + size] for at in range(0, len(CHUNKED), size)))
    head, end = found[0], found[-1]
    assert isinstance(head, Head)
    assert (head.method, head.path, head.headers["content-type"], head.length) == ("POST", "/a", "text/plain", None)
    assert body(found) == b"abc0123456789"
    assert end == End({"lambda-runtime-function-error-type": "Runtime.X"})


def test_one_request_after_another() -> None:
    request = b"\r\nGET http://127.0.0.1:9001/next HTTP/1.1\nHost: x\n\n"
    with_body = b"POST /r HTTP/1.0\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nhi"
    found = events(request + with_body + request)
    heads = [event for event in found if isinstance(event, Head)]
    assert [(head.method, head.path, head.length, head.keep_alive) for head in heads] == [
        ("GET", "/next", 0, True),
        ("POST", "/r", 2, True),
        ("GET", "/next", 0, True),
    ]
    assert body(found) == b"hi"


@pytest.mark.parametrize(("version", "option", "stays"), [
    ("1.1", "", True), ("1.1", "close", False), ("1.1", "x, Close", False), ("1.0", "", False),
])  # fmt: skip
def test_whether_the_connection_stays(version: str, option: str, stays: bool) -> None:
    (head, _) = events(f"GET / HTTP/{version}\r\nConnection: {option}\r\n\r\n".encode())
    assert isinstance(head, Head)
    assert head.keep_alive is stays


def test_a_header_longer_than_a_line_is_skipped() -> None:
    cause = b"Lambda-Runtime-Function-XRay-Error-Cause: " + b"x" * (900 * 1024)
    pieces = (cause[at : at + 9999] for at in range(0, len(cause), 9999))
    found = events(b"POST / HTTP/1.1\r\nA: 1\r\n", *pieces, b"\r\nB: 2\r\n\r\n")
    assert isinstance(found[0], Head)
    assert found[0].headers == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n folded: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 9999999999999999\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * (MAX_LINE + 1), 400),
        (b"G" * (MAX_LINE + 1), 400),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * (MAX_HEAD // 6 + 1), 431),
        (b"GET / HTTP/1.1\r\nA: " + b"b" * MAX_HEAD, 431),
        (b"GET / HTTP/1.1\r\n" + b"".join(b"A%d: b\r\n" % n for n in range(9000)) + b"Content-Length: 1\r\n\r\n", 431),
    ],
)  # fmt: skip
def test_what_is_refused(request_: bytes, status: int) -> None:
    with pytest.raises(BadRequest) as refusal:
        events(*(request_[at : at + 60_000] for at in range(0, len(request_), 60_000)))
    assert refusal.value.status == status


def test_what_a_parser_holds_is_bounded() -> None:
    parser = Parser()
    for piece in (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFF\r\n", *[b"x" * 65_536] * 100):
        parser.feed(piece)
        while parser.next() is not None:
            pass
        assert len(parser._buffer) <= MAX_LINE
