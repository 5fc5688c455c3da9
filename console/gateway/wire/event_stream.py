"""AWS's event-stream encoding: messages of headers and payload, each with its length and checksums.

Source: https://smithy.io/2.0/aws/amazon-eventstream.html
"""

import json
import struct
import zlib
from collections.abc import Mapping

CONTENT_TYPE = "application/vnd.amazon.eventstream"
PRELUDE = struct.Struct("!II")  # lengths of the message and of its headers
CHECKSUM = struct.Struct("!I")
STRING = 7  # the type of a header's value


def event(name: str, payload: bytes, content_type: str) -> bytes:
    headers = {":message-type": "event", ":event-type": name, ":content-type": content_type}
    return message(headers, payload)


def json_event(name: str, members: Mapping[str, str]) -> bytes:
    return event(name, json.dumps(dict(members)).encode(), "application/json")


def message(headers: Mapping[str, str], payload: bytes) -> bytes:
    encoded = b"".join(_header(name, value) for name, value in headers.items())
    prelude = PRELUDE.pack(PRELUDE.size + 2 * CHECKSUM.size + len(encoded) + len(payload), len(encoded))
    start = prelude + CHECKSUM.pack(zlib.crc32(prelude)) + encoded
    return b"".join((start, payload, CHECKSUM.pack(zlib.crc32(payload, zlib.crc32(start)))))


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return struct.pack(f"!B{len(key)}sBH{len(text)}s", len(key), key, STRING, len(text), text)
