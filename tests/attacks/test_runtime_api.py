"""A custom runtime that does not keep to the Runtime API: what it sends costs its own environment at most."""

import json
from typing import Any

import pytest

from functions.execution.spec import FunctionSpec, InvocationResult
from tests.attacks.attacking import HANDLERS, MIB, Attacker, value
from tests.execution.python_client import PYTHONS, interpreter_layer
from tests.execution.running import PYTHON

pytestmark = pytest.mark.sandbox
COMING = "44444444-4444-4444-8444-444444444444"


class Runtime:
    """Functions on the hostile runtime; attacks with the same settings share one."""

    def __init__(self, attacker: Attacker) -> None:
        self._attacker = attacker
        self._functions: dict[str, FunctionSpec] = {}

    def function(self, **changes: Any) -> FunctionSpec:
        key = json.dumps(changes, sort_keys=True)
        if key not in self._functions:
            executor = self._attacker.executor
            files = {"bootstrap": f"#!/opt/{PYTHONS[PYTHON].program}\n{HANDLERS['runtime_api.py']}"}
            self._functions[key] = executor.function(
                files, runtime="provided.al2023", layers=interpreter_layer(executor, PYTHON), **changes
            )
        return self._functions[key]

    def invoke(self, *event: Any, request_id: str = "", **changes: Any) -> InvocationResult:
        given = {"request_id": request_id} if request_id else {}
        return self._attacker.executor.invoke(self.function(**changes), list(event), **given)

    def run(self, *event: Any, **changes: Any) -> Any:
        return value(self.invoke(*event, **changes))


@pytest.fixture(scope="module")
def runtime(attacker: Attacker) -> Runtime:
    return Runtime(attacker)


def test_a_second_answer(attacker: Attacker, runtime: Runtime) -> None:
    changes = {"environment": {"attack": "twice"}}
    assert runtime.run("answer_twice", **changes) == "first"
    runtime.run("as_extension", **changes)  # the books of the one before are closed
    assert "[202, 403, 403]\n" in attacker.executor.messages(runtime.function(**changes))


def test_an_answer_for_another_invocation(runtime: Runtime) -> None:
    assert runtime.run("answer_for_another", COMING) == [400, 400]
    assert runtime.invoke("fail_init", request_id=COMING).payload == b"403"


@pytest.mark.parametrize("name", ["promise_more", "promise_too_much"])
def test_a_length_that_promises_more(runtime: Runtime, name: str) -> None:
    result = runtime.invoke(name, timeout_s=1)
    assert result.error_type in {"Sandbox.Timedout", "Function.ResponseSizeTooLarge"}


def test_more_than_was_promised_is_cut(runtime: Runtime) -> None:
    assert runtime.invoke("send_more_than_promised").payload == b'"a'


@pytest.mark.parametrize("name", ["endless_response", "endless_stream", "endless_trailers"])
def test_a_response_without_end(runtime: Runtime, name: str) -> None:
    result = runtime.invoke(name, timeout_s=2, memory_mb=512)
    assert result.function_error == "Unhandled"


def test_an_error_type_of_any_length(runtime: Runtime) -> None:
    result = runtime.invoke("forge_error_type")
    assert (result.function_error, len(result.error_type)) == ("Unhandled", 256)


def test_requests_that_are_none(runtime: Runtime) -> None:
    answers = runtime.run("malformed", timeout_s=20)
    assert not [name for name, status in answers.items() if status and status.split()[1][0] not in "45"], answers


@pytest.mark.parametrize("name", ["giant_header", "many_headers"])
def test_headers_without_end(runtime: Runtime, name: str) -> None:
    assert runtime.run(name, timeout_s=20) == "refused"


def test_requests_without_reading_the_answers(runtime: Runtime) -> None:
    """The executor's memory is looked at after each test."""
    assert runtime.run("pipeline", timeout_s=20) is True


def test_a_large_event_that_nobody_reads(attacker: Attacker, runtime: Runtime) -> None:
    before = attacker.resident()
    spec = runtime.function(timeout_s=9, memory_mb=512)
    event = json.dumps(["leave_unread"])[:-1] + " " * (5 * MIB) + "]"
    result = attacker.executor.invoke(spec, payload=event.encode())
    assert int(result.payload) >= 1
    assert attacker.resident() - before < 64 * MIB


def test_ten_thousand_connections(attacker: Attacker, runtime: Runtime) -> None:
    before = attacker.descriptors()
    assert runtime.run("connections", 10_000, timeout_s=60, memory_mb=1024) == 10_000
    assert attacker.descriptors() - before < 100


def test_connections_that_send_a_byte_now_and_then(runtime: Runtime) -> None:
    assert runtime.run("crawl", timeout_s=21) == "crawled"


def test_a_flood_of_requests(runtime: Runtime) -> None:
    assert runtime.run("flood", 1, timeout_s=22) == "flooded"


def test_speaking_as_an_extension(runtime: Runtime) -> None:
    assert all(status >= 400 for status in runtime.run("as_extension", environment={"attack": "extension"}))
