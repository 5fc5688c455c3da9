"""One request that the web server answers: the bytes of both, passed on as they come, in no more memory than buffers.

The connection to the web server is for this request alone, so nothing that one client writes can become part of
another's request or answer.
"""

import re
import socket
import time
from typing import TYPE_CHECKING

from console.edge.end import End
from console.edge.framing import BadBody, Body, Sized, UntilTheEnd, framed
from console.edge.head import END, FIELD, Head, onward

if TYPE_CHECKING:
    from console.edge.connection import Connection

MAX_ANSWER_HEAD = 1024 * 1024
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})[^\r\n]*\r\n")
WITHOUT_BODY = frozenset((204, 304))
SAFE = frozenset(("GET", "HEAD"))
# A web server that is being started again is back within this time.
PATIENCE_SECONDS = 5.0
AGAIN_SECONDS = 0.05


class Exchange:
    def __init__(self, connection: "Connection", head: Head) -> None:
        self._connection = connection
        self._head = head
        self._request = framed(head.length)
        self._answer: Body | None = None
        self._answer_head = b""
        self._closes = False  # says the web server
        self._give_up_at = time.monotonic() + PATIENCE_SECONDS
        self._may_ask_again = head.method in SAFE and self._request.done
        self._closed = False
        self._upstream: End | None = None

    @property
    def has_answer(self) -> bool:
        """At least its beginning has gone to the client."""
        return self._answer is not None

    @property
    def wants(self) -> bool:
        """The client has to send more of his request."""
        return self._upstream is not None and not self._request.done and not self._upstream.is_full

    def start(self) -> None:
        self._connect()

    def close(self) -> None:
        self._closed = True
        if self._upstream is not None:
            self._upstream.close()

    def take(self, inbox: bytearray) -> None:
        """What is this request's, as far as there is room for it."""
        upstream = self._upstream
        if upstream is None or self._request.done:
            return
        while inbox and not self._request.done and not upstream.is_full:
            try:
                taken = self._request.take(inbox)
            except BadBody:
                self._connection.refuse(400)
                return
            data = bytes(memoryview(inbox)[:taken])
            del inbox[:taken]
            upstream.send(data)  # when it takes no more it has answered, or reading will tell that it is gone

    def client_drained(self) -> None:
        if self._upstream is not None:
            self._upstream.pause(False)

    # --- the web server's end -----------------------------------------------------------------------------------------

    def _connect(self) -> None:
        if self._closed:
            return
        server = self._connection.server
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            connection.connect(server.upstream)
        except OSError:  # it is being started, or has no room
            connection.close()
            if time.monotonic() > self._give_up_at:
                self._connection.refuse(503)
            else:
                server.loop.later(AGAIN_SECONDS, self._connect)
            return
        self._upstream = End(server.loop, connection, self._readable, self._connection.go_on, self._connection.close)
        self._upstream.send(onward(self._head, self._connection.address))
        self._connection.go_on()

    def _readable(self) -> None:
        assert self._upstream is not None
        data = self._upstream.read()
        if data is None:
            return
        if not data:
            self._ended()
        elif self._answer is None:
            self._read_head(data)
        else:
            self._pass_on(data)

    def _read_head(self, data: bytes) -> None:
        self._answer_head += data
        while self._answer is None:
            head, mark, rest = self._answer_head.partition(END)
            if not mark:
                if len(head) > MAX_ANSWER_HEAD:
                    self._connection.refuse(502)
                return
            found = STATUS.match(head + b"\r\n")
            if found is None:
                self._connection.refuse(502)
                return
            status = int(found[1])
            self._answer_head = rest
            if status < 200:  # 100 Continue: the answer is yet to come
                self._connection.client.send(head + mark)
                continue
            self._answer = self._framing(status, head + b"\r\n")
            self._answer_head = b""
            self._pass_on(head + mark + rest, len(head) + len(mark))

    def _framing(self, status: int, head: bytes) -> Body:
        fields = {name.lower(): value.strip().lower() for name, value in FIELD.findall(head, head.index(b"\n") + 1)}
        self._closes = fields.get(b"connection") == b"close"
        if self._head.method == "HEAD" or status in WITHOUT_BODY:
            return Sized(0)
        if fields.get(b"transfer-encoding") == b"chunked":
            return framed(None)
        length = fields.get(b"content-length")
        if length is None:
            self._closes = True
            return UntilTheEnd()
        return Sized(int(length))

    def _pass_on(self, data: bytes, body_at: int = 0) -> None:
        assert self._answer is not None
        assert self._upstream is not None
        body = data[body_at:] if body_at else data
        taken = self._answer.take(body) if not self._answer.done else 0
        if taken < len(body):  # more than an answer: nothing of it is right
            self._closes = True
            data = data[: body_at + taken]
        if not self._connection.client.send(data):
            self._connection.close()
        elif self._answer.done:
            self._finish()
        elif self._connection.client.is_full:
            self._upstream.pause(True)

    def _finish(self) -> None:
        self.close()
        # What the client still sends of a request that was answered before its end is not read.
        self._connection.answered(self._head.keep_alive and not self._closes and self._request.done)

    def _ended(self) -> None:
        if isinstance(self._answer, UntilTheEnd):
            self._finish()
        elif self._answer is not None:
            self._connection.close()  # so that nobody takes half an answer for a whole one
        elif self._may_ask_again:
            self._may_ask_again = False
            self._answer_head = b""
            self._upstream.close()  # type: ignore[union-attr]
            self._upstream = None
            self._connect()
        else:
            self._connection.refuse(502)
