"""The Lambda Runtime API of one sandbox, for the engine an object like `Stream`: frames in and out.

    GET  /2018-06-01/runtime/invocation/next
    POST /2018-06-01/runtime/invocation/<request id>/response
    POST /2018-06-01/runtime/invocation/<request id>/error
    POST /2018-06-01/runtime/init/error

    STARTED -----> READY -----> RUNNING -----> RESPONSE --------> SENT
       |             ^             |---------> ERROR_RESPONSE -----^|
       v             |                                              |
    INIT_ERROR       +----------------------------------------------+  (next)

The states and what each allows are those of AWS's own implementation, and so are the errors: 403 for a transition that
is not allowed, 400 for the request id of another invocation. An invocation is over when its response is here and the
runtime asks for the next one: what it does and prints between belongs to it.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html and AWS's Runtime Interface Emulator.
"""

import base64
import binascii
import json
import socket
from collections.abc import Callable
from enum import Enum
from typing import Protocol

from functions.execution.debts import Debts
from functions.execution.error_types import known
from functions.execution.loop import Loop, Timer
from functions.execution.runtime_api.exchange import Exchange, Trailers
from functions.execution.runtime_api.routes import Routes
from functions.execution.runtime_api.server import Server
from functions.execution.stream import Head, Stream

BROKEN_SECONDS = 0.05
RUNTIME = "/2018-06-01/runtime"
OK = b'{"status":"OK"}'
ERROR_TYPE = "lambda-runtime-function-error-type"
ERROR_BODY = "lambda-runtime-function-error-body"
WITH_CAUSE = "application/vnd.aws.lambda.error.cause+json"
# What AWS sends with each invocation, by the name in the engine's frame.
HEADERS = (
    ("Lambda-Runtime-Aws-Request-Id", "id"),
    ("Lambda-Runtime-Deadline-Ms", "deadline_ms"),
    ("Lambda-Runtime-Invoked-Function-Arn", "arn"),
    ("Lambda-Runtime-Trace-Id", "trace"),
    ("Lambda-Runtime-Client-Context", "client_context"),
    ("Lambda-Runtime-Cognito-Identity", "cognito"),
    ("Lambda-Runtime-Aws-Tenant-Id", "tenant"),
)


class State(Enum):
    STARTED = "Started"
    INIT_ERROR = "InitError"
    READY = "Ready"
    RUNNING = "Running"
    RESPONSE = "InvocationResponse"
    ERROR_RESPONSE = "InvocationErrorResponse"
    SENT = "RuntimeResponseSentState"


class Owner(Protocol):
    """Who gets the frames: an Environment."""

    debts: Debts

    def on_frame(self, head: Head, body: bytes) -> None: ...

    def on_close(self) -> None: ...


