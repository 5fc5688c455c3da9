"""Heads that another server might read in another way are refused."""

import pytest

from console.edge.head import BadRequest, onward, parse

LINE = b"POST /path?a=b HTTP/1.1\r\n"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/2.0\r\n", 400),
        (b"GET / HTTP/1.1 \r\n", 400),
        (b"GET  / HTTP/1.1\r\n", 400),
        (b"GET /a b HTTP/1.1\r\n", 400),
        (b"GET /\x80 HTTP/1.1\r\n", 400),
        (b"G\xc3\xa9T / HTTP/1.1\r\n", 400),
        (b"CONNECT host:1 HTTP/1.1\r\n", 405),
        (LINE + b"Name : value\r\n", 400),
        (LINE + b" Name: value\r\n", 400),
        (LINE + b"Name: a\r\n folded\r\n", 400),
        (LINE + b"Name: a\r\n\tfolded\r\n", 400),
        (LINE + b"Name: a\nOther: b\r\n", 400),
        (LINE + b"Name: a\rOther: b\r\n", 400),
        (LINE + b"Name: a\0b\r\n", 400),
        (LINE + b": value\r\n", 400),
        (LINE + b"nothing\r\n", 400),
        (LINE + b"Host: a\r\nHost: b\r\n", 400),
        (LINE + b"Content-Length: 1\r\nContent-Length: 1\r\n", 400),
        (LINE + b"Content-Length: 1\r\ncontent-length: 2\r\n", 400),
        (LINE + b"Content-Length: +1\r\n", 400),
        (LINE + b"Content-Length: 1, 1\r\n", 400),
        (LINE + b"Content-Length: 0x1\r\n", 400),
        (LINE + b"Content-Length: \xb2\r\n", 400),
        (LINE + b"Content-Length:\r\n", 400),
        (LINE + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", 400),
        (LINE + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400),
        (LINE + b"Transfer-Encoding: identity\r\n", 501),
        (LINE + b"Transfer-Encoding: chunked, chunked\r\n", 501),
        (LINE + b"Transfer-Encoding: \x0bchunked\r\n", 400),
        (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n", 400),
    ],
)
def test_what_is_not_plain_is_refused(head: bytes, status: int) -> None:
    with pytest.raises(BadRequest) as refused:
        parse(head)
    assert refused.value.status == status


def test_headers_are_read_as_wsgi_names_them() -> None:
    head = parse(
        LINE
        + b"Host: h\r\nX-Two:a \r\nx-two:\tb\r\nCookie: c=1\r\nCookie: d=2\r\nContent-Length: 007\r\nX-Latin: \xe9\r\n"
    )
    assert head.environ == {
        "HTTP_HOST": "h",
        "HTTP_X_TWO": "a,b",
        "HTTP_COOKIE": "c=1; d=2",
        "CONTENT_LENGTH": "007",
        "HTTP_X_LATIN": "\xe9",
    }
    assert (head.method, head.target, head.length, head.keep_alive) == ("POST", "/path?a=b", 7, True)
    assert parse(LINE + b"Transfer-Encoding: Chunked\r\n").length is None
    assert parse(LINE).length == 0


@pytest.mark.parametrize("line", [b"Connection: close\r\n", b"Connection: x, Close\r\n"])
def test_a_client_may_want_to_leave(line: bytes) -> None:
    head = parse(LINE + line)
    assert not head.keep_alive
    assert onward(head, "::1") == LINE + b"Connection: close\r\nX-Hearth-Client: ::1\r\n\r\n"


def test_nobody_says_for_another_from_where_he_comes() -> None:
    forged = (
        b"X-Hearth-Client: 9.9.9.9\r\nx-hearth-CLIENT: 9.9.9.9\r\nX_Hearth_Client: 9.9.9.9\r\nX-Hearth_Client: 9\r\n"
    )
    hop = b"Connection: upgrade, x\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\nKeep-Alive: 5\r\nContent_Length: 5\r\n"
    head = parse(LINE + forged + hop + b"X: y\r\n")
    assert head.length == 0
    assert onward(head, "127.0.0.1") == LINE + b"X: y\r\nX-Hearth-Client: 127.0.0.1\r\n\r\n"
