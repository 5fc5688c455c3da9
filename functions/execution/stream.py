"""A non-blocking socket that carries frames (see `lane.py`). Both the lane and a sandbox's control channel are one.

The other end may be hostile: lengths are checked before anything is kept, and a head that is not a JSON object ends the
stream. `on_close` is called once, whoever ended it.
"""

import select
import socket
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Any

from functions.execution.lane import HEAD, decode_head, encode_head
from functions.execution.loop import Loop

# Small reads are the rule; more than 128 KiB at once makes the C library map fresh memory for each.
READ, READ_MUCH = 16_384, 1_048_576
PARTS = 64  # written at once
TURN = 32  # frames of one stream, before others are served
Head = dict[str, Any]


class Stream:
    __slots__ = (
        "_behind",
        "_in",
        "_limits",
        "_loop",
        "_out",
        "_paused",
        "_socket",
        "closed",
        "on_close",
        "on_drained",
        "on_frame",
        "waiting",
    )

    def __init__(
        self,
        loop: Loop,
        connection: socket.socket,
        on_frame: Callable[[Head, bytes], None],
        on_close: Callable[[], None],
        max_head: int,
        max_body: int,
    ) -> None:
        connection.setblocking(False)
        self._loop = loop
        self._socket = connection
        self._in = bytearray()
        self._out: deque[memoryview] = deque()
        self.waiting = 0  # bytes that the other end has not taken yet, or never will
        self._limits = (max_head, max_body)
        self.on_frame = on_frame
        self.on_close = on_close
        self.on_drained: Callable[[], None] | None = None  # called when nothing waits any more, and at the end
        self.closed = False
        self._paused = False
        self._behind = False  # there is more in `_in` than one turn took
        loop.watch(connection.fileno(), self._ready)

    def send(self, head: Head, body: bytes = b"") -> None:
        """Write a frame, now or when the other end reads. Ignored after the end."""
        if self.closed:
            return
        text = encode_head(head)
        data = HEAD.pack(len(text), len(body)) + text
        if len(body) > READ:  # copying it would hold up others
            self._keep(data)
            self._keep(body)
            if len(self._out) == 2:
                self._write()
                self._wait()
            return
        data += body
        if self._out:
            self._keep(data)
            return
        try:
            sent = self._socket.send(data, socket.MSG_NOSIGNAL)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.close()
            return
        if sent < len(data):
            self._keep(memoryview(data)[sent:])
            self._wait()

    def pause(self, paused: bool) -> None:
        """Leave what comes where it is, so that the other end waits; or take it again."""
        if not self.closed and self._paused is not paused:
            self._paused = paused
            self._wait()
            self._go_on()

    def drain(self) -> None:
        """Take what has come already. To be called when the other end is gone."""
        while not self.closed and self._read():
            pass

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        self._loop.forget(self._socket.fileno())
        self._socket.close()
        self._out.clear()
        if self.on_drained is not None:
            self.on_drained()
        self.on_close()

    def _wait(self) -> None:
        if self.closed:
            return
        reading = 0 if self._paused else select.EPOLLIN
        self._loop.change(self._socket.fileno(), reading | (select.EPOLLOUT if self._out else 0))

    def _ready(self, events: int) -> None:
        if events & select.EPOLLOUT:
            self._flush()
        if not self.closed and events & ~select.EPOLLOUT and not self._behind:
            self._read()

    def _flush(self) -> None:
        self._write()
        if not self._out and not self.closed:
            self._wait()
            if self.on_drained is not None:
                self.on_drained()

    def _keep(self, data: bytes | memoryview) -> None:
        self._out.append(memoryview(data))
        self.waiting += len(data)

    def _write(self) -> None:
        try:
            sent = self._socket.sendmsg(list(islice(self._out, PARTS)), [], socket.MSG_NOSIGNAL)
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        self.waiting -= sent
        while self._out and sent >= len(self._out[0]):
            sent -= len(self._out.popleft())
        if sent:
            self._out[0] = self._out[0][sent:]

    def _read(self) -> bool:
        """False when there was nothing."""
        buffer = self._in
        if self._behind:
            self._behind = False
        else:
            try:
                data = self._socket.recv(READ if len(buffer) < READ else READ_MUCH)
            except BlockingIOError:
                return False
            except OSError:
                data = b""
            if not data:
                self.close()
                return False
            buffer += data
        for _ in range(TURN):
            if self.closed or len(buffer) < HEAD.size:
                break
            head_length, body_length = HEAD.unpack_from(buffer)
            if head_length > self._limits[0] or body_length > self._limits[1]:
                self.close()
                break
            start = HEAD.size + head_length
            end = start + body_length
            if len(buffer) < end:
                break
            head = parse(bytes(memoryview(buffer)[HEAD.size : start]))
            if head is None:
                self.close()
                break
            body = bytes(memoryview(buffer)[start:end])
            del buffer[:end]
            self.on_frame(head, body)
        else:
            self._behind = True
            self._loop.later(0, self._go_on)
        return True

    def _go_on(self) -> None:
        if self._behind and not self._paused and not self.closed:
            self._read()


def parse(data: bytes) -> Head | None:
    try:
        head = decode_head(data)
    except (ValueError, RecursionError):
        return None
    return head if isinstance(head, dict) else None
