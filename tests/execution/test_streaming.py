# ruff: noqa: E501 (JavaScript in one line)
"""Streamed responses, from the handler's stream through sandbox, executor and lane."""

import json
import socket
import uuid
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from functions.execution import streamed
from functions.execution.lane import encode_frame, header_of
from functions.execution.spec import FunctionSpec, InvocationRequest, LaneError
from functions.execution.streamed import StreamedResponse
from monitoring.report import Kind, Outcome
from tests.execution.running import RunningExecutor, eventually
from tests.execution.test_node import NODES, function

needs_node = pytest.mark.skipif(not NODES, reason="no Node.js on this machine")
pytestmark = [pytest.mark.sandbox]
MIB = 1024 * 1024


def handler(body: str) -> str:
    return f"exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {{ {body} }})"


def stream(
    executor: RunningExecutor, spec: FunctionSpec, event: Any = None, limit: int = 200 * MIB
) -> StreamedResponse:
    request = InvocationRequest(str(uuid.uuid4()), spec, "arn:aws:lambda:eu-west-1:1:function:f", want_tail=True)
    return streamed.stream(executor.client, request, json.dumps(event).encode(), limit)


def ended(executor: RunningExecutor, spec: FunctionSpec) -> int:
    return [report.kind for report in executor.reports(spec)].count(Kind.INVOCATION)


@needs_node
def test_the_first_byte_comes_before_the_end_and_a_slow_reader_holds_the_handler(executor: RunningExecutor) -> None:
    body = "for (let i = 0; i < 40; i++) { stream.write(Buffer.alloc(524288, 97 + i % 26)) } stream.end()"
    spec = function(executor, handler(body))
    response = stream(executor, spec)
    chunks = iter(response)
    first = next(chunks)
    assert first[:1] == b"a"
    executor.invoke(executor.function("def handler(event, context): return 1"))  # the executor serves others meanwhile
    assert not ended(executor, spec)  # more than all buffers hold is still to come
    whole = first + b"".join(chunks)
    assert whole == b"".join(bytes([97 + i % 26]) * 524288 for i in range(40))
    assert response.content_type == "application/octet-stream"
    assert response.result is not None
    assert (response.result.function_error, response.result.payload) == ("", b"")
    report = executor.last(spec)
    assert (report.outcome, report.response_size) == (Outcome.SUCCESS, 20 * MIB)
    assert report.response == whole[:65_536].decode()


@needs_node
def test_an_invocation_without_streaming_gets_the_whole(executor: RunningExecutor) -> None:
    spec = function(executor, handler("stream.write('a'); stream.write({ b: event }); stream.end('c')"))
    result = executor.invoke(spec, [1])
    assert (result.payload, result.function_error) == (b'a{"b":[1]}c', "")
    assert executor.last(spec).response == 'a{"b":[1]}c'
    large = function(executor, handler(f"stream.write(Buffer.alloc({7 * MIB})); stream.end()"), memory_mb=256)
    refused = executor.invoke(large)
    assert refused.error_type == "Function.ResponseSizeTooLarge"


@needs_node
@pytest.mark.parametrize(
    "files",
    [
        {"index.js": handler("stream = awslambda.HttpResponseStream.from(stream, event); stream.write('x'); stream.end()")},
        {"index.js": handler("awslambda.HttpResponseStream.from(stream, event).end('x')")},
        {
            "index.mjs": "import { pipeline } from 'stream/promises'; import { Readable } from 'stream';"
            "export const handler = awslambda.streamifyResponse(async (event, stream) => {"
            "  await pipeline(Readable.from(['x']), awslambda.HttpResponseStream.from(stream, event)) })"
        },
    ],
    ids=["write", "end", "pipeline"],
)  # fmt: skip
def test_an_http_response_has_a_prelude(executor: RunningExecutor, files: dict[str, str]) -> None:
    prelude = {"statusCode": 418, "headers": {"x-a": "b"}, "cookies": ["c=d"]}
    response = stream(executor, function(executor, files), prelude)
    head, _, body = b"".join(response).partition(b"\0" * 8)
    assert response.content_type == "application/vnd.awslambda.http-integration-response"
    assert (json.loads(head), body) == (prelude, b"x")


@needs_node
def test_a_content_type_of_its_own_and_nothing_at_all(executor: RunningExecutor) -> None:
    spec = function(
        executor, handler("stream.setContentType('text/plain'); if (event) stream.write(event); stream.end()")
    )
    response = stream(executor, spec, "text")
    assert (b"".join(response), response.content_type) == (b"text", "text/plain")
    empty = stream(executor, spec, "")
    assert list(empty) == []
    assert empty.result is not None
    assert empty.result.function_error == ""


