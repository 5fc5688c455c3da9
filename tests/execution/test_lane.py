"""The lane's serving end: frames that come in pieces, broken ones, ones too large."""

import json
import socket
import struct
import uuid
from collections.abc import Iterator

import pytest

from functions.execution.lane import HEAD, MAX_BODY, MAX_HEADER, encode_frame, read_frame
from functions.execution.spec import InvocationRequest
from tests.execution.running import RunningExecutor

pytestmark = pytest.mark.sandbox


@pytest.fixture
def connection(executor: RunningExecutor) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(executor.client.address)
        yield client


def test_an_unknown_key_asks_for_the_spec(connection: socket.socket) -> None:
    connection.sendall(encode_frame({"op": "invoke", "key": "never seen"}))
    assert read_frame(connection) == ({"status": "need-spec"}, b"")


def test_a_client_sends_a_spec_with_its_first_call_and_again_to_a_node_that_has_not_got_it(
    executor: RunningExecutor,
) -> None:
    spec = executor.function("def handler(event, context): return event")
    request = InvocationRequest(str(uuid.uuid4()), spec, "arn:aws:lambda:eu-west-1:1:function:f")
    assert ["spec" in executor.client.header(request) for _ in range(2)] == [True, False]
    assert executor.invoke(spec, 7).payload == b"7"


def test_a_frame_may_come_in_pieces_and_two_at_once(connection: socket.socket) -> None:
    frame = encode_frame({"op": "status"})
    for byte in frame:
        connection.sendall(bytes([byte]))
    assert read_frame(connection)[0]["status"] == "ok"
    connection.sendall(frame + frame)
    assert [read_frame(connection)[0]["status"] for _ in range(2)] == ["ok", "ok"]


def test_an_unknown_operation_is_said(connection: socket.socket) -> None:
    connection.sendall(encode_frame({"op": "dance"}))
    assert read_frame(connection)[0] == {"status": "failed", "message": "unknown operation 'dance'"}


@pytest.mark.parametrize(
    "data",
    [
        HEAD.pack(MAX_HEADER + 1, 0),
        HEAD.pack(2, MAX_BODY + 1),
        HEAD.pack(4, 0) + b"nope",
        HEAD.pack(2, 0) + b"[]",
        HEAD.pack(2, 0) + b"\xff\xff",
        struct.pack("!II", 200_000, 0) + b"[" * 200_000,
    ],
)
def test_a_broken_frame_ends_the_connection_and_nothing_else(
    executor: RunningExecutor, connection: socket.socket, data: bytes
) -> None:
    connection.sendall(data)
    assert connection.recv(10) == b""
    assert executor.client.status()["status"] == "ok"


def test_a_request_that_lacks_members_fails_and_the_executor_goes_on(
    executor: RunningExecutor, connection: socket.socket
) -> None:
    spec = executor.function("def handler(event, context):\n    return 1")
    connection.sendall(encode_frame({"op": "invoke", "spec": spec.to_wire()}))
    assert read_frame(connection)[0]["status"] == "failed"
    assert executor.invoke(spec).payload == b"1"


def test_status(executor: RunningExecutor) -> None:
    status = executor.client.status()
    assert json.dumps(status)
    assert set(status) >= {"node", "isolation", "runtimes", "pools", "environments", "in_flight"}
