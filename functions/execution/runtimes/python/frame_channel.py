"""The frames that a runtime and its environment speak: see `bootstrap.py`.

Python 3.8 syntax, standard library only.
"""

import json
import os
import socket
import struct

HEAD = struct.Struct("!II")


class Channel:
    """Frames over the inherited socket."""

    def __init__(self, fd):
        self._socket = socket.socket(fileno=fd)
        self._buffer = bytearray()

    def receive(self):
        """The next (head, body); exits when the executor has gone."""
        buffer = self._buffer
        need = HEAD.size
        total = None
        while True:
            if total is None and len(buffer) >= HEAD.size:
                head_length, body_length = HEAD.unpack_from(buffer)
                total = need = HEAD.size + head_length + body_length
            if total is not None and len(buffer) >= total:
                break
            data = self._socket.recv(max(65536, min(need - len(buffer), 1 << 20)))
            if not data:
                os._exit(0)
            buffer += data
        start = HEAD.size + head_length
        head = json.loads(bytes(buffer[HEAD.size : start]))
        body = bytes(buffer[start:total])
        del buffer[:total]
        return head, body

    def detach(self):
        return self._socket.detach()

    def send(self, head, body=b""):
        text = json.dumps(head).encode()
        self._socket.sendall(HEAD.pack(len(text), len(body)) + text + body)
