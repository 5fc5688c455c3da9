"""The chunks of a streamed response: from the sandbox to the lane as they come, or gathered for one answer.

While the lane's other end reads slowly the sandbox's channel is left unread: it fills, and the handler waits.
"""

from functions.execution.environment import Environment
from functions.execution.stream import Head, Stream

# Bytes that may wait for the lane's other end.
AHEAD_BYTES = 256 * 1024


class Chunks:
    """What one invocation's handler streams. `limit` is in bytes: beyond it the environment is killed."""

    __slots__ = ("_client", "_environment", "_kept", "_request_id", "body", "limit", "size")

    def __init__(self, environment: Environment, request_id: str, client: Stream | None, limit: int, kept: int) -> None:
        self._environment = environment
        self._request_id = request_id
        self._client = client
        self.limit = limit
        self._kept = limit if client is None else kept  # of the body's beginning
        self.body = bytearray()
        self.size = 0

    @property
    def too_large(self) -> bool:
        return self.size > self.limit

    def take(self, head: Head, data: bytes) -> None:
        if head.get("id") != self._request_id:
            self._environment.kill("protocol")
            return
        self.size += len(data)
        if self.too_large:
            self._environment.kill("size")
            return
        if len(self.body) < self._kept:
            self.body += data[: self._kept - len(self.body)]
        if self._client is not None:
            self._client.send({"status": "chunk", "type": str(head.get("type", ""))[:256]}, data)
            if self._client.waiting > AHEAD_BYTES and not self._client.closed:
                self._client.on_drained = self._resume
                self._environment.pause(True)

    def end(self) -> None:
        """No more will come."""
        if self._client is not None:
            self._client.on_drained = None

    def _resume(self) -> None:
        self._environment.pause(False)
