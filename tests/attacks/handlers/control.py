"""The control channel, descriptor 3, which the runtime speaks frames on."""

import array
import json
import os
import select
import socket
import struct
import time

import app


def frame(head, body=b""):
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    return struct.pack("!II", len(text), len(body)) + text + body


def done(body, **changes):
    return frame({"op": "done", "id": app.context.aws_request_id, **changes}, body)


WRITES = {
    "garbage": lambda: os.urandom(65_536),
    "huge head": lambda: struct.pack("!II", 1 << 30, 0),
    "huge body": lambda: struct.pack("!II", 2, 1 << 31) + b"{}",
    "not an object": lambda: frame(b"[]"),
    "deep": lambda: frame(b"[" * 60_000),
    "unknown": lambda: frame({"op": "assign"}),
    "ready again": lambda: frame({"op": "ready"}),
    "init again": lambda: frame({"op": "init"}),
    "another id": lambda: frame({"op": "done", "id": "other"}, b"1"),
    "no id": lambda: frame({"op": "done"}, b"1"),
    "id of another type": lambda: frame({"op": "done", "id": {"a": []}}, b"1"),
    "chunk of another": lambda: frame({"op": "chunk", "id": "other"}, b"1"),
    "operation of another type": lambda: frame({"op": ["done"], "id": app.context.aws_request_id}, b"1"),
}


def write(what):
    os.write(3, WRITES[what]())
    time.sleep(60)


def answer_before_the_question():
    os.write(3, frame({"op": "init"}) + frame({"op": "done", "id": "x"}, b"1"))
    time.sleep(60)


def answer_twice():
    os.write(3, done(b'"mine"') * 2)
    return "late"


def answer_for(coming):
    """The answer, and one for an invocation that is yet to come."""
    if coming:
        os.write(3, done(b"1") + done(b'"forged"', id=coming))
        time.sleep(60)
    return "honest"


def answer_and_linger():
    """The answer leaves, the runtime never comes back for the next one."""
    os.write(3, done(b'"early"'))
    time.sleep(60)


def forged_error():
    os.write(3, done(b"not json", error="x" * 5000))
    time.sleep(60)


def lie_about_length():
    """A frame that announces more than ever comes."""
    os.write(3, struct.pack("!II", 40, 5_000_000) + b'{"op": "done"}')
    time.sleep(60)


def drip():
    """A frame that comes byte by byte."""
    for byte in done(b'"slow"'):
        os.write(3, bytes([byte]))
        time.sleep(0.001)
    time.sleep(60)


def large(size):
    """An answer that is larger than it may be, without saying so."""
    channel = socket.socket(fileno=os.dup(3))
    channel.sendall(done(b"1" * size))
    time.sleep(60)


def chunks(size, count):
    """A streamed answer without end."""
    channel = socket.socket(fileno=os.dup(3))
    piece = frame({"op": "chunk", "id": app.context.aws_request_id}, b"c" * size)
    for _ in range(count):
        channel.sendall(piece)
    return "streamed"


def send_descriptors():
    """Open files for the other end to hold."""
    channel = socket.socket(fileno=os.dup(3))
    descriptors = array.array("i", [os.open("/dev/null", os.O_RDONLY) for _ in range(10)])
    for byte in done(b'"sent"'):
        channel.sendmsg([bytes([byte])], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)])
    time.sleep(60)


def close():
    os.close(3)
    time.sleep(60)


def listen():
    """Whether anything waits there that is not ours."""
    return select.select([3], [], [], 0.1)[0] == []


def response(kind):
    """Responses that are hard on whoever reads them."""
    if kind == "deep":
        value = []
        for _ in range(900):
            value = [value]
        return value
    if kind == "largest":
        return "x" * (6 << 20)
    return {"large": "x" * (100 << 20), "lone surrogate": "\ud800", "keys": {str(n): n for n in range(100_000)}}[kind]
