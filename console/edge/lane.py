"""The lane to a node, from the loop: what `functions.execution.lane.LaneClient` does while it blocks."""

import socket
import time
from dataclasses import asdict
from typing import Any

from console.edge.threads import Threads
from functions.execution.lane import ANSWER_SECONDS, MAX_BODY, MAX_HEADER, LaneClient, result_of
from functions.execution.loop import Loop, Promise
from functions.execution.spec import InvocationRequest, InvocationResult, LaneError, NodeUnavailable
from functions.execution.stream import Stream

Answer = tuple[dict[str, Any], bytes]


class Lane:
    """The connections to one executor; each carries one invocation at a time."""

    def __init__(self, loop: Loop, threads: Threads, client: LaneClient) -> None:
        self.loop = loop
        self.client = client
        self.idle: list[Wire] = []
        self.busy: set[Wire] = set()
        self._threads = threads

    async def invoke(self, request: InvocationRequest, payload: bytes) -> InvocationResult:
        """Raises Throttled, NodeUnavailable or LaneError."""
        header = self.client.header(request)
        answer, body = await self._ask(header, payload)
        if answer["status"] == "need-spec":
            answer, body = await self._ask({**header, "spec": asdict(request.spec)}, payload)
        return result_of(request, answer, body)

    def sweep(self, now: float) -> None:
        """Give up on answers that are longer in coming than any invocation can take."""
        for wire in [wire for wire in self.busy if now - wire.asked_at > ANSWER_SECONDS]:
            wire.stream.close()

    async def _ask(self, header: dict[str, Any], body: bytes) -> Answer:
        while self.idle:
            promise = self.idle.pop().ask(header, body)
            if promise is not None:
                return await promise
        self.client.dialling += 1  # who comes meanwhile may choose another node
        try:
            connection: socket.socket = await self._threads.run(self.client.connect)
        except OSError as error:
            raise NodeUnavailable(f"no worker node at {self.client.address}: {error}") from error
        finally:
            self.client.dialling -= 1
        promise = Wire(self, connection).ask(header, body)
        if promise is None:
            raise NodeUnavailable(f"the worker node at {self.client.address} hung up")
        return await promise


class Wire:
    """One connection."""

    __slots__ = ("_connection", "_lane", "_promise", "asked_at", "stream")

    def __init__(self, lane: Lane, connection: socket.socket) -> None:
        self._lane = lane
        self._connection = connection
        self._promise: Promise[Answer] | None = None
        self.asked_at = 0.0
        self.stream = Stream(lane.loop, connection, self._answered, self._closed, MAX_HEADER, MAX_BODY)

    def ask(self, header: dict[str, Any], body: bytes) -> Promise[Answer] | None:
        """None when the other end is gone: it has not got the frame whole, so it did nothing."""
        if self.stream.closed:
            return None
        promise = self._promise = Promise(self._lane.loop)
        self.asked_at = time.monotonic()
        self._lane.busy.add(self)
        self._lane.client.busy.add(self._connection)
        self.stream.send(header, body)
        return None if self.stream.closed else promise

    def _answered(self, header: dict[str, Any], body: bytes) -> None:
        promise, self._promise = self._promise, None
        if promise is None:  # nobody asked
            self.stream.close()
            return
        self._forget()
        self._lane.idle.append(self)
        promise.set((header, body))

    def _closed(self) -> None:
        self._forget()
        if self in self._lane.idle:
            self._lane.idle.remove(self)
        promise, self._promise = self._promise, None
        if promise is not None:
            not_sent = self.stream.waiting > 0
            promise.fail((NodeUnavailable if not_sent else LaneError)("the worker node died during the invocation"))

    def _forget(self) -> None:
        self._lane.busy.discard(self)
        self._lane.client.busy.discard(self._connection)
