"""What listens in one sandbox: how many requests of it go on at once, and how many in a second."""

import select
import socket
import time
from typing import TYPE_CHECKING

from functions.execution.forwarder.connection import Connection

if TYPE_CHECKING:
    from functions.execution.forwarder.__main__ import Forwarder

PER_SANDBOX = 16  # connections at once
PER_SECOND = 100.0  # new ones of a sandbox; as many may come at once after a pause


class Door:
    """What listens in one sandbox."""

    def __init__(self, forwarder: "Forwarder", listening: socket.socket) -> None:
        self.forwarder = forwarder
        self.listening = listening
        self.connections: set[Connection] = set()
        self.sent = 0  # bytes of these
        self._allowance = PER_SECOND
        self._counted = time.monotonic()
        listening.setblocking(False)
        forwarder.loop.watch(listening.fileno(), self._knocked)

    def close(self) -> None:
        self.forwarder.waiting.discard(self)
        self.forwarder.loop.forget(self.listening.fileno())
        self.listening.close()
        for connection in list(self.connections):
            connection.close()

    def open_again(self) -> None:
        if self.listening.fileno() >= 0:
            self.forwarder.loop.change(self.listening.fileno(), select.EPOLLIN)

    def _knocked(self, _events: int) -> None:
        now = time.monotonic()
        self._allowance = min(PER_SECOND, self._allowance + (now - self._counted) * PER_SECOND)
        self._counted = now
        if self._allowance < 1.0:
            self.forwarder.loop.change(self.listening.fileno(), 0)
            self.forwarder.loop.later((1.0 - self._allowance) / PER_SECOND, self.open_again)
        elif len(self.connections) >= PER_SANDBOX or not self.forwarder.has_room(self):
            self.forwarder.loop.change(self.listening.fileno(), 0)
            self.forwarder.waiting.add(self)
        else:
            try:
                client, _ = self.listening.accept()
            except OSError:
                return
            self._allowance -= 1.0
            self.forwarder.busy += 1
            self.connections.add(Connection(self, client))
