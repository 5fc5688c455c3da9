"""The lane: how an invocation reaches a worker node without a queue.

A stream socket, of this machine or TCP after a handshake (`handshake.py`), carries frames both ways, one request at a
time on a connection:

    4 bytes   length of the header, big endian
    4 bytes   length of the body, big endian
    header    JSON object
    body      bytes, never re-encoded (the event, the response)

Requests: {"op": "invoke", ...}, {"op": "status"}, {"op": "recycle", ...}, {"op": "provision"} with what is wanted in
its body, {"op": "provisioned", ...}, {"op": "drain", ...}, and those of `membership.py`. A client's first invocation of
a spec has it inside; from then on the hot path carries a key only. An executor that has not seen it answers
{"status": "need-spec"}, and the client sends it again. Other answers: {"status": "ok", ...InvocationResult},
{"status": "throttled", "reason": ...}, {"status": "draining"}, {"status": "failed", "message": ...}. An invocation with
"stream" (most bytes of the response) is answered by any number of {"status": "chunk", "type": ...} with a body before.

Clients block; idle connections are used again. A connection that dies before the request was written whole is replaced
by a new one; after that the outcome is unknown and LaneError is raised: an invocation is never sent twice.
"""

import contextlib
import json
import os
import socket
import struct
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import orjson

from functions.execution import handshake
from functions.execution.spec import (
    FunctionSpec,
    InvocationRequest,
    InvocationResult,
    LaneError,
    NodeUnavailable,
    NotRestored,
    Throttled,
)

HEAD = struct.Struct("!II")
MAX_HEADER = 1024 * 1024
MAX_SENT = 10_000
MAX_BODY = 72 * 1024 * 1024  # what the front door reads at most

# AWS's longest function is 900 s; init, queueing and the answer's way come on top.
ANSWER_SECONDS = 960
CONNECT_SECONDS = 2  # to another machine


