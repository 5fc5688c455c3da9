"""The X-Amzn-Trace-Id header."""

import os
import time

# A lineage of many functions makes it long.
LONGEST = 1024


def trace_id(header: str = "") -> str:
    """The trace that the client is in, or a new one. Nothing is sampled."""
    if header.startswith("Root=") and header.isascii() and len(header) <= LONGEST and header.isprintable():
        return header
    noise = os.urandom(20).hex()
    return f"Root=1-{int(time.time()):08x}-{noise[:24]};Parent={noise[24:]};Sampled=0"
