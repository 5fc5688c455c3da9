"""Batches on their way to a subscriber inside the sandbox: by HTTP, or as lines over TCP.

The sockets are made in the sandbox's network (`sandbox/listen.py`), so that they reach its processes and nothing else.
Everything runs in the executor's loop, and the other end is hostile: it gets a bounded time, and of what it answers
only the status and so many bytes are read.
"""

import errno
import select
import socket
from collections.abc import Callable

from functions.execution.loop import Loop, Timer

SECONDS = 5.0  # for one batch
MAX_ANSWER = 65_536
Connect = Callable[[], socket.socket]  # a new TCP socket in the sandbox; OSError when it is gone
Done = Callable[[bool], None]


class Transfer:
    """One write to one connection, and what comes back until the other end hangs up or has said enough.

    `done(answer)` is called once: None when it did not come about.
    """

    def __init__(
        self,
        loop: Loop,
        connection: socket.socket,
        data: bytes,
        is_whole: Callable[[bytes], bool],
        done: Callable[[bytes | None], None],
    ) -> None:
        self._loop = loop
        self._socket = connection
        self._out = memoryview(data)
        self._is_whole = is_whole
        self._done = done
        self._answer = bytearray()
        self.closed = False
        self._timer: Timer = loop.later(SECONDS, lambda: self._end(None))
        loop.watch(connection.fileno(), self._ready, select.EPOLLOUT)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._timer.cancel()
            self._loop.forget(self._socket.fileno())
            self._socket.close()

    def _end(self, answer: bytes | None) -> None:
        if not self.closed:
            self.close()
            self._done(answer)

    def _ready(self, events: int) -> None:
        try:
            if self._out:
                sent = self._socket.send(self._out, socket.MSG_NOSIGNAL | socket.MSG_DONTWAIT)
                self._out = self._out[sent:]
                if not self._out:
                    self._loop.change(self._socket.fileno(), select.EPOLLIN)
                return
            data = self._socket.recv(16_384, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            self._end(None)
            return
        self._answer += data
        if not data or len(self._answer) > MAX_ANSWER or self._is_whole(bytes(self._answer)):
            self._end(bytes(self._answer))


class HttpDelivery:
    def __init__(self, loop: Loop, connect: Connect, port: int, path: str, method: str = "POST") -> None:
        self._loop = loop
        self._connect = connect
        self._port = port
        self._start = f"{method} {path} HTTP/1.1\r\nHost: sandbox.localdomain:{port}\r\n"
        self._transfer: Transfer | None = None

    def send(self, events: list[bytes], done: Done) -> None:
        body = b"[" + b",".join(events) + b"]"
        head = (
            f"{self._start}Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        try:
            connection = begin(self._connect, self._port)
        except OSError:
            self._loop.soon(lambda: done(False))
            return
        self._transfer = Transfer(
            self._loop, connection, head.encode() + body, answered, lambda answer: done(accepted(answer))
        )

    def close(self) -> None:
        if self._transfer is not None:
            self._transfer.close()


class TcpDelivery:
    """One connection for all batches, made anew when it broke. A batch is taken when it was written."""

    def __init__(self, loop: Loop, connect: Connect, port: int) -> None:
        self._loop = loop
        self._connect = connect
        self._port = port
        self._socket: socket.socket | None = None
        self._out = memoryview(b"")
        self._done: Done | None = None
        self._timer: Timer | None = None

    def send(self, events: list[bytes], done: Done) -> None:
        self._done = done
        self._out = memoryview(b"".join(event + b"\n" for event in events))
        self._timer = self._loop.later(SECONDS, lambda: self._end(False))
        try:
            if self._socket is None:
                self._socket = begin(self._connect, self._port)
                self._loop.watch(self._socket.fileno(), self._ready, select.EPOLLOUT)
            else:
                self._loop.change(self._socket.fileno(), select.EPOLLOUT)
        except OSError:
            self._loop.soon(lambda: self._end(False))

    def close(self) -> None:
        self._done = None
        if self._timer is not None:
            self._timer.cancel()
        self._hang_up()

    def _ready(self, events: int) -> None:
        assert self._socket is not None
        if events & ~select.EPOLLOUT:  # it hung up
            self._end(False)
            return
        try:
            self._out = self._out[self._socket.send(self._out, socket.MSG_NOSIGNAL | socket.MSG_DONTWAIT) :]
        except BlockingIOError:
            return
        except OSError:
            self._end(False)
            return
        if not self._out:
            self._loop.change(self._socket.fileno(), 0)
            self._end(True)

    def _end(self, taken: bool) -> None:
        done, self._done = self._done, None
        if self._timer is not None:
            self._timer.cancel()
        if not taken:
            self._hang_up()
        if done is not None:
            done(taken)

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._loop.forget(self._socket.fileno())
            self._socket.close()
            self._socket = None


def begin(connect: Connect, port: int) -> socket.socket:
    """A connection that is being made. OSError when there is no sandbox."""
    connection = connect()
    connection.setblocking(False)
    error = connection.connect_ex(("127.0.0.1", port))
    if error not in (0, errno.EINPROGRESS):
        connection.close()
        raise OSError(error, "connect")
    return connection


def answered(data: bytes) -> bool:
    """Whether an HTTP answer is here whole, as far as its head tells."""
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        return False
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return value.strip().isdigit() and len(body) >= int(value.strip()[:18])
    return False


def accepted(answer: bytes | None) -> bool:
    words = (answer or b"").split(b" ", 2)
    return len(words) > 1 and words[0].startswith(b"HTTP/1.") and words[1][:1] == b"2"
