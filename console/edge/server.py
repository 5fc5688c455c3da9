"""Listens for clients, and ends those that have said nothing for too long."""

import socket
import time
from collections.abc import Callable

from console.edge.connection import Connection
from console.edge.invocations import Invocations
from functions.execution.loop import Loop

AT_ONCE = 64  # accepted, before those that are there get their turn
SWEEP_SECONDS = 1.0
PAUSE_SECONDS = 0.1


class Server:
    """`upstream` is the web server's socket, `most` how many clients may be there at once; more wait."""

    def __init__(self, loop: Loop, listening: socket.socket, upstream: str, most: int) -> None:
        self.loop = loop
        self.upstream = upstream
        self.invocations = Invocations(loop)
        self.draining = False
        self._listening = listening
        listening.setblocking(False)
        self._most = most
        self._connections: set[Connection] = set()
        self._accepting = False
        self._accept_again()
        loop.later(SWEEP_SECONDS, self._sweep)

    def forget(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if not self._accepting and len(self._connections) < self._most:
            self._accept_again()

    def drain(self, done: Callable[[], None]) -> None:
        """Take no one new, hang up on those who wait for nothing, and say when the others have their answers."""
        if not self.draining:
            self.draining = True
            self._pause()
            self._listening.close()
        for connection in list(self._connections):
            if not connection.is_busy:
                connection.close()
        if self._connections:
            self.loop.later(0.02, lambda: self.drain(done))
        else:
            done()

    def _accept_again(self) -> None:
        if not self.draining and not self._accepting:
            self._accepting = True
            self.loop.watch(self._listening.fileno(), self._knocked)

    def _pause(self) -> None:
        if self._accepting:
            self._accepting = False
            self.loop.forget(self._listening.fileno())

    def _knocked(self, _events: int) -> None:
        for _ in range(AT_ONCE):
            if len(self._connections) >= self._most:
                self._pause()
                return
            try:
                client, address = self._listening.accept()
            except BlockingIOError:
                return
            except OSError:  # no descriptor is left
                self._pause()
                self.loop.later(PAUSE_SECONDS, self._accept_again)
                return
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections.add(Connection(self, client, address[0]))

    def _sweep(self) -> None:
        self.loop.later(SWEEP_SECONDS, self._sweep)
        now = time.monotonic()
        self.invocations.sweep(now)
        for connection in [each for each in self._connections if each.is_stale(now)]:
            connection.close()