class RuntimeApi:
    """`control` is the channel of the process that waits for what it shall become (`runtimes/custom/bootstrap.py`);
    `listen` makes the listening socket, when that process is ready. A response may have `max_response` bytes."""

    def __init__(
        self,
        loop: Loop,
        control: socket.socket,
        listen: Callable[[], socket.socket],
        owner: Owner,
        max_head: int,
        max_response: int,
    ) -> None:
        self._loop = loop
        self._listen = listen
        self._owner = owner
        self._max_response = max_response
        self._assigned = False
        self._state = State.STARTED
        self._waiting: list[Exchange] = []  # for the next invocation; the last that asked is served
        self._event: tuple[Head, bytes] | None = None  # the invocation under way
        self._streaming: Exchange | None = None
        self._broken: Timer | None = None  # a response that broke off
        self.server: Server | None = None
        self.closed = False
        self._control = Stream(loop, control, self._controlled, self._hung_up, max_head, max_head)
        self._routes = Routes(
            {
                f"GET {RUNTIME}/invocation/next": self._next,
                f"POST {RUNTIME}/invocation/*/response": self._response,
                f"POST {RUNTIME}/invocation/*/error": self._error,
                f"POST {RUNTIME}/init/error": self._init_error,
                "GET /2018-06-01/ping": lambda exchange: exchange.answer(200, b"pong", content_type="text/plain"),
            }
        )

    # --- as a stream ---

    def send(self, head: Head, body: bytes = b"") -> None:
        if head["op"] == "assign":
            self._assigned = True
            self._control.send(head, body)
        else:
            self._event = (head, body)
            self._deliver()

    def pause(self, paused: bool) -> None:
        if self._streaming is not None:
            self._streaming.pause(paused)

    def drain(self) -> None:
        """The process is dead: what it said before counts."""
        if self.server is not None:
            self.server.drain()

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._control.close()
            if self.server is not None:
                self.server.close()

    # --- the channel before the runtime runs ---

    def _controlled(self, head: Head, body: bytes) -> None:
        if head.get("op") == "ready" and self.server is None:
            try:
                self.server = Server(self._loop, self._listen(), self._routes)
            except OSError:
                self._owner.on_close()
                return
        self._owner.on_frame(head, body)

    def _hung_up(self) -> None:
        # Once the process has become the runtime that channel is closed, and the API is the only one.
        if not self.closed and not self._assigned:
            self._owner.on_close()

    # --- requests ---

    def _next(self, exchange: Exchange) -> None:
        if self._broken is not None:
            self._settle_broken()
        before = self._state
        if before is State.RUNNING:  # asked again: the same invocation again
            self._tell(exchange)
            if self.server is not None:
                self.server.wasted()
            return
        if before not in (State.STARTED, State.READY, State.SENT):
            self._forbid(exchange, State.READY)
            return
        self._waiting.append(exchange)
        exchange.on_gone = lambda: self._waiting.remove(exchange)
        if before is State.STARTED:
            self._state = State.READY
            self._owner.on_frame({"op": "init"}, b"")
        elif before is State.SENT:
            self._state, self._event = State.READY, None
            self._owner.debts.paid()
        else:
            self._deliver()

    def _response(self, exchange: Exchange) -> None:
        if not self._may_respond(exchange, State.RESPONSE):
            return
        mode = exchange.header("lambda-runtime-function-response-mode")
        if mode and mode != "streaming":
            exchange.refuse(400, "InvalidFunctionResponseMode", "Invalid function response mode")
            self._settle({"error": "Runtime.InvalidResponseModeHeader"})
            return
        self._state = State.RESPONSE
        exchange.on_gone = self._truncated
        if mode:
            self._stream(exchange)
        else:
            exchange.collect(self._max_response, lambda body, _: self._responded(exchange, body, {}))

    def _stream(self, exchange: Exchange) -> None:
        head = {"op": "chunk", "id": self._request_id, "type": exchange.header("content-type")}
        self._streaming = exchange

        def ended(trailers: Trailers) -> None:
            self._streaming = None
            failure, body = {}, b""
            if kind := trailers.get(ERROR_TYPE, ""):
                failure, body = {"error": known(kind)}, decoded(trailers.get(ERROR_BODY, ""))
            self._responded(exchange, body, failure)

        exchange.stream(lambda data: self._owner.on_frame(head, data), ended)

    def _error(self, exchange: Exchange) -> None:
        if self._may_respond(exchange, State.ERROR_RESPONSE):
            self._state = State.ERROR_RESPONSE
            exchange.on_gone = self._truncated
            failure = {"error": known(exchange.header(ERROR_TYPE))}
            read = without_cause if exchange.header("content-type") == WITH_CAUSE else lambda body: body
            exchange.collect(
                self._max_response, lambda body, _: self._responded(exchange, body and read(body), failure)
            )

    def _init_error(self, exchange: Exchange) -> None:
        if self._state is not State.STARTED:
            self._forbid(exchange, State.INIT_ERROR)
            return
        self._state = State.INIT_ERROR

        def told(body: bytes | None, _: Trailers) -> None:
            exchange.answer(202, OK)
            self._owner.on_frame({"op": "init", "error": known(exchange.header(ERROR_TYPE))}, body or b"")

        exchange.collect(self._max_response, told)

    # --- one invocation ---

    @property
    def _request_id(self) -> str:
        return str(self._event[0]["id"]) if self._event is not None else ""

    def _deliver(self) -> None:
        if self._event is not None and self._waiting and self._state is State.READY:
            self._state = State.RUNNING
            exchange = self._waiting.pop()
            exchange.on_gone = None
            self._tell(exchange)

    def _tell(self, exchange: Exchange) -> None:
        assert self._event is not None
        head, body = self._event
        exchange.answer(200, body, tuple((name, shown(head[key])) for name, key in HEADERS if head.get(key)))

    def _may_respond(self, exchange: Exchange, state: State) -> bool:
        if self._event is None or exchange.parameters[0] != self._request_id:
            exchange.refuse(400, "InvalidRequestID", "Invalid request ID")
            return False
        if self._state is not State.RUNNING:
            self._forbid(exchange, state)
            return False
        return True

    def _responded(self, exchange: Exchange, body: bytes | None, failure: Head) -> None:
        """The response has come whole; it is too large if there is no body."""
        exchange.on_gone = None
        if body is None:
            message = f"Exceeded maximum allowed payload size ({self._max_response} bytes)."
            exchange.refuse(413, "RequestEntityTooLarge", message)
            self._settle({"size": self._max_response + 1})
        else:
            exchange.answer(202, OK)
            self._settle(failure, body)

    def _truncated(self) -> None:
        """The runtime broke off within its response. Usually because it is dead: then its end says more."""
        self._streaming = None
        self._broken = self._loop.later(BROKEN_SECONDS, self._settle_broken)

    def _settle_broken(self) -> None:
        assert self._broken is not None
        self._broken.cancel()
        self._broken = None
        if not self.closed:
            self._settle({"error": "Runtime.TruncatedResponse"})

    def _settle(self, head: Head, body: bytes = b"") -> None:
        """That is the answer. The invocation goes on until the runtime asks for the next one."""
        self._state = State.SENT
        self._owner.debts.owe()
        self._owner.on_frame({"op": "done", "id": self._request_id, **head}, body)

    def _forbid(self, exchange: Exchange, state: State) -> None:
        exchange.refuse(
            403,
            "InvalidStateTransition",
            f"State transition from {self._state.value} to {state.value} failed for runtime. "
            "Error: State transition is not allowed",
        )


def without_cause(body: bytes) -> bytes:
    """An error without what some clients add to it for X-Ray."""
    try:
        told = json.loads(body)
        error = {"errorMessage": str(told["errorMessage"]), "errorType": str(told["errorType"])}
        if told.get("stackTrace"):
            error["stackTrace"] = told["stackTrace"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return b'"Invalid error body"'
    return json.dumps(error, separators=(",", ":")).encode()


def shown(value: object) -> str:
    return json.dumps(value, separators=(",", ":")) if isinstance(value, dict) else str(value)


def decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return text.encode("utf-8", "surrogateescape")
