"""Log events from the pipe: bounded, complete, in order."""

import os
from collections.abc import Iterator

import pytest

from functions.execution.logs import EVENT_BYTES, MAX_BYTES, MAX_EVENT, LogBuffer, tail
from monitoring.report import Kind
from tests.execution.running import RunningExecutor


@pytest.fixture
def pipe() -> Iterator[tuple[LogBuffer, int]]:
    read, write = os.pipe2(os.O_NONBLOCK)
    yield LogBuffer(read), write
    os.close(read)
    os.close(write)


def texts(buffer: LogBuffer) -> list[str]:
    return [message for _, message in buffer.take()]


def test_lines_and_an_unfinished_one(pipe: tuple[LogBuffer, int]) -> None:
    buffer, write = pipe
    os.write(write, b"one\ntw")
    buffer.drain()
    assert texts(buffer) == ["one\n"]
    os.write(write, b"o\nthree")
    buffer.drain()
    buffer.end()
    assert texts(buffer) == ["two\n", "three\n"]


def test_a_carriage_return_is_a_newline_within_one_event(pipe: tuple[LogBuffer, int]) -> None:
    buffer, write = pipe
    os.write(write, b"first\rsecond\n")
    buffer.drain()
    assert texts(buffer) == ["first\nsecond\n"]


def test_bytes_that_are_not_text_are_replaced(pipe: tuple[LogBuffer, int]) -> None:
    buffer, write = pipe
    os.write(write, b"\xff\xfe ok\n")
    buffer.drain()
    assert texts(buffer) == ["\ufffd\ufffd ok\n"]


def test_a_long_line_becomes_several_events_and_nothing_is_lost(pipe: tuple[LogBuffer, int]) -> None:
    buffer, write = pipe
    sent = 0
    while sent < MAX_EVENT + 1000:
        sent += os.write(write, b"x" * 5000)
        buffer.drain()
    os.write(write, b"\n")
    buffer.drain()
    events = texts(buffer)
    assert [len(event) for event in events] == [MAX_EVENT, sent - MAX_EVENT + 1]
    assert "".join(events) == "x" * sent + "\n"


def test_beyond_the_cap_output_is_counted_not_kept(pipe: tuple[LogBuffer, int]) -> None:
    buffer, write = pipe
    line = b"y" * 9_999 + b"\n"
    for _ in range(1000):
        os.write(write, line)
        buffer.drain()
    buffer.end()
    events = texts(buffer)
    kept = MAX_BYTES // (len(line) + EVENT_BYTES)
    assert len(events) == kept + 1
    assert events[-1].startswith(f"[hearth] {(1000 - kept) * len(line)} bytes of output dropped")
    os.write(write, b"next\n")
    buffer.drain()
    assert texts(buffer) == ["next\n"]


def test_the_tail_is_the_last_4_kilobytes() -> None:
    assert tail(["a\n", "b\n"]) == b"a\nb\n"
    assert tail(["x" * 5000, "end\n"]) == b"x" * 4092 + b"end\n"
    assert tail([]) == b""


@pytest.mark.sandbox
def test_output_without_newline_and_output_of_children(executor: RunningExecutor) -> None:
    spec = executor.function(
        """
        import subprocess, sys
        def handler(event, context):
            subprocess.run(["/bin/echo", "child"])
            print("to stderr", file=sys.stderr)
            sys.stdout.write("unfinished")
        """
    )
    executor.invoke(spec)
    assert executor.messages(spec)[1:4] == ["child\n", "to stderr\n", "unfinished\n"]


@pytest.mark.sandbox
def test_lines_of_a_long_invocation_leave_before_its_end(executor: RunningExecutor) -> None:
    spec = executor.function(
        """
        import time
        def handler(event, context):
            print("early")
            time.sleep(0.6)
            print("late")
        """
    )
    result = executor.invoke(spec)
    live, final = executor.reports(spec)
    assert (live.kind, live.request_id) == (Kind.LOG, result.request_id)
    assert [message for _, message in live.lines] == [
        f"START RequestId: {result.request_id} Version: $LATEST\n",
        "early\n",
    ]
    assert (live.log_group, live.log_stream) == (final.log_group, final.log_stream)
    assert [message for _, message in final.lines][:1] == ["late\n"]
    assert result.log_tail.decode() == "".join(executor.messages(spec))


@pytest.mark.sandbox
def test_a_flood_is_cut_and_said(executor: RunningExecutor) -> None:
    spec = executor.function(
        "def handler(event, context):\n    for _ in range(20_000):\n        print('z' * 999)", timeout_s=60
    )
    assert executor.invoke(spec).function_error == ""
    messages = executor.messages(spec)
    assert messages[-3].startswith("[hearth] ")
    assert sum(map(len, messages)) < MAX_BYTES + 1000
    assert len([message for message in messages if message.startswith("z")]) == MAX_BYTES // (1000 + EVENT_BYTES)
