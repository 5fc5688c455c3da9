"""The head of a request: checked, marked, and told to be the only one on its connection."""

import re

from functions.execution.forwarder import MARK

MAX_HEAD = 32_768
REQUEST_LINE = re.compile(rb"[A-Z]{1,16} [!-~]+ HTTP/1\.[01]")
HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[^\0\r\n]*")
# What is about the connection itself. "Connection: close" goes instead: no second request can follow unseen.
DROPPED = frozenset(
    (b"connection", b"keep-alive", b"proxy-connection", b"upgrade", b"http2-settings", MARK.lower().encode())
)
END = b"\r\n\r\n"


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
