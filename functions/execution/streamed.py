"""The reading end of a streamed invocation: chunks as they come, then the result."""

import socket
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from functions.execution.lane import LaneClient, read_frame, result_of
from functions.execution.spec import InvocationRequest, InvocationResult, LaneError


def stream(client: LaneClient, request: InvocationRequest, payload: bytes, limit: int) -> "StreamedResponse":
    """Run one invocation whose response may come in pieces, at most `limit` bytes. Returns when its first one is there.

    Raises Throttled, NodeUnavailable or LaneError.
    """
    header = {**client.header(request), "stream": limit}
    connection, answer, body = client.ask(header, payload)
    if answer["status"] == "need-spec":
        client.give_back(connection)
        connection, answer, body = client.ask({**header, "spec": asdict(request.spec)}, payload)
    return StreamedResponse(client, request, connection, answer, body)


class StreamedResponse:
    """Iterate once, in one thread; `result` is there afterwards, its payload empty unless the function failed.

    `content_type` is there from the beginning; empty when nothing was written. Iterating raises LaneError when the
    node dies. `close` may be called at any time and leaves the invocation to run to its end unread.
    """

    def __init__(
        self,
        client: LaneClient,
        request: InvocationRequest,
        connection: socket.socket,
        answer: dict[str, Any],
        body: bytes,
    ) -> None:
        self.request = request
        self.result: InvocationResult | None = None
        self.content_type = str(answer.get("type", ""))
        self._connection: socket.socket | None = connection
        self._next = (answer, body)
        self._client = client
        if answer["status"] != "chunk":
            self._end(answer, body)

    def __iter__(self) -> Iterator[bytes]:
        while self._connection is not None:
            answer, body = self._next
            if answer["status"] != "chunk":
                self._end(answer, body)
                return
            yield body
            if self._connection is not None:
                self._next = self._read(self._connection)

    def close(self) -> None:
        if self._connection is not None:
            self._client.drop(self._connection)
            self._connection = None

    def _read(self, connection: socket.socket) -> tuple[dict[str, Any], bytes]:
        try:
            return read_frame(connection)
        except (OSError, ValueError) as error:
            self.close()
            raise LaneError(f"the worker node died during the invocation: {error}") from error
        except BaseException:
            self.close()
            raise

    def _end(self, answer: dict[str, Any], body: bytes) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._client.give_back(connection)
        self.result = result_of(self.request, answer, body)
