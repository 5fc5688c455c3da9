"""What tells one invocation from others: its id, and the X-Amzn-Trace-Id header."""

import os
import time

# A lineage of many functions makes it long.
LONGEST = 1024
VARIANTS = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


def request_id() -> str:
    """A random UUID of version 4, in a third of the time that `uuid` takes."""
    noise = os.urandom(16).hex()
    return f"{noise[:8]}-{noise[8:12]}-4{noise[13:16]}-{VARIANTS[noise[16]]}{noise[17:20]}-{noise[20:]}"


def trace_id(header: str = "") -> str:
    """The trace that the client is in, or a new one. Nothing is sampled."""
    if header.startswith("Root=") and header.isascii() and len(header) <= LONGEST and header.isprintable():
        return header
    noise = os.urandom(20).hex()
    return f"Root=1-{int(time.time()):08x}-{noise[:24]};Parent={noise[24:]};Sampled=0"
