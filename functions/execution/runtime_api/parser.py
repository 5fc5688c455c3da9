"""HTTP/1.1 requests out of bytes that come in any pieces, from a client that is not trusted.

The parser keeps one line and the headers of one request, never a body: what it holds is bounded whatever comes. It says
what came by events, in order: Head, Data (any number), End.
"""

import re
from dataclasses import dataclass, field

MAX_LINE = 64 * 1024  # a longer header is skipped: no client of AWS sends one that is read here
MAX_HEAD = 1024 * 1024 + 4096  # of all header lines, skipped ones too, as Go's server takes them
MAX_KEPT = 64 * 1024  # of the headers that are kept
MAX_DIGITS = 15  # of a length

TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
TARGET = re.compile(rb"[!-~\x80-\xff]+")
DIGITS = re.compile(rb"[0-9]{1,15}")
HEX = re.compile(rb"[0-9A-Fa-f]{1,15}")


class BadRequest(Exception):
    """What came is no HTTP, or more than may come. The connection is of no further use."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(slots=True)
class Head:
    """`path` is without the query. Header names are in lower case; of a name that came twice the last value counts."""

    method: str
    path: str
    headers: dict[str, str]
    keep_alive: bool
    has_body: bool
    length: int | None  # of the body in bytes; None when it comes in chunks


@dataclass(frozen=True, slots=True)
class Data:
    content: bytes


@dataclass(frozen=True, slots=True)
class End:
    trailers: dict[str, str] = field(default_factory=dict)


class Parser:
    """`feed` bytes, then take events with `next` until it has none."""

    __slots__ = (
        "_buffer",
        "_chunked",
        "_head",
        "_headers",
        "_kept",
        "_remaining",
        "_seen",
        "_skipping",
        "_start",
        "_state",
    )

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._reset()

    def _reset(self) -> None:
        self._state = "start"
        self._start: tuple[str, str, bool] = ("", "", True)
        self._headers: dict[str, str] = {}
        self._kept = 0
        self._seen = 0
        self._skipping = False
        self._chunked = False
        self._remaining = 0

    def feed(self, data: bytes) -> None:
        self._buffer += data

    @property
    def fresh(self) -> bool:
        """Whether nothing of a next request has come."""
        return self._state == "start" and not self._buffer

    def next(self) -> Head | Data | End | None:
        """The next event; None when more has to come first. Raises BadRequest."""
        while True:
            if self._state == "body":
                return self._body()
            if self._state == "end":
                trailers = self._headers
                self._reset()
                return End(trailers)
            line = self._line()
            if line is None:
                return None
            event = self._take(line)
            if event is not None:
                return event

    def _take(self, line: bytes) -> Head | None:
        """One line of anything but a body."""
        match self._state:
            case "start":
                if line:  # an empty one before a request is allowed
                    self._start = request_line(line)
                    self._state = "headers"
            case "headers":
                if line:
                    self._header(line)
                else:
                    return self._complete()
            case "size":
                size = line.partition(b";")[0].strip()
                if not HEX.fullmatch(size):
                    raise BadRequest(400, "bad chunk size")
                self._remaining = int(size, 16)
                self._state = "body" if self._remaining else "trailers"
            case "after":
                if line:
                    raise BadRequest(400, "bad end of a chunk")
                self._state = "size"
            case "trailers":
                if line:
                    self._header(line)
                else:
                    self._state = "end"
        return None

    def _line(self) -> bytes | None:
        """A whole line without its end. One that is too long is taken away as it comes and counts as not there."""
        while True:
            end = self._buffer.find(b"\n")
            length = len(self._buffer) if end < 0 else end + 1
            if self._state in ("headers", "trailers") and self._seen + length > MAX_HEAD:
                raise BadRequest(431, "too many header bytes")
            if end < 0:
                if length > MAX_LINE:
                    if self._state not in ("headers", "trailers"):
                        raise BadRequest(400, "a line is too long")
                    self._seen += length
                    self._skipping = True
                    self._buffer.clear()
                return None
            line = bytes(self._buffer[:end])
            del self._buffer[:length]
            self._seen += length
            if self._skipping:
                self._skipping = False
                continue
            return line[:-1] if line.endswith(b"\r") else line

    def _header(self, line: bytes) -> None:
        name, colon, value = line.partition(b":")
        if not colon or not TOKEN.fullmatch(name) or b"\0" in value or b"\r" in value:
            raise BadRequest(400, "bad header")
        key, text = name.decode().lower(), value.strip(b" \t").decode("utf-8", "surrogateescape")
        if key in ("content-length", "transfer-encoding") and self._headers.get(key, text) != text:
            raise BadRequest(400, f"two different headers {key}")
        self._kept += len(line)
        if self._kept <= MAX_KEPT:
            self._headers[key] = text
        elif key in ("content-length", "transfer-encoding", "connection"):
            raise BadRequest(431, "too many header bytes")

    def _complete(self) -> Head:
        method, path, is_1_1 = self._start
        headers, self._headers, self._kept, self._seen = self._headers, {}, 0, 0
        length: int | None = 0
        coding, given = headers.get("transfer-encoding"), headers.get("content-length")
        if coding is not None:
            if coding.lower() != "chunked" or given is not None:
                raise BadRequest(400 if given is not None else 501, "unsupported transfer encoding")
            length = None
            self._chunked = True
            self._state = "size"
        else:
            if given is not None and not DIGITS.fullmatch(given.encode("utf-8", "surrogateescape")):
                raise BadRequest(400, "bad Content-Length")
            self._remaining = length = int(given or 0)
            self._state = "body" if length else "end"
        options = [option.strip() for option in headers.get("connection", "").lower().split(",")]
        keep_alive = "close" not in options if is_1_1 else "keep-alive" in options
        return Head(method, path, headers, keep_alive, length != 0, length)

    def _body(self) -> Data | None:
        if not self._buffer:
            return None
        content = bytes(self._buffer[: self._remaining])
        del self._buffer[: len(content)]
        self._remaining -= len(content)
        if not self._remaining:
            self._state = "after" if self._chunked else "end"
        return Data(content)


def request_line(line: bytes) -> tuple[str, str, bool]:
    """Method, path and whether it is HTTP/1.1."""
    parts = line.split(b" ")
    if len(parts) != 3 or not TOKEN.fullmatch(parts[0]) or not TARGET.fullmatch(parts[1]):
        raise BadRequest(400, "bad request line")
    if parts[2] not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise BadRequest(505, "unsupported version")
    target = parts[1].decode("utf-8", "surrogateescape")
    if target.startswith("http://"):
        target = "/" + target[7:].partition("/")[2]
    return parts[0].decode(), target.partition("?")[0], parts[2] == b"HTTP/1.1"
