"""The head of a request: what is not plain HTTP/1 by the letter is refused, for whoever stands behind may read it in
another way.
"""

import re
from dataclasses import dataclass

from console.gateway.sigv4 import environ_key

MAX_HEAD = 64 * 1024
END = b"\r\n\r\n"
# Tells the web server who asks. It listens to nobody but us.
CLIENT = "X-Hearth-Client"

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]"
VALUE = rb"[^\x00-\x08\x0a-\x1f\x7f]*"
HEAD = re.compile(rb"(%s{1,32}) ([!-~]+) HTTP/1\.([01])\r\n((?:%s+:%s\r\n)*)" % (TOKEN, TOKEN, VALUE))
FIELD = re.compile(rb"([^:]+):([^\r]*)\r\n")
DIGITS = re.compile("[0-9]{1,18}")
BARE_LINE_FEED = re.compile(rb"(?<!\r)\n")
# About the connection itself, which ends here.
OWN = frozenset(
    (b"connection", b"keep-alive", b"proxy-connection", b"upgrade", b"http2-settings", CLIENT.lower().encode())
)
ONCE = frozenset(("CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING", "HTTP_HOST"))


class BadRequest(Exception):
    """What came is no HTTP, or more than may come. The connection is of no further use."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(slots=True)
class Head:
    """`environ` has the headers as WSGI names them, `length` the body's bytes, None when it comes in chunks."""

    method: str
    target: str
    is_1_1: bool
    fields: list[tuple[bytes, bytes]]
    environ: dict[str, str]
    length: int | None
    keep_alive: bool


def parse(data: bytes) -> Head:
    """`data` ends with the last header's line. Raises BadRequest."""
    found = HEAD.fullmatch(data)
    if found is None:
        raise BadRequest(400)
    method, target, minor, lines = found.groups()
    # Two names that WSGI reads as one must not be two: what has an underscore is left out, as other servers do.
    fields = [field for field in FIELD.findall(lines) if b"_" not in field[0]]
    environ: dict[str, str] = {}
    for name, value in fields:
        key, text = environ_key(name.decode()), value.decode("latin-1").strip(" \t")
        if key in environ:
            if key in ONCE:
                raise BadRequest(400)
            text = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{text}"
        environ[key] = text
    if method == b"CONNECT":
        raise BadRequest(405)
    is_1_1 = minor == b"1"
    keep_alive = is_1_1 and "close" not in environ.get("HTTP_CONNECTION", "").lower()
    return Head(method.decode(), target.decode(), is_1_1, fields, environ, _length(environ, is_1_1), keep_alive)


def _length(environ: dict[str, str], is_1_1: bool) -> int | None:
    coding, given = environ.get("HTTP_TRANSFER_ENCODING"), environ.get("CONTENT_LENGTH")
    if coding is not None:
        if given is not None or not is_1_1:
            raise BadRequest(400)
        if coding.lower() != "chunked":
            raise BadRequest(501)
        return None
    if given is None:
        return 0
    if not DIGITS.fullmatch(given):
        raise BadRequest(400)
    return int(given)


def onward(head: Head, address: str) -> bytes:
    """The head as it goes to the web server, with the address of the client and without what is between him and us."""
    lines = [f"{head.method} {head.target} HTTP/1.{int(head.is_1_1)}\r\n".encode()]
    lines += [b"%s:%s\r\n" % field for field in head.fields if field[0].lower() not in OWN]
    if not head.keep_alive:
        lines.append(b"Connection: close\r\n")
    lines.append(f"{CLIENT}: {address}\r\n\r\n".encode())
    return b"".join(lines)
