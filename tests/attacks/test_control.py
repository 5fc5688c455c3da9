"""A hostile handler and its own control channel: whatever it writes there costs its environment only."""

import ast
import json

import pytest

from tests.attacks.attacking import HANDLERS, Attacker

pytestmark = pytest.mark.sandbox
COMING = "22222222-2222-4222-8222-222222222222"


def writes() -> list[str]:
    """The names in `WRITES` of handlers/control.py, which only runs in a sandbox."""
    for node in ast.parse(HANDLERS["control.py"]).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            return [str(ast.literal_eval(key)) for key in node.value.keys if key is not None]
    raise LookupError("WRITES")


@pytest.mark.parametrize("what", writes())
def test_garbage(attacker: Attacker, what: str) -> None:
    result = attacker.invoke("control.write", what, timeout_s=1)
    assert result.function_error == "Unhandled"
    assert result.error_type in {"Runtime.ExitError", "Sandbox.Timedout"}


@pytest.mark.parametrize("name", ["lie_about_length", "close"])
def test_an_answer_that_never_comes(attacker: Attacker, name: str) -> None:
    assert attacker.invoke(f"control.{name}", timeout_s=1).function_error == "Unhandled"


def test_an_answer_before_the_question(attacker: Attacker) -> None:
    changes = {"environment": {"ATTACK_AT_INIT": "control.answer_before_the_question"}}
    assert attacker.invoke("control.listen", **changes).error_type == "Runtime.ExitError"


def test_a_second_answer(attacker: Attacker) -> None:
    first = attacker.invoke("control.answer_twice")
    assert (first.payload, first.function_error) == (b'"mine"', "")
    # Its environment is gone: the next invocation has one of its own, and its own answer.
    second = attacker.invoke("control.answer_for", "")
    assert second.request_id != first.request_id
    assert second.payload == b'"honest"'


def test_an_answer_for_an_invocation_to_come(attacker: Attacker) -> None:
    """Answers written ahead are not taken for it."""
    attacker.invoke("control.answer_for", COMING, timeout_s=1)
    spec = attacker.function(timeout_s=1)
    honest = attacker.executor.invoke(spec, ["control.answer_for", ""], request_id=COMING)
    assert honest.payload == b'"honest"'


def test_a_runtime_that_does_not_come_back(attacker: Attacker) -> None:
    """The environment counts as idle: the next invocation waits for it in vain."""
    assert attacker.run("control.answer_and_linger", timeout_s=1) == "early"
    assert attacker.invoke("control.listen", timeout_s=1).error_type == "Sandbox.Timedout"
    assert attacker.run("control.listen", timeout_s=1) is True


def test_a_forged_error_is_only_a_payload(attacker: Attacker) -> None:
    result = attacker.invoke("control.forged_error", timeout_s=4)
    assert (result.function_error, result.payload, len(result.error_type)) == ("Unhandled", b"not json", 256)


def test_an_answer_byte_by_byte(attacker: Attacker) -> None:
    assert attacker.run("control.drip", timeout_s=7) == "slow"


def test_an_answer_that_is_larger_than_it_may_be_without_saying_so(attacker: Attacker) -> None:
    changes = {"timeout_s": 2, "memory_mb": 512}
    assert (
        attacker.invoke("control.large", 6 * 1024 * 1024 + 101, **changes).error_type == "Function.ResponseSizeTooLarge"
    )
    assert attacker.invoke("control.large", 50 * 1024 * 1024, **changes).function_error == "Unhandled"


def test_a_streamed_answer_without_end(attacker: Attacker) -> None:
    changes = {"timeout_s": 2, "memory_mb": 512}
    result = attacker.invoke("control.chunks", 1 << 20, 100_000, **changes)
    assert result.error_type == "Function.ResponseSizeTooLarge"
    assert attacker.invoke("control.chunks", 1, 10_000_000, **changes).function_error == "Unhandled"


def test_descriptors_sent_are_dropped(attacker: Attacker) -> None:
    """How many the executor has open is looked at after each test."""
    assert attacker.run("control.send_descriptors", timeout_s=6) == "sent"


def test_reading_the_channel_shows_only_ones_own_events(attacker: Attacker) -> None:
    assert attacker.run("control.listen") is True


@pytest.mark.parametrize(
    ("kind", "error"),
    [("deep", ""), ("large", "Function.ResponseSizeTooLarge"), ("lone surrogate", ""), ("keys", "")],
)
def test_responses_that_are_hard_on_the_reader(attacker: Attacker, kind: str, error: str) -> None:
    assert attacker.invoke("control.response", kind, memory_mb=1024, timeout_s=20).error_type == error


def test_results_are_data_whatever_they_look_like(attacker: Attacker) -> None:
    value = {"status": "throttled", "op": "status", "tail": 10_000, "x": "\u0000\u2028"}
    source = "def handler(event, context):\n    return event"
    result = attacker.executor.invoke(attacker.executor.function(source, runtime=attacker.runtime), value)
    assert json.loads(result.payload) == value


def test_a_clock_that_stands_still(attacker: Attacker) -> None:
    """Duration and deadline are the platform's own."""
    assert attacker.invoke("clock.pretend", 0.2, environment={"clock": "stopped"}).duration_ms > 190
    assert attacker.invoke("clock.extend_the_deadline", timeout_s=1).error_type == "Sandbox.Timedout"
    assert attacker.run("clock.storm_of_timers") == "done"
