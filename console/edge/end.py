"""One end of a conversation: a non-blocking socket on the loop, and what waits to be written to it."""

import select
import socket
import time
from collections.abc import Callable

from functions.execution.loop import Loop

READ = 65_536
FULL = 131_072  # bytes that wait to be written, before no more is read for it


class End:
    __slots__ = (
        "_loop",
        "_mask",
        "_on_drained",
        "_on_failure",
        "_on_readable",
        "_reading",
        "closed",
        "moved",
        "out",
        "socket",
    )

    def __init__(
        self,
        loop: Loop,
        connection: socket.socket,
        on_readable: Callable[[], None],
        on_drained: Callable[[], None],
        on_failure: Callable[[], None],
    ) -> None:
        """`on_readable` is called when `read` has something to say, `on_drained` when nothing waits any more, and
        `on_failure` when one of these failed."""
        self._loop = loop
        self.socket = connection
        self._on_readable = on_readable
        self._on_drained = on_drained
        self._on_failure = on_failure
        self._reading = True
        self.out = bytearray()
        self.moved = 0.0  # when something of it was written last, monotonic
        self.closed = False
        self._mask = select.EPOLLIN
        loop.watch(connection.fileno(), self._ready, self._mask)

    @property
    def is_full(self) -> bool:
        return len(self.out) >= FULL

    def read(self) -> bytes | None:
        """Empty at the end, None when there is nothing now."""
        try:
            return self.socket.recv(READ)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def send(self, data: bytes) -> bool:
        """Now, or when the other end reads. False when it never will."""
        if self.closed:
            return False
        sent = 0
        if not self.out:
            try:
                sent = self.socket.send(data, socket.MSG_NOSIGNAL)
            except BlockingIOError:
                pass
            except OSError:
                return False
        if sent < len(data):
            self.out += data[sent:] if sent else data
            self._wait()
        return True

    def pause(self, paused: bool) -> None:
        if self._reading is paused and not self.closed:
            self._reading = not paused
            self._wait()

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._loop.forget(self.socket.fileno())
            self.socket.close()
            self.out.clear()

    def _wait(self) -> None:
        mask = (select.EPOLLIN if self._reading else 0) | (select.EPOLLOUT if self.out else 0)
        if mask == self._mask:
            return
        # Without any the kernel would still tell, again and again, that the other end is gone.
        if not mask:
            self._loop.forget(self.socket.fileno())
        elif not self._mask:
            self._loop.watch(self.socket.fileno(), self._ready, mask)
        else:
            self._loop.change(self.socket.fileno(), mask)
        self._mask = mask

    def _ready(self, events: int) -> None:
        try:
            self._deal_with(events)
        except Exception:
            self._on_failure()
            raise

    def _deal_with(self, events: int) -> None:
        if events & select.EPOLLOUT:
            self._flush()
        if events & ~select.EPOLLOUT and not self.closed:
            if self._reading:
                self._on_readable()
            elif events & (select.EPOLLHUP | select.EPOLLERR):  # it takes nothing that waits for it
                self.out.clear()
                self.pause(False)

    def _flush(self) -> None:
        try:
            sent = self.socket.send(self.out, socket.MSG_NOSIGNAL)
        except BlockingIOError:
            return
        except OSError:
            sent = len(self.out)  # reading will tell that it is gone
        del self.out[:sent]
        self.moved = time.monotonic()
        if not self.out:
            self._wait()
            self._on_drained()
