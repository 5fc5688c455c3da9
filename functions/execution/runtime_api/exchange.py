"""One request to the API and its answer, which may come much later."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from functions.execution.runtime_api.parser import Head

if TYPE_CHECKING:
    from functions.execution.runtime_api.connection import Connection

Trailers = dict[str, str]
REASONS = {
    200: "OK", 202: "Accepted", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    413: "Request Entity Too Large", 431: "Request Header Fields Too Large", 500: "Internal Server Error",
    501: "Not Implemented", 505: "HTTP Version Not Supported",
}  # fmt: skip


class Exchange:
    """What a handler gets when the head of a request has come.

    A handler may `collect` the body, `stream` it, or leave it: it is thrown away then. It calls `answer` once, at any
    later time; `on_gone` is called instead when the client goes before that. All of it on the loop, nothing blocks.
    """

    __slots__ = ("_connection", "answered", "head", "on_data", "on_end", "on_gone", "parameters")

    def __init__(self, connection: "Connection", head: Head) -> None:
        self._connection = connection
        self.head = head
        self.parameters: tuple[str, ...] = ()  # what stood in the path where the route has a placeholder
        self.answered = False
        self.on_data: Callable[[bytes], None] | None = None
        self.on_end: Callable[[Trailers], None] | None = None
        self.on_gone: Callable[[], None] | None = None

    def header(self, name: str) -> str:
        """The value of a header, by its name in lower case; empty when there is none."""
        return self.head.headers.get(name, "")

    def stream(self, on_data: Callable[[bytes], None], on_end: Callable[[Trailers], None]) -> None:
        """Take the body as it comes, and what trails it. Neither is called after the client has gone."""
        self.on_data, self.on_end = on_data, on_end
        self._connection.proceed(self)

    def collect(self, limit: int, done: Callable[[bytes | None, Trailers], None]) -> None:
        """Take the body whole: None when it is longer than `limit` bytes, of which nothing is kept then."""
        parts = bytearray()
        size = 0

        def on_data(data: bytes) -> None:
            nonlocal size
            size += len(data)
            if size <= limit:
                parts.extend(data)
            else:
                parts.clear()

        self.stream(on_data, lambda trailers: done(bytes(parts) if size <= limit else None, trailers))

    def pause(self, paused: bool) -> None:
        """Leave the body where it is, so that the client waits; or take it again."""
        self._connection.pause(paused)

    def answer(
        self,
        status: int,
        body: bytes = b"",
        headers: tuple[tuple[str, str], ...] = (),
        content_type: str = "application/json",
    ) -> None:
        """Ignored when the client has gone or has its answer."""
        if not self.answered:
            self.answered = True
            self._connection.respond(self, status, headers, content_type, body)

    def refuse(self, status: int, kind: str, message: str) -> None:
        """Answer as AWS does where something is wrong."""
        self.answer(status, json.dumps({"errorMessage": message, "errorType": kind}, separators=(",", ":")).encode())
