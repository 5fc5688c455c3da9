"""Where a body ends, however it comes in pieces."""

import pytest

from console.edge.framing import BadBody, Chunked, Sized

CHUNKS = b"5\r\nhello\r\n1;x=y\r\n!\r\n0A \r\n0123456789\r\n0\r\nTrailer: a\r\n\r\n"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_chunks_in_pieces(size: int) -> None:
    body, data, taken = Chunked(), CHUNKS + b"GET / HTTP/1.1\r\n", 0
    while not body.done:
        piece = data[taken : taken + size]
        count = body.take(piece)
        assert count == len(piece) or body.done
        taken += count
    assert taken == len(CHUNKS)
    assert body.take(b"more") == 0


@pytest.mark.parametrize(
    "data",
    [
        b"x\r\n",
        b"-1\r\n",
        b"0x5\r\nhello\r\n",
        b" 5\r\nhello\r\n",
        b"5\nhello\r\n",
        b"5\r\nhello0\r\n",
        b"5\r\nhello\n0\r\n",
        b"\r\n",
        b"5;a\x0bb\r\n",
        b"1" * 16 + b"\r\n",
        b"5;" + b"x" * 5000,
        b"0\r\n folded: a\r\n",
        b"0\r\nname\r\n",
        b"0\r\n" + b"Name: value\r\n" * 5000,
    ],
)
def test_chunks_that_are_none(data: bytes) -> None:
    with pytest.raises(BadBody):
        Chunked().take(data)


def test_a_length() -> None:
    body = Sized(5)
    assert (body.take(b"abc"), body.done) == (3, False)
    assert (body.take(b"abc"), body.done) == (2, True)
    assert Sized(0).done
