"""A client's connection: request after request, each answered before the next is looked at."""

import socket
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from console.edge.end import End
from console.edge.exchange import Exchange
from console.edge.head import BARE_LINE_FEED, END, MAX_HEAD, BadRequest, parse
from console.edge.invocations import Call
from console.edge.request import MAX_BODY

if TYPE_CHECKING:
    from console.edge.server import Server

HEAD_SECONDS = 20.0  # from the first byte of a head to its last
IDLE_SECONDS = 75.0  # between two requests
QUIET_SECONDS = 60.0  # within a request's body, or while an answer waits to be read
MOST = MAX_HEAD + MAX_BODY  # bytes that wait to be looked at
LINGER_SECONDS = 2.0  # for what a client still sends after he was refused, or he would not read why


class Connection:
    __slots__ = (
        "_call",
        "_exchange",
        "_going",
        "_heard",
        "_inbox",
        "_last",
        "_leaving",
        "_runs",
        "address",
        "client",
        "server",
    )

    def __init__(self, server: "Server", connection: socket.socket, address: str) -> None:
        self.server = server
        self.address = address
        self.client = End(server.loop, connection, self._readable, self._drained, self.close)
        self._inbox = bytearray()
        self._exchange: Exchange | None = None  # what the web server answers
        self._call: Call | None = None  # what is answered here, as soon as it has come whole
        self._runs = False  # such a call
        self._going = False  # on: `go_on` is being run
        self._heard = time.monotonic()  # when something came or went; of a head, when it began
        self._last = False  # nothing is answered after what is now
        self._leaving = False  # it is told, only the client has to go

    @property
    def is_busy(self) -> bool:
        return self._runs or self._call is not None or self._exchange is not None or bool(self.client.out)

    def close(self) -> None:
        if self.client.closed:
            return
        self.client.close()
        if self._exchange is not None:
            self._exchange.close()
        self.server.forget(self)

    def is_stale(self, now: float) -> bool:
        quiet = now - max(self._heard, self.client.moved)
        if not self.is_busy:
            return quiet > (HEAD_SECONDS if self._inbox else IDLE_SECONDS)
        waits = self._call is not None or (self._exchange is not None and self._exchange.wants)
        return (waits or bool(self.client.out)) and quiet > QUIET_SECONDS

    # --- what happens -------------------------------------------------------------------------------------------------

    def _readable(self) -> None:
        data = self.client.read()
        if data is None:
            return
        if not data:
            self.close()  # nobody waits for an answer
        elif not self._leaving:
            if self.is_busy or not self._inbox:
                self._heard = time.monotonic()
            self._inbox += data
            self.go_on()

    def _drained(self) -> None:
        if self._exchange is not None:
            self._exchange.client_drained()
        elif self._last:
            self._leave()
        else:
            self.go_on()  # with what waited until its answer can be taken

    def go_on(self) -> None:
        """Look at what has come as far as it can be dealt with now."""
        if self._going:  # whoever called it is called by it, and goes on
            return
        self._going = True
        while not self.client.closed and not self._leaving and self._step():
            pass
        self._going = False
        self.client.pause(not self._leaving and len(self._inbox) >= MOST)

    def _step(self) -> bool:
        """Whether there may be more to do."""
        if self._exchange is not None:
            self._exchange.take(self._inbox)
            return self._exchange is None
        if self._call is not None:
            return self._serve(self._call)
        if not self._inbox or self._runs or self._last or self.client.is_full:
            return False
        return self._begin()

    def _serve(self, call: Call) -> bool:
        length = call.head.length or 0
        if len(self._inbox) < length:
            return False
        body = bytes(memoryview(self._inbox)[:length])
        del self._inbox[:length]
        self._call = None
        self._runs = True
        self.server.loop.start(self.server.invocations.serve(call, body, self))
        return True

    def reply(self, answer: bytes, goes_on: bool) -> None:
        """The answer to the call that runs."""
        self._runs = False
        if not self.client.send(answer):
            self.close()
            return
        self.answered(goes_on)

    def answered(self, goes_on: bool) -> None:
        """The request is over, its answer written or waiting to be."""
        self._exchange = None
        self._heard = time.monotonic()
        if goes_on and not self.server.draining:
            self.go_on()
            return
        self._last = True
        if not self.client.out:
            self._leave()

    def refuse(self, status: int) -> None:
        """Say so, and hang up: where the next request would begin nobody knows."""
        if self._exchange is not None:
            if self._exchange.has_answer:
                self.close()
                return
            self._exchange.close()
        reason = HTTPStatus(status).phrase
        self.client.send(
            f"HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain\r\nContent-Length: {len(reason)}\r\n"
            f"Connection: close\r\n\r\n{reason}".encode()
        )
        self.answered(False)

    def _begin(self) -> bool:
        """The next request. False when more of it has to come."""
        while self._inbox.startswith(b"\r\n"):
            del self._inbox[:2]
        end = self._inbox.find(END, 0, MAX_HEAD + len(END))
        if end < 0:
            if len(self._inbox) > MAX_HEAD:
                self.refuse(431)
            elif BARE_LINE_FEED.search(self._inbox):
                self.refuse(400)
            return False
        try:
            head = parse(bytes(memoryview(self._inbox)[: end + 2]))
        except BadRequest as error:
            self.refuse(error.status)
            return False
        del self._inbox[: end + len(END)]
        self._heard = time.monotonic()
        self._call = self.server.invocations.recognise(head, self.address)
        if self._call is None:
            self._exchange = Exchange(self, head)
            self._exchange.start()
        return True

    def _leave(self) -> None:
        """Hang up, but read for a while what still comes: a client that is writing would lose the answer."""
        if self._leaving or self.client.closed:
            return
        self._leaving = True
        self._inbox.clear()
        self.client.pause(False)
        try:
            self.client.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.close()
            return
        self.server.loop.later(LINGER_SECONDS, self.close)
