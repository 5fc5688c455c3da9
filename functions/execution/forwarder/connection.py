"""One request of a sandbox and its answer, passed on between two sockets."""

import contextlib
import select
import socket
import time
from typing import TYPE_CHECKING

from functions.execution.forwarder.head import END, MAX_HEAD, marked

if TYPE_CHECKING:
    from functions.execution.forwarder.door import Door

CHUNK = 65_536
# Bytes of requests that are not answered yet: of a sandbox, which may upload the largest package, and of all.
SENT_BY_SANDBOX, SENT_BY_ALL = 80 << 20, 320 << 20
HEAD_SECONDS = 20.0
QUIET_SECONDS = 960.0  # longer than the longest invocation
BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Way:
    """One direction of a connection: from a socket to a buffer to a socket."""

    __slots__ = ("data", "ended")

    def __init__(self) -> None:
        self.data = bytearray()
        self.ended = False  # nothing more will come


class Connection:
    """One request of a sandbox and its answer."""

    def __init__(self, door: "Door", client: socket.socket) -> None:
        self.door = door
        self.loop = door.forwarder.loop
        self.client = client
        self.upstream: socket.socket | None = None
        self.up, self.down = Way(), Way()
        self.sent = 0  # bytes from the sandbox
        self.began = self.heard = time.monotonic()
        self.has_answer = False
        client.setblocking(False)
        self.loop.watch(client.fileno(), self._client_ready)

    def close(self) -> None:
        if self not in self.door.connections:
            return
        self.door.connections.discard(self)
        self.door.sent -= self.sent
        for end in (self.client, self.upstream):
            if end is not None:
                self.loop.forget(end.fileno())
                end.close()
        self.door.forwarder.freed(self.sent)

    def is_stale(self, now: float) -> bool:
        return now - self.heard > QUIET_SECONDS or (self.upstream is None and now - self.began > HEAD_SECONDS)

    def _client_ready(self, events: int) -> None:
        if events & select.EPOLLOUT:
            self._write(self.client, self.down)
        if events & ~select.EPOLLOUT and not self._read(self.client, self.up):
            self.close()  # whoever asked does not wait for the answer
            return
        if self.door.sent > SENT_BY_SANDBOX:
            self.close()
        elif self.door.forwarder.sent > SENT_BY_ALL:
            self.door.forwarder.cut_off()
        if self not in self.door.connections:
            return
        if self.upstream is None and not self.down.ended:
            self._begin()
        self._go_on()

    def _upstream_ready(self, events: int) -> None:
        assert self.upstream is not None
        if events & select.EPOLLOUT:
            self._write(self.upstream, self.up)
        if events & ~select.EPOLLOUT and not self._read(self.upstream, self.down):
            self._upstream_ended()
        self._go_on()

    def _begin(self) -> None:
        """Once the head is complete: connect."""
        end = self.up.data.find(END)
        if end < 0:
            if len(self.up.data) > MAX_HEAD:
                self._refuse(BAD_REQUEST)
            return
        head = marked(bytes(self.up.data[:end]))
        if head is None:
            self._refuse(BAD_REQUEST)
            return
        self.up.data[: end + len(END)] = head
        upstream = socket.socket(self.door.forwarder.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.upstream = upstream
        with contextlib.suppress(BlockingIOError):
            try:
                upstream.connect(self.door.forwarder.address)
            except BlockingIOError:
                raise
            except OSError:
                upstream.close()
                self.upstream = None
                self._refuse(UNAVAILABLE)
                return
        self.loop.watch(upstream.fileno(), self._upstream_ready, select.EPOLLIN | select.EPOLLOUT)

    def _refuse(self, answer: bytes) -> None:
        self.up.data.clear()
        self.up.ended = self.down.ended = True
        self.down.data += answer

    def _upstream_ended(self) -> None:
        assert self.upstream is not None
        self.loop.forget(self.upstream.fileno())
        self.up.data.clear()
        self.up.ended = self.down.ended = True
        if not self.has_answer:
            self.down.data += UNAVAILABLE

    def _go_on(self) -> None:
        """Wait for what can go on now; end when all is said."""
        if self not in self.door.connections:
            return
        if self.down.ended and not self.down.data:
            self.close()
            return
        self._wait(self.client, self.up, self.down)
        if self.upstream is not None and not self.down.ended:
            self._wait(self.upstream, self.down, self.up)

    def _wait(self, end: socket.socket, comes: Way, goes: Way) -> None:
        reading = select.EPOLLIN if len(comes.data) < CHUNK and not comes.ended else 0
        self.loop.change(end.fileno(), reading | (select.EPOLLOUT if goes.data else 0))

    def _read(self, end: socket.socket, way: Way) -> bool:
        """False at the end of what comes."""
        try:
            data = end.recv(CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if way is self.up:
            self.sent += len(data)
            self.door.sent += len(data)
            self.door.forwarder.sent += len(data)
        elif data:
            self.heard, self.has_answer = time.monotonic(), True
        way.data += data
        return bool(data)

    def _write(self, end: socket.socket, way: Way) -> None:
        try:
            sent = end.send(way.data, socket.MSG_NOSIGNAL)
        except BlockingIOError:
            return
        except OSError:
            way.data.clear()  # reading from it will tell
            return
        del way.data[:sent]
