"""Where a message ends: `take` says how many of these bytes still belong to its body. The bytes themselves pass by."""

import re
from typing import Protocol

MAX_LINE = 1024
MAX_TRAILERS = 16 * 1024
SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?\r\n")
TRAILER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\x00-\x08\x0a-\x1f\x7f]*\r\n")


class BadBody(Exception):
    """The chunks are none."""


class Body(Protocol):
    done: bool

    def take(self, data: bytes | bytearray) -> int: ...


class Sized:
    __slots__ = ("_left", "done")

    def __init__(self, length: int) -> None:
        self._left = length
        self.done = not length

    def take(self, data: bytes | bytearray) -> int:
        taken = min(self._left, len(data))
        self._left -= taken
        self.done = not self._left
        return taken


class UntilTheEnd:
    """Of the connection."""

    __slots__ = ("done",)

    def __init__(self) -> None:
        self.done = False

    def take(self, data: bytes | bytearray) -> int:
        return len(data)


class Chunked:
    __slots__ = ("_left", "_line", "_state", "_trailers", "done")

    def __init__(self) -> None:
        self._left = 0  # bytes of the chunk
        self._line = b""  # the beginning of one
        self._state = "size"
        self._trailers = 0
        self.done = False

    def take(self, data: bytes | bytearray) -> int:
        """Raises BadBody."""
        at = 0
        while at < len(data) and not self.done:
            if self._left:
                taken = min(self._left, len(data) - at)
                self._left -= taken
                at += taken
                continue
            end = data.find(b"\n", at, at + MAX_LINE)
            piece = data[at : end + 1 if end >= 0 else at + MAX_LINE]
            self._line += piece
            at += len(piece)
            if end >= 0:
                line, self._line = self._line, b""
                self._read(line)
            if len(self._line) > MAX_LINE:
                raise BadBody
        return at

    def _read(self, line: bytes) -> None:
        if self._state == "size":
            found = SIZE.fullmatch(line)
            if found is None:
                raise BadBody
            self._left = int(found[1], 16)
            self._state = "after" if self._left else "trailers"
        elif self._state == "after":
            if line != b"\r\n":
                raise BadBody
            self._state = "size"
        elif line == b"\r\n":
            self.done = True
        else:
            self._trailers += len(line)
            if self._trailers > MAX_TRAILERS or not TRAILER.fullmatch(line):
                raise BadBody


def framed(length: int | None) -> Body:
    """`length` is None for chunks."""
    return Chunked() if length is None else Sized(length)
