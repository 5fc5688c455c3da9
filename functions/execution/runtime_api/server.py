"""The HTTP server of one sandbox's APIs, in the executor's loop.

It listens in the sandbox's network (`sandbox/listen.py`) at 127.0.0.1:9001 and serves the processes of that sandbox
only. They are hostile: the number of connections is bounded, each holds little (`connection.py`), a body is kept only
by a handler that asked for it, and who asks for nonsense again and again is left waiting.
"""

import contextlib
import socket

from functions.execution.loop import Loop
from functions.execution.runtime_api.connection import Connection
from functions.execution.runtime_api.exchange import Exchange
from functions.execution.runtime_api.routes import Routes

ADDRESS = ("127.0.0.1", 9001)
MAX_CONNECTIONS = 48
# Requests that came to nothing in so long a time: what goes beyond has to wait for its end.
WASTED, WASTED_SECONDS = 50, 0.1


class Server:
    """Serves until `close`, which ends every connection. `routes` may grow while it serves."""

    def __init__(self, loop: Loop, listener: socket.socket, *routes: Routes) -> None:
        self.loop = loop
        self.routes = list(routes)
        self.connections: dict[Connection, None] = {}  # the oldest first
        self.paused = False
        self.closed = False
        self._listener = listener
        self._listening = True
        self._wasted = 0
        loop.watch(listener.fileno(), self._accept)

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        if self._listening:
            self.loop.forget(self._listener.fileno())
        self._listener.close()
        for connection in list(self.connections):
            connection.close()

    def drain(self) -> None:
        """Take what has come already. To be called when the sandbox is dead."""
        self.paused = False
        for connection in list(self.connections):
            connection.drain()

    def dispatch(self, exchange: Exchange) -> None:
        for table in self.routes:
            found = table.find(exchange.head.path)
            if found is not None:
                methods, exchange.parameters = found
                handler = methods.get(exchange.head.method)
                if handler is None:
                    exchange.answer(405)
                else:
                    handler(exchange)
                return
        exchange.answer(404, b"404 page not found\n", content_type="text/plain; charset=utf-8")

    def forget(self, connection: Connection) -> None:
        self.connections.pop(connection, None)
        if not connection.served:
            self.wasted()
        if not self._listening and not self.closed:
            self._listen(True)

    def wasted(self) -> None:
        """A request or a connection came to nothing."""
        self._wasted += 1
        if self._wasted == 1:
            self.loop.later(WASTED_SECONDS, self._forgive)
        elif self._wasted == WASTED:
            self.paused = True
            self._listen(False)

    def _forgive(self) -> None:
        self._wasted = 0
        if self.paused and not self.closed:
            self.paused = False
            self._listen(True)
            for connection in list(self.connections):
                connection.advance()

    def _listen(self, listening: bool) -> None:
        if self._listening is listening or self.closed or (listening and self.paused):
            return
        self._listening = listening
        if listening:
            self.loop.watch(self._listener.fileno(), self._accept)
        else:
            self.loop.forget(self._listener.fileno())

    def _accept(self, _events: int) -> None:
        if len(self.connections) >= MAX_CONNECTIONS:
            idle = next((each for each in self.connections if each.idle), None)
            if idle is None:
                self._listen(False)  # until one ends
                return
            idle.close()
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        connection.setblocking(False)
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connections[Connection(self, connection)] = None
