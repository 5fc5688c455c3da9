"""One connection of a process in the sandbox: requests one after the other, each with one answer.

While an answer is owed nothing is read but the end of the connection, and while an answer is being written no further
request is taken: what a connection may hold in memory is one piece of a read, one head, and the answer, whose body is
shared with whoever gave it.
"""

import select
import socket
import time
from typing import TYPE_CHECKING

from functions.execution.runtime_api.exchange import REASONS, Exchange
from functions.execution.runtime_api.parser import BadRequest, Data, Head, Parser

if TYPE_CHECKING:
    from functions.execution.runtime_api.server import Server

READ = 65_536
TURN = 256  # pieces of a body, before others are served
DRAIN_SECONDS = 0.1  # for what a dead client has left
ENDED = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR


class Connection:
    __slots__ = (
        "_advancing",
        "_behind",
        "_ended",
        "_events",
        "_exchange",
        "_keep_alive",
        "_out",
        "_parser",
        "_paused",
        "_server",
        "_socket",
        "closed",
        "served",
    )

    def __init__(self, server: "Server", connection: socket.socket) -> None:
        self._server = server
        self._socket = connection
        self._parser = Parser()
        self._exchange: Exchange | None = None  # the request under way
        self._ended = False  # whether its body has come whole
        self._keep_alive = True
        self._paused = False
        self._advancing = False
        self._behind = False  # more of a body has come than one turn took
        self._out: list[memoryview] = []
        self._events = select.EPOLLIN
        self.closed = False
        self.served = 0  # requests answered
        server.loop.watch(connection.fileno(), self._ready)

    @property
    def idle(self) -> bool:
        """Whether it is kept open for a request that has not begun."""
        return self._exchange is None and not self._out and self._parser.fresh

    # --- for the exchange under way ---

    def proceed(self, exchange: Exchange) -> None:
        """The body is wanted: some clients wait for this before they send it."""
        if exchange.header("expect").lower() == "100-continue" and not self.closed:
            self._write([b"HTTP/1.1 100 Continue\r\n\r\n"])

    def pause(self, paused: bool) -> None:
        if self._paused is not paused:
            self._paused = paused
            self.advance()

    def respond(
        self, exchange: Exchange, status: int, headers: tuple[tuple[str, str], ...], content_type: str, body: bytes
    ) -> None:
        if self.closed:
            return
        if exchange.on_data is None and exchange.header("expect"):
            # Its body may come or not: whether the next bytes are one nobody can tell.
            self._keep_alive, self._ended = False, True
        lines = [f"HTTP/1.1 {status} {REASONS[status]}", f"Content-Type: {content_type}"]
        lines += [f"{name}: {one_line(value)}" for name, value in headers]
        lines.append(f"Content-Length: {len(body)}")
        if not self._keep_alive:
            lines.append("Connection: close")
        self.served += 1
        if status >= 400:
            self._server.wasted()
        self._write([("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape"), body])
        self.advance()

    # --- the socket ---

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        self._server.loop.forget(self._socket.fileno())
        self._socket.close()
        self._out.clear()
        exchange, self._exchange = self._exchange, None
        self._server.forget(self)
        if exchange is not None and not exchange.answered and exchange.on_gone is not None:
            exchange.answered = True
            exchange.on_gone()

    def wait(self) -> None:
        """Ask the loop for what matters now."""
        if self.closed:
            return
        events = select.EPOLLOUT if self._out else 0
        if not self._server.paused:
            if self._hungry():
                events |= select.EPOLLIN
            elif not self._paused and not self._behind:
                events |= select.EPOLLRDHUP
        if events != self._events:
            self._events = events
            self._server.loop.change(self._socket.fileno(), events)

    def _hungry(self) -> bool:
        """Whether bytes of the client are wanted now."""
        return not (self._paused or self._out or self._behind) and (self._exchange is None or not self._ended)

    def _ready(self, events: int) -> None:
        if events & select.EPOLLOUT:
            self._flush()
            if not self.closed and not self._out:
                self.advance()
        elif events & select.EPOLLIN:
            if self._hungry() and not self._server.paused:
                self._read()
            else:
                self.wait()
        elif events & ENDED:
            self.close()

    def drain(self) -> None:
        """Take what has come already. To be called when the client is dead."""
        end = time.monotonic() + DRAIN_SECONDS
        while not self.closed and time.monotonic() < end:
            if self._behind:
                self._go_on()
            elif not self._hungry() or not self._read():
                break

    def _read(self) -> bool:
        try:
            data = self._socket.recv(READ, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self.close()
            return False
        self._parser.feed(data)
        self.advance()
        return True

    def advance(self) -> None:
        """Go on with what has been read."""
        if self._advancing:
            return
        self._advancing = True
        try:
            while not self.closed and self._step():
                pass
        except BadRequest as error:
            self._reject(error)
        finally:
            self._advancing = False
        self.wait()

    def _step(self) -> bool:
        exchange = self._exchange
        if exchange is not None and self._ended and exchange.answered and not self._out:
            self._exchange = exchange = None
            if not self._keep_alive:
                self.close()
                return False
        if not self._hungry() or self._server.paused:
            return False
        if exchange is None:
            head = self._parser.next()
            if head is None:
                return False
            assert isinstance(head, Head)
            self._ended = False
            self._keep_alive = head.keep_alive
            self._exchange = Exchange(self, head)
            self._server.dispatch(self._exchange)
            return True
        return self._take_body(exchange)

    def _take_body(self, exchange: Exchange) -> bool:
        """Hand over what has come of the body, in one piece whatever the client's pieces are."""
        parts: list[bytes] = []
        while isinstance(event := self._parser.next(), Data):
            parts.append(event.content)
            if len(parts) == TURN:
                self._behind = True
                self._server.loop.later(0, self._go_on)
                event = None
                break
        if parts and exchange.on_data is not None:
            exchange.on_data(b"".join(parts) if len(parts) > 1 else parts[0])
        if event is None or self.closed:
            return False
        assert not isinstance(event, Head)
        self._ended = True
        if exchange.on_end is not None:
            exchange.on_end(event.trailers)
        return True

    def _go_on(self) -> None:
        if self._behind and not self.closed:
            self._behind = False
            self.advance()

    def _reject(self, error: BadRequest) -> None:
        """Nothing can be made of what came: say so and hang up."""
        self._server.wasted()
        exchange = self._exchange
        if exchange is None or not exchange.answered:
            reason = REASONS[error.status]
            self._write(
                [f"HTTP/1.1 {error.status} {reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode()]
            )
        self.close()

    def _write(self, parts: list[bytes]) -> None:
        self._out += [memoryview(part) for part in parts if part]
        self._flush()

    def _flush(self) -> None:
        try:
            sent = self._socket.sendmsg(self._out, [], socket.MSG_NOSIGNAL | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        while self._out and sent >= len(self._out[0]):
            sent -= len(self._out.pop(0))
        if sent:
            self._out[0] = self._out[0][sent:]


def one_line(value: str) -> str:
    """As Go's server writes header values: a line break would start another header."""
    return value.replace("\r", " ").replace("\n", " ")
