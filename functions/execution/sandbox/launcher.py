"""Stands in for a runtime that starts with the function: waits for one, then names the program to become.

What a process reads at its start only (heap size, NODE_OPTIONS, a wrapper script) is known with the function and not
before. Runs in the zygote's interpreter as pid 1 of a sandbox that is ready, and speaks the frames of
`../runtimes/python/bootstrap.py` until then: {"op": "ready"} out, {"op": "assign", "command", "inherits"} in. Imports
only what the zygote has loaded, for nothing else is in view here.
"""

import json
import os
import socket
import struct
from typing import Any

HEAD = struct.Struct("!II")


def serve(fd: int) -> tuple[list[str], dict[str, str]]:
    """The program and its environment. `inherits`: it speaks frames on the same channel, which ends otherwise."""
    channel = socket.socket(fileno=fd)
    text = b'{"op": "ready"}'
    channel.sendall(HEAD.pack(len(text), 0) + text)
    assignment = receive(channel)
    channel.detach()
    os.set_inheritable(fd, assignment["inherits"])
    os.chdir("/var/task")
    return assignment["command"], assignment["environment"]


def receive(channel: socket.socket) -> dict[str, Any]:
    data = b""
    while len(data) < HEAD.size or len(data) < HEAD.size + sum(HEAD.unpack_from(data)):
        more = channel.recv(65536)
        if not more:
            os._exit(0)  # the executor has gone
        data += more
    head: dict[str, Any] = json.loads(data[HEAD.size : HEAD.size + HEAD.unpack_from(data)[0]])
    return head
