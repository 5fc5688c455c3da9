"""What a handler prints: bounded, and never taken for what the platform says."""

import re

import pytest

from functions.execution.logs import EVENT_BYTES, MAX_BYTES, MAX_EVENT
from tests.attacks.attacking import Attacker

pytestmark = pytest.mark.sandbox


def test_a_line_of_many_megabytes(attacker: Attacker) -> None:
    changes = {"timeout_s": 10, "environment": {"attack": "long"}}
    assert attacker.run("output.one_long_line", 4, **changes) == "written"
    lines = [text for text in attacker.executor.messages(attacker.function(**changes)) if text.startswith("y")]
    assert [len(line.rstrip()) for line in lines] == [MAX_EVENT] * 16


def test_lines_that_look_like_the_platforms(attacker: Attacker) -> None:
    changes = {"environment": {"attack": "forge"}}
    forged = "11111111-2222-4333-8444-555555555555"
    result = attacker.invoke("output.forge_platform_lines", forged, **changes)
    assert result.payload == b'"forged"'
    record = attacker.executor.last(attacker.function(**changes))
    assert (record.request_id, record.outcome) == (result.request_id, "success")
    assert record.duration_ms == result.duration_ms
    messages = attacker.executor.messages(attacker.function(**changes))
    assert "\ufffd\ufffd\x00\x1b[2J\x07 tail\n" in messages
    assert messages[-1].startswith(f"REPORT RequestId: {result.request_id}")


def test_standard_descriptors_closed(attacker: Attacker) -> None:
    changes = {"environment": {"attack": "close"}}
    assert attacker.run("output.close_standard", **changes) == 0
    # Its environment has no log any more, and serves on or is replaced.
    assert attacker.run("processes.visible", **changes)[:2] == [1, 2]


def test_output_into_the_control_channel(attacker: Attacker) -> None:
    assert attacker.invoke("output.print_into_control", timeout_s=2).function_error == "Unhandled"


def test_output_after_the_answer(attacker: Attacker) -> None:
    changes = {"environment": {"attack": "background"}, "timeout_s": 10}
    assert attacker.run("output.stay_in_the_background", **changes) == "answered"
    attacker.check_neighbour()
    attacker.executor.client.recycle(attacker.function(**changes).function)


def test_a_larger_pipe_that_does_not_block(attacker: Attacker) -> None:
    assert attacker.run("output.grow_the_pipe", environment={"attack": "pipe"}) <= 1 << 20


# Last: what they leave in the spool is slow to read.
@pytest.mark.parametrize("name", ["flood_without_newline", "flood_of_empty_lines"])
def test_a_flood(attacker: Attacker, name: str) -> None:
    """The executor's memory is looked at after each test."""
    changes = {"timeout_s": 3, "environment": {"attack": name}}
    assert attacker.invoke(f"output.{name}", **changes).error_type == "Sandbox.Timedout"
    messages = attacker.executor.messages(attacker.function(**changes))
    assert sum(len(message) + EVENT_BYTES for message in messages) < MAX_BYTES + 10_000
    assert max(len(message) for message in messages) <= MAX_EVENT
    assert [message for message in messages if re.search(r"\d+ bytes of output dropped", message)]
