"""A hostile handler and its own control channel: whatever it writes there costs its environment only."""

import json

import pytest

from tests.execution.running import RunningExecutor

pytestmark = pytest.mark.sandbox

FRAME = """
import json, os, struct, time
def frame(head, body=b""):
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    return struct.pack("!II", len(text), len(body)) + text + body
"""
WRITES = {
    "garbage": "os.write(3, os.urandom(65536))",
    "huge head": "os.write(3, struct.pack('!II', 1 << 30, 0))",
    "huge body": "os.write(3, struct.pack('!II', 2, 1 << 31) + b'{}')",
    "not an object": "os.write(3, frame(b'[]'))",
    "deep": "os.write(3, frame(b'[' * 60000))",
    "unknown": "os.write(3, frame({'op': 'assign'}))",
    "ready again": "os.write(3, frame({'op': 'ready'}))",
    "wrong id": "os.write(3, frame({'op': 'done', 'id': 'other'}, b'1'))",
    "no id": "os.write(3, frame({'op': 'done'}, b'1'))",
    "id of another type": "os.write(3, frame({'op': 'done', 'id': {'a': []}}, b'1'))",
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_garbage(executor: RunningExecutor, write: str) -> None:
    source = f"{FRAME}\ndef handler(event, context):\n    {write}\n    time.sleep(60)"
    result = executor.invoke(executor.function(source, timeout_s=2))
    assert result.function_error == "Unhandled"
    assert result.error_type in {"Runtime.ExitError", "Sandbox.Timedout"}
    assert executor.run("def handler(event, context):\n    return 'fine'") == "fine"


def test_an_answer_before_the_question(executor: RunningExecutor) -> None:
    source = f"{FRAME}\nos.write(3, frame({{'op': 'init'}}) + frame({{'op': 'done', 'id': 'x'}}, b'1'))\ntime.sleep(60)"
    assert executor.invoke(executor.function(source)).error_type == "Runtime.ExitError"


def test_a_second_answer(executor: RunningExecutor) -> None:
    source = (
        FRAME
        + """
def handler(event, context):
    os.write(3, frame({"op": "done", "id": context.aws_request_id}, b'"mine"') * 2)
    return "late"
"""
    )
    spec = executor.function(source)
    first = executor.invoke(spec)
    assert (first.payload, first.function_error) == (b'"mine"', "")
    # Its environment is gone: the next invocation has one of its own, and its own answer.
    second = executor.invoke(spec)
    assert second.request_id != first.request_id
    assert second.payload == b'"mine"'


def test_an_answer_for_the_next_invocation(executor: RunningExecutor) -> None:
    """Answers written ahead are not taken for an invocation that comes later."""
    source = (
        FRAME
        + """
def handler(event, context):
    done = {"op": "done", "id": context.aws_request_id}
    os.write(3, frame(done, b"1") + frame({**done, "id": event}, b'"forged"'))
    time.sleep(60)
"""
    )
    spec = executor.function(source, timeout_s=2)
    coming = "22222222-2222-4222-8222-222222222222"
    executor.invoke(spec, coming)
    honest = executor.invoke(spec, "33333333-3333-4333-8333-333333333333", request_id=coming)
    assert honest.payload == b"1"


def test_closing_the_channel(executor: RunningExecutor) -> None:
    source = "import os, time\ndef handler(event, context):\n    os.close(3)\n    time.sleep(60)"
    assert executor.invoke(executor.function(source, timeout_s=1)).function_error == "Unhandled"


def test_a_forged_error_is_only_a_payload(executor: RunningExecutor) -> None:
    source = (
        FRAME
        + """
def handler(event, context):
    os.write(3, frame({"op": "done", "id": context.aws_request_id, "error": "x" * 5000}, b"not json"))
    time.sleep(60)
"""
    )
    result = executor.invoke(executor.function(source))
    assert (result.function_error, result.payload, len(result.error_type)) == ("Unhandled", b"not json", 256)


def test_a_flood_of_output_keeps_the_executor_small_and_others_served(executor: RunningExecutor) -> None:
    def resident() -> int:
        with open(f"/proc/{executor.process.pid}/statm") as file:
            return int(file.read().split()[1]) * 4096

    before = resident()
    source = "import os\ndef handler(event, context):\n    while True:\n        os.write(1, b'flood' * 12000)"
    result = executor.invoke(executor.function(source, timeout_s=2))
    assert result.error_type == "Sandbox.Timedout"
    assert resident() - before < 100 << 20
    assert executor.run("def handler(event, context):\n    return 'fine'") == "fine"


def test_an_answer_that_is_larger_than_the_limit_without_saying_so(executor: RunningExecutor) -> None:
    source = (
        FRAME
        + """
import socket
def handler(event, context):
    channel = socket.socket(fileno=os.dup(3))
    channel.sendall(frame({"op": "done", "id": context.aws_request_id}, b"1" * event))
    time.sleep(60)
"""
    )
    spec = executor.function(source, timeout_s=5)
    assert executor.invoke(spec, 6 * 1024 * 1024 + 101).error_type == "Function.ResponseSizeTooLarge"
    assert executor.invoke(spec, 50 * 1024 * 1024).function_error == "Unhandled"


def test_reading_the_channel_shows_only_ones_own_events(executor: RunningExecutor) -> None:
    source = """
        import os, select
        def handler(event, context):
            return select.select([3], [], [], 0.1)[0] == []
        """
    assert executor.run(source) is True


def test_results_are_data_whatever_they_look_like(executor: RunningExecutor) -> None:
    source = "def handler(event, context):\n    return event"
    value = {"status": "throttled", "op": "status", "tail": 10_000, "x": "\u0000\u2028"}
    result = executor.invoke(executor.function(source), value)
    assert json.loads(result.payload) == value