@needs_node
@pytest.mark.parametrize(
    ("body", "kind", "outcome"),
    [
        ("throw new RangeError('boom')", "RangeError", Outcome.ERROR),
        ("stream.write('a'); throw new RangeError('boom')", "RangeError", Outcome.ERROR),
        ("stream.write('a'); stream.destroy(new RangeError('boom'))", "RangeError", Outcome.ERROR),
        ("stream.write('a'); process.exit(3)", "Runtime.ExitError", Outcome.CRASH),
        ("stream.write('a'); process.kill(process.pid, 'SIGKILL')", "Runtime.ExitError", Outcome.CRASH),
        ("stream.write('a'); await new Promise((done) => setTimeout(done, 60000))", "Sandbox.Timedout", Outcome.TIMEOUT),
        ("stream.write('a'.repeat(1000)); stream.end('b'.repeat(1000))", "Function.ResponseSizeTooLarge", Outcome.ERROR),
    ],
    ids=["before", "after", "destroyed", "exit", "kill", "timeout", "size"],
)  # fmt: skip
def test_a_handler_that_fails_on_the_way(executor: RunningExecutor, body: str, kind: str, outcome: Outcome) -> None:
    spec = function(executor, handler(f"if (event) {{ {body} }} else stream.end('well')"), timeout_s=1)
    response = stream(executor, spec, True, limit=1500)
    data = b"".join(response)
    assert data.startswith(b"a" if "'a'" in body else b"")
    assert len(data) <= 1500
    result = response.result
    assert result is not None
    assert (result.function_error, result.error_type) == ("Unhandled", kind)
    assert json.loads(result.payload)["errorType"] == kind
    assert executor.last(spec).outcome == outcome
    assert b"".join(stream(executor, spec, False)) == b"well"


@needs_node
def test_a_stream_that_never_ends_ends_with_the_last_event(executor: RunningExecutor) -> None:
    response = stream(executor, function(executor, handler("stream.write('a')")))
    assert b"".join(response) == b"a"
    assert response.result is not None
    assert response.result.function_error == ""


@needs_node
def test_what_is_written_after_the_end_of_an_invocation_is_lost(executor: RunningExecutor) -> None:
    source = "let old; " + handler(
        "if (old) { old.write('late'); stream.end('new') } else { old = stream; old.on('error', () => {}); stream.write('a'); throw new Error('x') }"
    )
    spec = function(executor, source)
    assert b"".join(stream(executor, spec)) == b"a"
    assert b"".join(stream(executor, spec)) == b"new"


@needs_node
def test_who_leaves_early_changes_nothing(executor: RunningExecutor) -> None:
    body = "for (let i = 0; i < 40; i++) stream.write(Buffer.alloc(524288)); stream.end()"
    spec = function(executor, handler(body))
    response = stream(executor, spec)
    next(iter(response))
    response.close()
    assert eventually(lambda: ended(executor, spec))
    report = executor.last(spec)
    assert (report.outcome, report.response_size) == (Outcome.SUCCESS, 20 * MIB)
    assert sum(map(len, stream(executor, spec))) == 20 * MIB
    assert executor.last(spec).init_ms is None  # the same environment


@needs_node
def test_who_leaves_while_all_waits_for_him_does_not_hold_the_function(executor: RunningExecutor) -> None:
    body = "for (let i = 0; i < 40; i++) stream.write(Buffer.alloc(524288)); stream.end()"
    spec = function(executor, handler(body))
    executor.invoke(spec)  # the executor knows it: no other answer comes first
    request = InvocationRequest(str(uuid.uuid4()), spec, "arn:aws:lambda:eu-west-1:1:function:f")
    with closing(executor.client.connect()) as connection:
        connection.sendall(encode_frame({**header_of(request), "stream": 200 * MIB}, b"null"))
        connection.recv(1, socket.MSG_PEEK)
        executor.invoke(executor.function("def handler(event, context): return 1"))  # the buffers are full by now
        assert eventually(lambda: ended(executor, spec) == 1)
    assert eventually(lambda: ended(executor, spec) == 2)
    assert executor.last(spec).outcome == Outcome.SUCCESS


@needs_node
def test_a_node_that_dies_on_the_way_is_said(start: Callable[..., RunningExecutor]) -> None:
    executor = start()
    body = "for (let i = 0; i < 40; i++) stream.write(Buffer.alloc(524288)); stream.end()"
    chunks = iter(stream(executor, function(executor, handler(body))))
    next(chunks)
    executor.process.kill()
    with pytest.raises(LaneError, match="died during the invocation"):
        list(chunks)


def test_an_ordinary_handler_answers_in_one_chunk(executor: RunningExecutor) -> None:
    spec = executor.function("def handler(event, context):\n    print('seen')\n    return event")
    response = stream(executor, spec, {"a": 1})
    assert list(response) == [b'{"a": 1}']
    assert response.content_type == "application/json"
    assert response.result is not None
    assert b"seen" in response.result.log_tail
    failing = stream(executor, executor.function("def handler(event, context):\n    raise KeyError(1)"))
    assert list(failing) == []
    assert failing.result is not None
    assert failing.result.error_type == "KeyError"


def test_a_chunk_of_another_invocation_kills_the_sandbox(executor: RunningExecutor) -> None:
    source = """
        import json, os, struct
        def handler(event, context):
            head = json.dumps({"op": "chunk", "id": "another", "type": "x"}).encode()
            os.write(3, struct.pack("!II", len(head), 2) + head + b"hi")
            return 1
    """
    response = stream(executor, executor.function(source))
    assert list(response) == []
    assert response.result is not None
    assert response.result.error_type == "Runtime.ExitError"
