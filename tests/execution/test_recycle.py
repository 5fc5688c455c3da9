"""Recycling: environments are ended on demand, busy ones after their invocation, those of others never."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from functions.execution.spec import FunctionSpec
from tests.execution.running import RunningExecutor, eventually

pytestmark = pytest.mark.sandbox
COUNT = "n = []\ndef handler(event, context):\n    n.append(1)\n    return len(n)"
SLOW_INIT = "import time\ntime.sleep(0.5)\n" + COUNT
HOLDS = "kept = []\ndef handler(event, context):\n    kept.append(b'x' * event)"


def facts(executor: RunningExecutor, spec: FunctionSpec) -> list[dict[str, Any]]:
    name = spec.function_name
    return [each for each in executor.client.status()["sandboxes"] if each["function_name"] == name]


def test_the_next_invocation_gets_a_fresh_environment(executor: RunningExecutor) -> None:
    spec = executor.function(COUNT)
    version = replace(spec, key="f" * 32, version="1")
    assert [executor.invoke(each).payload for each in (spec, spec, version)] == [b"1", b"2", b"1"]
    assert executor.client.recycle(spec.function) == 2
    assert [executor.invoke(each).payload for each in (spec, version)] == [b"1", b"1"]


def test_a_frozen_one_ends_too(executor: RunningExecutor) -> None:
    spec = executor.function(COUNT)
    executor.invoke(spec)
    eventually(lambda: facts(executor, spec)[0]["frozen"])
    assert executor.client.recycle(spec.function) == 1
    eventually(lambda: not facts(executor, spec))


def test_only_the_one_that_is_named(executor: RunningExecutor) -> None:
    one, other = executor.function(COUNT), executor.function(COUNT)
    executor.invoke(one)
    executor.invoke(other)
    stream = facts(executor, other)[0]["log_stream"]
    assert executor.client.recycle(one.function, stream) == 0  # another function's
    assert executor.client.recycle(other.function, "nothing-like-it") == 0
    assert executor.client.recycle(other.function, stream) == 1
    assert [executor.invoke(each).payload for each in (one, other)] == [b"2", b"1"]


def test_a_busy_one_finishes_its_invocation(executor: RunningExecutor) -> None:
    spec = executor.waiting()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(executor.invoke, spec, "go")
        eventually(lambda: executor.busy(spec))
        before = facts(executor, spec)[0]["log_stream"]
        assert executor.client.recycle(spec.function) == 1
        assert facts(executor, spec)[0]["state"] == "draining"
        executor.let_go(spec)
        result = running.result()
    assert (result.function_error, result.payload) == ("", f'"{before}"'.encode())
    executor.invoke(spec)
    eventually(lambda: [each["log_stream"] for each in facts(executor, spec)] != [before])


def test_one_that_initialises_serves_what_it_was_made_for(executor: RunningExecutor) -> None:
    spec = executor.function(SLOW_INIT)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(executor.invoke, spec)
        eventually(lambda: [each for each in facts(executor, spec) if each["state"] == "initialising"])
        assert executor.client.recycle(spec.function) == 1
        result = first.result()
    assert (result.function_error, result.payload) == ("", b"1")
    assert result.init_ms is not None  # its first init was not cut off
    assert executor.invoke(spec).payload == b"1"


def test_the_status_measures_what_an_environment_holds(executor: RunningExecutor) -> None:
    spec = executor.function(HOLDS)
    executor.invoke(spec, 1)
    small = facts(executor, spec)[0]
    executor.invoke(spec, 40 * 1024 * 1024)
    large = facts(executor, spec)[0]
    assert 0 < small["held_mb"] <= large["held_mb"] - 35
    assert large["held_mb"] < large["memory_mb"] == 128
    assert 0 <= large["idle_s"] <= large["age_s"]
