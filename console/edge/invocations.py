"""Invoke without a thread: the gateway's own rules, from memory, and the lane from the same loop."""

import time
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from console.edge.head import Head
from console.edge.lane import Lane
from console.edge.request import EdgeRequest, request_of
from console.edge.threads import Threads
from console.gateway import invoke, middleware
from console.gateway.wire.protocol import WireAnswer
from functions.cache import NotInMemory
from functions.execution.lane import LaneClient
from functions.execution.loop import Loop, Promise
from functions.execution.spec import InvocationRequest, InvocationResult, LaneError, NodeUnavailable, Throttled
from functions.invoke import sync
from functions.invoke.trace import request_id as new_id

if TYPE_CHECKING:
    from console.edge.connection import Connection

READERS = 4  # threads, each with a connection to the database
DIALLERS = 8
SYNCHRONOUS = frozenset(("", "RequestResponse"))


class Call:
    """A request to invoke, whose body may be yet to come."""

    __slots__ = ("function_name", "head", "request")

    def __init__(self, head: Head, request: EdgeRequest, function_name: str) -> None:
        self.head = head
        self.request = request
        self.function_name = function_name


class Invocations:
    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._readers = Threads(loop, READERS)
        self._diallers = Threads(loop, DIALLERS)
        self._lanes: dict[LaneClient, Lane] = {}

    def recognise(self, head: Head, address: str) -> Call | None:
        """None for what others answer: all that is no Invoke, waits for no result, or is large."""
        request = request_of(head, address)
        if request is None or head.environ.get("HTTP_X_AMZ_INVOCATION_TYPE", "") not in SYNCHRONOUS:
            return None
        view = middleware.recognise(request)
        if not isinstance(view, middleware.Invocation) or view.view is not invoke.view:
            return None
        return Call(head, request, view.function_name)

    async def serve(self, call: Call, body: bytes, connection: "Connection") -> None:
        try:
            await self._serve(call, body, connection)
        except Exception:
            connection.close()
            raise

    async def _serve(self, call: Call, body: bytes, connection: "Connection") -> None:
        request_id = new_id()
        call.request._body = body
        try:
            answer = await self._invoke(call, request_id)
        except Exception as error:  # noqa: BLE001 every error is answered as AWS does, the unforeseen are logged
            answer = invoke.failure(call.request, error, request_id)
        goes_on = call.head.keep_alive and answer.headers.get("Connection") != "close"
        connection.reply(rendered(answer, request_id, goes_on), goes_on)

    def sweep(self, now: float) -> None:
        for client, lane in list(self._lanes.items()):
            lane.sweep(now)
            if not lane.idle and not lane.busy:  # its node is lost, perhaps
                del self._lanes[client]

    async def _invoke(self, call: Call, request_id: str) -> WireAnswer:
        try:
            asked = invoke.read(call.request, call.function_name, "Invoke")
        except NotInMemory:
            asked = await self._readers.run(lambda: invoke.read(call.request, call.function_name, "Invoke"))
        wanted = invoke.wanted_of(asked, request_id)
        try:
            result = await self._run(wanted, asked.payload)
        except (Throttled, LaneError) as error:
            raise sync.failure(wanted, error) from error
        return invoke.answer(wanted, result)

    async def _run(self, wanted: InvocationRequest, payload: bytes) -> InvocationResult:
        """As `sync.run`."""
        attempts = sync.Attempts(wanted)
        while True:
            try:
                result = await self._lane(attempts.next()).invoke(wanted, payload)
            except NodeUnavailable as error:
                await self._pause(attempts.failed(error))
            else:
                attempts.served()
                return result

    def _lane(self, client: LaneClient) -> Lane:
        lane = self._lanes.get(client)
        if lane is None:
            lane = self._lanes[client] = Lane(self._loop, self._diallers, client)
        return lane

    def _pause(self, seconds: float) -> Promise[None]:
        pause: Promise[None] = Promise(self._loop)
        self._loop.later(seconds, lambda: pause.set(None))
        return pause


def rendered(answer: WireAnswer, request_id: str, goes_on: bool) -> bytes:
    lines = [start_line(answer.status), f"Content-Type: {answer.content_type}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    if not goes_on and "Connection" not in answer.headers:
        lines.append("Connection: close")
    date = http_date(int(time.time()))
    lines.append(f"x-amzn-RequestId: {request_id}\r\nDate: {date}\r\nContent-Length: {len(answer.body)}\r\n\r\n")
    return "\r\n".join(lines).encode("latin-1", "replace") + answer.body


@lru_cache(maxsize=1024)
def start_line(status: int) -> str:
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"


@lru_cache(maxsize=8)
def http_date(now: int) -> str:
    return formatdate(now, usegmt=True)
