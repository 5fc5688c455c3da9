"""InvokeWithResponseStream, parsed by boto3, and function URLs that stream; InvokeAsync."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from console.gateway.wire import event_stream
from functions.execution.runtimes.discovery import installed
from tests.family import RunningHearth, wait_for, zip_of

NODES = [name for name, interpreter in installed().items() if interpreter.family == "node"]
pytestmark = [pytest.mark.server, pytest.mark.sandbox]
needs_node = pytest.mark.skipif(not NODES, reason="no Node.js on this machine")

# A function that does what its event asks for, also by URL, where the event is the body.
STREAMS = """
exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
  const asked = event.body ? JSON.parse(event.body) : event;
  if (asked.prelude) stream = awslambda.HttpResponseStream.from(stream, asked.prelude);
  if (asked.fail === "before") throw new RangeError("boom");
  for (let count = 0; count < (asked.chunks ?? 1); count++) stream.write("x".repeat(asked.size ?? 1));
  console.log("written");
  if (asked.fail) throw new RangeError("boom");
  stream.end();
});
"""
# More than sockets and buffers hold: it cannot have ended while most of it is unread.
MUCH = {"chunks": 80, "size": 262_144}


@pytest.fixture(scope="module")
def streams(hearth: RunningHearth) -> str:
    code = {"ZipFile": zip_of({"index.js": STREAMS})}
    hearth.deploy("gateway-streams", "", Runtime=NODES[-1], Handler="index.handler", Code=code, Timeout=20)
    return "gateway-streams"


@pytest.fixture(scope="module")
def url(hearth: RunningHearth, streams: str) -> str:
    client = hearth.client("lambda")
    made = client.create_function_url_config(FunctionName=streams, AuthType="NONE", InvokeMode="RESPONSE_STREAM")
    for action, condition in (
        ("lambda:InvokeFunctionUrl", {"FunctionUrlAuthType": "NONE"}),
        ("lambda:InvokeFunction", {"InvokedViaFunctionUrl": True}),
    ):
        client.add_permission(
            FunctionName=streams, StatementId=action.rpartition(":")[2], Action=action, Principal="*", **condition
        )
    return f"{hearth.endpoint}/_url/{made['FunctionUrl'].partition('//')[2].partition('.')[0]}/"


def events(hearth: RunningHearth, name: str, event: Any, **members: Any) -> Iterator[dict[str, Any]]:
    answer = hearth.client("lambda").invoke_with_response_stream(
        FunctionName=name, Payload=json.dumps(event), **members
    )
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    yield from answer["EventStream"]


def logged(hearth: RunningHearth, name: str, text: str) -> bool:
    logs = hearth.client("logs")
    try:
        return bool(logs.filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern=f'"{text}"')["events"])
    except logs.exceptions.ResourceNotFoundException:  # before the first line
        return False


def ended(hearth: RunningHearth, request_id: str) -> bool:
    return logged(hearth, "gateway-streams", f"REPORT RequestId: {request_id}")


@needs_node
def test_chunks_and_the_end(hearth: RunningHearth, streams: str) -> None:
    *chunks, end = events(hearth, streams, {"chunks": 2, "size": 3}, LogType="Tail")
    assert b"".join(each["PayloadChunk"]["Payload"] for each in chunks) == b"xxxxxx"
    assert set(end["InvokeComplete"]) == {"LogResult"}


@needs_node
def test_the_first_byte_is_here_before_the_end(hearth: RunningHearth, streams: str) -> None:
    client = hearth.client("lambda")
    answer = client.invoke_with_response_stream(FunctionName=streams, Payload=json.dumps(MUCH))
    found = iter(answer["EventStream"])
    size = len(next(found)["PayloadChunk"]["Payload"])
    request_id = answer["ResponseMetadata"]["RequestId"]
    later = client.invoke(FunctionName=streams, Payload=b"{}")["ResponseMetadata"]["RequestId"]
    wait_for("the report of one that began later", lambda: ended(hearth, later))
    assert not ended(hearth, request_id)
    size += sum(len(each["PayloadChunk"]["Payload"]) for each in found if "PayloadChunk" in each)
    assert size == MUCH["chunks"] * MUCH["size"]
    wait_for("its report", lambda: ended(hearth, request_id))


@needs_node
def test_a_client_that_leaves_does_not_hold_the_function(hearth: RunningHearth, streams: str) -> None:
    answer = hearth.client("lambda").invoke_with_response_stream(FunctionName=streams, Payload=json.dumps(MUCH))
    next(iter(answer["EventStream"]))
    answer["EventStream"].close()
    request_id = answer["ResponseMetadata"]["RequestId"]
    wait_for("its end", lambda: ended(hearth, request_id))
    assert logged(hearth, streams, "written")


@needs_node
@pytest.mark.parametrize(("fail", "written"), [("before", b""), ("after", b"x")])
def test_a_failure_is_told_at_the_end(hearth: RunningHearth, streams: str, fail: str, written: bytes) -> None:
    *chunks, end = events(hearth, streams, {"fail": fail})
    assert b"".join(each["PayloadChunk"]["Payload"] for each in chunks) == written
    assert end["InvokeComplete"]["ErrorCode"] == "Unhandled"
    assert json.loads(end["InvokeComplete"]["ErrorDetails"])["errorType"] == "RangeError"


@needs_node
def test_the_buffered_invoke_returns_the_whole(hearth: RunningHearth, streams: str) -> None:
    answer = hearth.client("lambda").invoke(FunctionName=streams, Payload=b'{"chunks": 3}')
    assert answer["Payload"].read() == b"xxx"


def test_an_ordinary_function_answers_in_one_chunk(hearth: RunningHearth) -> None:
    hearth.deploy("gateway-plain", "def handler(event, context): return event")
    chunk, end = events(hearth, "gateway-plain", {"a": 1})
    assert json.loads(chunk["PayloadChunk"]["Payload"]) == {"a": 1}
    assert end == {"InvokeComplete": {}}


def test_what_is_refused_is_refused_as_by_invoke(hearth: RunningHearth) -> None:
    client = hearth.client("lambda")
    with pytest.raises(ClientError) as refused:
        client.invoke_with_response_stream(FunctionName="absent", Payload=b"{}")
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"
    hearth.deploy("gateway-reserved", "def handler(event, context): return event")
    client.put_function_concurrency(FunctionName="gateway-reserved", ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError) as refused:
        client.invoke_with_response_stream(FunctionName="gateway-reserved", Payload=b"{}")
    assert refused.value.response["Error"]["Code"] == "TooManyRequestsException"
    assert refused.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    dry = client.invoke_with_response_stream(FunctionName="gateway-reserved", InvocationType="DryRun")
    assert dry["ResponseMetadata"]["HTTPStatusCode"] == 204


@needs_node
def test_a_url_streams_with_its_prelude(hearth: RunningHearth, url: str) -> None:
    prelude = {"statusCode": 418, "headers": {"x-a": "b", "content-type": "text/plain"}, "cookies": ["c=d; Path=/"]}
    with requests.post(url, json={**MUCH, "prelude": prelude}, stream=True, timeout=30) as answer:
        assert (answer.status_code, answer.headers["x-a"], answer.headers["content-type"]) == (418, "b", "text/plain")
        assert answer.headers["set-cookie"] == "c=d; Path=/"
        assert "content-length" not in answer.headers
        request_id = answer.headers["x-amzn-RequestId"]
        pieces = answer.iter_content(65_536)
        first = next(pieces)
        assert first == b"x" * len(first)
        assert not ended(hearth, request_id)
        assert len(first) + sum(map(len, pieces)) == MUCH["chunks"] * MUCH["size"]


@needs_node
@pytest.mark.parametrize(
    "asked", [{"fail": "before"}, {"prelude": {"statusCode": 99}}, {"prelude": []}, {"prelude": {"headers": {"ü": 1}}}]
)
def test_what_cannot_begin_is_a_bad_gateway(url: str, asked: dict[str, Any]) -> None:
    assert requests.post(url, json=asked, timeout=30).status_code == 502


@needs_node
def test_a_url_whose_function_fails_on_the_way_gives_what_was_written(url: str) -> None:
    answer = requests.post(url, json={"fail": "after"}, timeout=30)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/octet-stream")
    assert answer.content == b"x"


def test_invoke_async(hearth: RunningHearth) -> None:
    hearth.deploy("gateway-later", "def handler(event, context): print('got', event['n'])")
    answer = hearth.client("lambda").invoke_async(FunctionName="gateway-later", InvokeArgs=b'{"n": 7}')
    assert (answer["Status"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (202, 202)
    wait_for("its log line", lambda: logged(hearth, "gateway-later", "got 7"))
    with pytest.raises(ClientError) as refused:
        hearth.client("lambda").invoke_async(FunctionName="gateway-later", InvokeArgs=b"{")
    assert refused.value.response["Error"]["Code"] == "InvalidRequestContentException"


def test_a_message_of_the_encoding() -> None:
    # The example of AWS's own libraries: one string header, a JSON payload.
    encoded = event_stream.message({"content-type": "application/json"}, b"{'foo':'bar'}")
    header = b"\x0ccontent-type\x07\x00\x10application/json"
    assert encoded == b"\0\0\0=\0\0\0 \x07\xfd\x83\x96" + header + b"{'foo':'bar'}" + b"\x8d\x9c\x08\xb1"
