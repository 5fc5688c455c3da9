"""The lane: how an invocation reaches a worker node without a queue.

A stream socket carries frames both ways, one request at a time on a connection:

    4 bytes   length of the header, big endian
    4 bytes   length of the body, big endian
    header    JSON object
    body      bytes, never re-encoded (the event, the response)

Requests: {"op": "invoke", ...} and {"op": "status"}. The first invocation of a spec that the executor has not seen is
answered {"status": "need-spec"}; the client sends it again with the spec inside, so that the hot path carries a key
only. Other answers: {"status": "ok", ...InvocationResult}, {"status": "throttled", "reason": ...},
{"status": "failed", "message": ...}.

Clients block; each thread keeps one connection. A connection that dies before the request was written whole is opened
anew once; after that the outcome is unknown and LaneError is raised: an invocation is never sent twice.
"""

import json
import os
import socket
import struct
import threading
from dataclasses import asdict
from typing import Any

from functions.execution.spec import (
    InvocationRequest,
    InvocationResult,
    LaneError,
    NodeUnavailable,
    Throttled,
)

HEAD = struct.Struct("!II")
MAX_HEADER = 1024 * 1024
MAX_BODY = 16 * 1024 * 1024

# AWS's longest function is 900 s; init, queueing and the answer's way come on top.
ANSWER_SECONDS = 960.0


def encode_frame(header: dict[str, Any], body: bytes = b"") -> bytes:
    head = json.dumps(header, separators=(",", ":")).encode()
    return HEAD.pack(len(head), len(body)) + head + body


class LaneClient:
    """Calls one executor. May be used from any thread; each thread has its own connection."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._local = threading.local()

    def invoke(self, request: InvocationRequest, payload: bytes) -> InvocationResult:
        """Run one invocation and wait for its end. Raises Throttled, NodeUnavailable or LaneError."""
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
        answer, body = self.call(header, payload)
        if answer["status"] == "need-spec":
            answer, body = self.call({**header, "spec": asdict(spec)}, payload)
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
            case _:
                raise LaneError(answer.get("message", "the worker node could not run the invocation"))

    def status(self) -> dict[str, Any]:
        """Isolation in force, pools and environments of the node, as JSON-ready values."""
        return self.call({"op": "status"})[0]

    def call(self, header: dict[str, Any], body: bytes = b"") -> tuple[dict[str, Any], bytes]:
        frame = encode_frame(header, body)
        connection = self._send(frame)
        try:
            return read_frame(connection)
        except (OSError, ValueError) as error:
            self.close()
            raise LaneError(f"the worker node died during the invocation: {error}") from error

    def close(self) -> None:
        """Close this thread's connection; the next call opens another."""
        connection: socket.socket | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
        self._local.connection = None

    def _send(self, frame: bytes) -> socket.socket:
        for fresh in (False, True):
            if fresh:
                self.close()
            try:
                connection = self._connect()
                if not fresh and _is_stale(connection):
                    continue
                connection.sendall(frame)
            except OSError as error:
                self.close()
                # An executor reads a frame whole before it acts: a frame that was not sent whole did nothing.
                if fresh:
                    raise NodeUnavailable(f"no worker node at {self.address}: {error}") from error
            else:
                return connection
        raise AssertionError("unreachable")

    def _connect(self) -> socket.socket:
        connection: socket.socket | None = getattr(self._local, "connection", None)
        # A forked child must not share its parent's stream.
        if connection is None or self._local.pid != os.getpid():
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(self.address)
            self._local.connection = connection
            self._local.pid = os.getpid()
        return connection


def _is_stale(connection: socket.socket) -> bool:
    """Whether the other end closed while the connection lay idle (nothing else may be readable between calls)."""
    try:
        connection.setblocking(False)
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    finally:
        connection.settimeout(ANSWER_SECONDS)


def read_frame(connection: socket.socket) -> tuple[dict[str, Any], bytes]:
    head_length, body_length = HEAD.unpack(_read_exactly(connection, HEAD.size))
    if head_length > MAX_HEADER or body_length > MAX_BODY:
        raise ValueError(f"frame of {head_length}+{body_length} bytes")
    data = _read_exactly(connection, head_length + body_length)
    header: dict[str, Any] = json.loads(data[:head_length])
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
