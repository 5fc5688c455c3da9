"""Streamed responses of custom runtimes: chunked requests to the Runtime API, with trailers, back-pressure, limits."""

import json

import pytest

from tests.execution.custom import scripted
from tests.execution.running import RunningExecutor
from tests.execution.test_streaming import MIB, stream

pytestmark = pytest.mark.sandbox


def test_the_first_byte_comes_before_the_last_and_a_slow_reader_holds_the_runtime(executor: RunningExecutor) -> None:
    spec = scripted(executor, timeout_s=20)
    response = stream(executor, spec, "begin()\nfor i in range(40): write(bytes([97 + i % 26]) * 524288)\nend()")
    chunks = iter(response)
    first = next(chunks)
    executor.run("def handler(event, context): return 1")  # the executor serves others meanwhile
    assert executor.reports(spec) == []
    whole = first + b"".join(chunks)
    assert whole == b"".join(bytes([97 + i % 26]) * 524288 for i in range(40))
    assert response.content_type == "text/own"
    assert response.result is not None
    assert response.result.function_error == ""
    assert executor.last(spec).response_size == 20 * MIB
    assert b"".join(stream(executor, spec, "respond('whole')")) == b'"whole"'  # of a response that is not streamed


def test_a_caller_who_does_not_stream_gets_the_whole(executor: RunningExecutor) -> None:
    spec = scripted(executor)
    assert executor.invoke(spec, "begin(); write(b'a'); write(b'b'); end()").payload == b"ab"
    assert executor.invoke(spec, "begin(); end()").payload == b""
    result = executor.invoke(spec, "begin()\nwhile True: write(b'x' * 65536)")
    assert result.error_type == "Function.ResponseSizeTooLarge"


def test_more_than_may_be_streamed(executor: RunningExecutor) -> None:
    response = stream(executor, scripted(executor), "begin()\nwhile True: write(b'x' * 65536)", limit=MIB)
    assert len(b"".join(response)) <= MIB
    assert response.result is not None
    assert response.result.error_type == "Function.ResponseSizeTooLarge"


@pytest.mark.parametrize(
    ("code", "kind", "payload"),
    [
        (
            """begin(); write(b"begun"); end(b"Runtime.Own", b'{"errorMessage":"m","errorType":"t"}')""",
            "Runtime.Own",
            {"errorMessage": "m", "errorType": "t"},
        ),
        ("begin(); write(b'begun'); api.close()", "Runtime.TruncatedResponse", None),
    ],
)
def test_an_end_that_is_none(executor: RunningExecutor, code: str, kind: str, payload: object) -> None:
    spec = scripted(executor)
    response = stream(executor, spec, code)
    assert b"".join(response) == b"begun"
    assert response.result is not None
    assert response.result.error_type == kind
    assert payload is None or json.loads(response.result.payload) == payload
    assert executor.invoke(spec, "respond('well')").payload == b'"well"'