def encode_head(head: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(head)
    except TypeError:  # lone surrogates
        return json.dumps(head, separators=(",", ":")).encode()


def decode_head(data: bytes) -> Any:
    """Raises ValueError or RecursionError for what is no JSON."""
    try:
        return orjson.loads(data)
    except ValueError:  # lone surrogates, which functions may write
        return json.loads(data)


def encode_frame(header: dict[str, Any], body: bytes = b"") -> bytes:
    head = encode_head(header)
    return HEAD.pack(len(head), len(body)) + head + body


class LaneClient:
    """Calls one executor. May be used from any thread: a call takes an idle connection, or opens one."""

    def __init__(self, address: str, secret: bytes = b"", patience: int = ANSWER_SECONDS) -> None:
        """`address`: the path of a socket, or host:port of a node elsewhere, with the nodes' secret.

        `patience`: seconds that an answer may take.
        """
        self.address = address
        self._patience = patience
        self._secret = secret
        self._pid = os.getpid()
        self._sent: set[str] = set()  # keys of specs
        self._idle: deque[socket.socket] = deque()
        self.busy: set[socket.socket] = set()  # those that an answer is awaited on
        self.dialling = 0  # calls that wait for a connection to be made

    def invoke(self, request: InvocationRequest, payload: bytes) -> InvocationResult:
        """Run one invocation and wait for its end. Raises Throttled, NodeUnavailable or LaneError."""
        header = self.header(request)
        answer, body = self.call(header, payload)
        if answer["status"] == "need-spec":
            answer, body = self.call({**header, "spec": asdict(request.spec)}, payload)
        return result_of(request, answer, body)

    def header(self, request: InvocationRequest) -> dict[str, Any]:
        """Of a call: with the spec whole when this client sends it for the first time, so that the node need not ask
        for it while a cold start waits."""
        header, key = header_of(request), request.spec.key
        if key not in self._sent:
            if len(self._sent) >= MAX_SENT:
                self._sent.clear()
            self._sent.add(key)
            header["spec"] = asdict(request.spec)
        return header

    @property
    def under_way(self) -> int:
        """Calls without an answer."""
        return len(self.busy) + self.dialling

    def status(self) -> dict[str, Any]:
        """Isolation in force, pools and environments of the node, as JSON-ready values."""
        return self.call({"op": "status"})[0]

    def recycle(self, function: str, log_stream: str = "") -> int:
        """End the environments of a function (`account:region:name`), or the one that writes to `log_stream`.

        Each goes after what it runs. Returns how many there were.
        """
        return int(self.call({"op": "recycle", "function": function, "log_stream": log_stream})[0]["ended"])

    def drain(self, draining: bool = True) -> None:
        """Let the node run nothing new, and end what runs; or let it run again what comes."""
        self.call({"op": "drain", "draining": draining})

    def provision(self, targets: Iterable[tuple[FunctionSpec, int]]) -> None:
        """Keep so many environments of these versions initialised, and none of others. The node does it soon after."""
        wanted = [{"spec": spec.to_wire(), "count": count} for spec, count in targets]
        self.call({"op": "provision"}, encode_head({"wanted": wanted}))

    def provisioned(self, function: str) -> list[dict[str, Any]]:
        """What stands initialised of a function (`account:region:name`), by version: `version`, `wanted`, `allocated`,
        `available` and `reason`, which says why there is too little."""
        found: list[dict[str, Any]] = self.call({"op": "provisioned", "function": function})[0]["versions"]
        return found

    def call(self, header: dict[str, Any], body: bytes = b"") -> tuple[dict[str, Any], bytes]:
        connection, answer, content = self.ask(header, body)
        self.give_back(connection)
        return answer, content

    def ask(self, header: dict[str, Any], body: bytes) -> tuple[socket.socket, dict[str, Any], bytes]:
        """The first frame of the answer, and the connection that it came by: the caller's to `give_back` or close."""
        connection = self._send(encode_frame(header, body))
        try:
            return connection, *read_frame(connection)
        except (OSError, ValueError) as error:
            self.drop(connection)
            raise LaneError(f"the worker node died during the invocation: {error}") from error
        except BaseException:
            self.drop(connection)  # half an answer may be on its way
            raise

    def give_back(self, connection: socket.socket) -> None:
        """Nothing more will come on it: another call may have it."""
        self.busy.discard(connection)
        self._idle.append(connection)

    def drop(self, connection: socket.socket) -> None:
        """Close it instead."""
        self.busy.discard(connection)
        connection.close()

    def cut(self) -> None:
        """The node is lost: whoever waits for an answer gets LaneError now."""
        for connection in list(self.busy):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.close()

    def close(self) -> None:
        """Close the idle connections; a later call opens another."""
        while self._idle:
            self._idle.pop().close()

    def _send(self, frame: bytes) -> socket.socket:
        """A connection that has taken the whole frame. Idle ones that do not are dropped, a fresh one is the last try.

        An executor reads a frame whole before it acts: a frame that was not sent whole did nothing.
        """
        if self._pid != os.getpid():  # a forked child must not share its parent's streams
            self._pid, self._idle, self.busy = os.getpid(), deque(), set()
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                break
            with contextlib.suppress(OSError):
                if not _is_stale(connection):
                    connection.sendall(frame)
                    self.busy.add(connection)
                    return connection
            connection.close()
        try:
            connection = self.connect()
        except OSError as error:
            raise NodeUnavailable(f"no worker node at {self.address}: {error}") from error
        try:
            connection.sendall(frame)
        except OSError as error:
            connection.close()
            raise NodeUnavailable(f"no worker node at {self.address}: {error}") from error
        self.busy.add(connection)
        return connection

    def connect(self) -> socket.socket:
        """A new connection, blocking. Raises OSError."""
        host, separator, port = self.address.rpartition(":")
        is_path = "/" in self.address or not separator
        family = socket.AF_UNIX if is_path else socket.AF_INET6 if ":" in host else socket.AF_INET
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            if is_path:
                _patience(connection, self._patience)
                connection.connect(self.address)
            else:
                _patience(connection, CONNECT_SECONDS)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                handshake.keep_alive(connection)
                connection.connect((host.strip("[]"), int(port)))
                handshake.introduce(connection, self._secret)
                _patience(connection, self._patience)
        except BaseException:
            connection.close()
            raise
        return connection


def _patience(connection: socket.socket, seconds: int) -> None:
    """By the kernel's own timeouts: Python's would cost a poll(2) before every read."""
    for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        connection.setsockopt(socket.SOL_SOCKET, option, struct.pack("@ll", seconds, 0))


def result_of(request: InvocationRequest, answer: dict[str, Any], body: bytes) -> InvocationResult:
    """What the last frame of an invocation says. Raises Throttled or LaneError."""
    spec = request.spec
    match answer["status"]:
        case "ok":
            return InvocationResult(
                request_id=request.request_id,
                payload=body[: len(body) - answer["tail"]],
                version=spec.version,
                log_tail=body[len(body) - answer["tail"] :],
                function_error=answer["function_error"],
                error_type=answer["error_type"],
                duration_ms=answer["duration_ms"],
                billed_ms=answer["billed_ms"],
                init_ms=answer["init_ms"],
                memory_mb=answer["memory_mb"],
                max_memory_mb=answer["max_memory_mb"],
            )
        case "throttled":
            raise Throttled(answer["reason"])
        case "not-restored":
            raise NotRestored(answer["timed_out"])
        case "draining":
            raise NodeUnavailable("the worker node takes no new invocations")
        case _:
            raise LaneError(answer.get("message", "the worker node could not run the invocation"))


def header_of(request: InvocationRequest) -> dict[str, Any]:
    spec = request.spec
    header: dict[str, Any] = {
        "op": "invoke",
        "key": spec.key,
        "request_id": request.request_id,
        "invoked_arn": request.invoked_arn,
        "qualifier": request.qualifier,
        "source": request.source,
        "client_context": request.client_context,
        "trace_id": request.trace_id,
        "want_tail": request.want_tail,
        "attempt": request.attempt,
        # Limits may change without a new environment: they travel with each call.
        "reserved": spec.reserved_concurrency,
        "unreserved": spec.unreserved_concurrency,
    }
    if request.cognito:
        header["cognito"] = request.cognito
    if request.tenant_id:
        header["tenant"] = request.tenant_id
    if spec.maximum_environments is not None:
        header["maximum"] = spec.maximum_environments
    return header


def _is_stale(connection: socket.socket) -> bool:
    """Whether the other end closed while the connection lay idle (nothing else may be readable between calls)."""
    try:
        # Anything to read between two calls is an end or a fault.
        connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    return True


def read_frame(connection: socket.socket) -> tuple[dict[str, Any], bytes]:
    head_length, body_length = HEAD.unpack(_read_exactly(connection, HEAD.size))
    if head_length > MAX_HEADER or body_length > MAX_BODY:
        raise ValueError(f"frame of {head_length}+{body_length} bytes")
    data = _read_exactly(connection, head_length + body_length)
    header: dict[str, Any] = decode_head(data[:head_length])
    return header, data[head_length:]


def _read_exactly(connection: socket.socket, length: int) -> bytes:
    data = connection.recv(length)
    if len(data) == length:
        return data
    chunks = [data]
    missing = length - len(data)
    while missing:
        if not chunks[-1]:
            raise ConnectionResetError("connection closed")
        chunks.append(connection.recv(min(missing, 1 << 20)))
        missing -= len(chunks[-1])
    return b"".join(chunks)
