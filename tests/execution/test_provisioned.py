"""Provisioned concurrency on a node: initialised ahead, first to serve, made again, kept, and given up when told."""

import json
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from functions.execution.spec import FunctionSpec, Throttled
from monitoring.report import Kind
from tests.execution.running import RunningExecutor, eventually
from tests.gate import waits
from tests.processes import alive

pytestmark = pytest.mark.sandbox
Start = Callable[..., RunningExecutor]
# Says how it was initialised, and waits at the gate that its event names.
SOURCE = """
import os, time
print("initialising")
def handler(event, context):
    while event and not os.path.exists(f"/var/task/{event}"):
        time.sleep(0.005)
    return [os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"], context.log_stream_name]
"""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Any:
    running = RunningExecutor.start(tmp_path_factory.mktemp("provisioned"), "--idle", "1")
    yield running
    assert running.stop() == 0


def held(node: RunningExecutor, spec: FunctionSpec) -> dict[str, Any]:
    found: dict[str, Any] = next(iter(node.client.provisioned(spec.function)), {})
    return found


def provision(node: RunningExecutor, spec: FunctionSpec, count: int) -> None:
    node.client.provision([(spec, count)])
    eventually(lambda: held(node, spec).get("allocated") == count)


def sandboxes(node: RunningExecutor, spec: FunctionSpec) -> list[dict[str, Any]]:
    return [each for each in node.client.status()["sandboxes"] if each["function_name"] == spec.function_name]


def test_an_environment_stands_initialised_before_the_first_invocation(node: RunningExecutor) -> None:
    spec = node.function(SOURCE, version="1")
    provision(node, spec, 2)
    assert "initialising\n" in node.messages(spec)
    assert len(sandboxes(node, spec)) == 2
    result = node.invoke(spec)
    assert json.loads(result.payload)[0] == "provisioned-concurrency"
    assert result.init_ms is None
    assert "Init Duration" not in result.log_tail.decode()
    assert held(node, spec) == {"version": "1", "wanted": 2, "allocated": 2, "available": 2, "reason": ""}


def test_more_at_once_spill_over(node: RunningExecutor) -> None:
    spec = node.function(waits(SOURCE), version="1", timeout_s=30)
    provision(node, spec, 1)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(node.invoke, spec, "go")
        eventually(lambda: held(node, spec)["available"] == 0)
        second = node.invoke(spec)
        node.let_go(spec)
        assert json.loads(second.payload)[0] == "on-demand"
        assert second.init_ms is not None
        assert json.loads(first.result().payload)[0] == "provisioned-concurrency"
    # Both are idle now: the provisioned one serves first.
    assert json.loads(node.invoke(spec).payload)[0] == "provisioned-concurrency"
    reports = [report for report in node.reports(spec) if report.kind == Kind.INVOCATION]
    assert sorted((each.provisioned, each.provisioned_wanted) for each in reports) == [(False, 1), (True, 1), (True, 1)]
    assert {each.provisioned_in_use for each in reports} == {1}


def test_one_that_is_killed_is_made_again(node: RunningExecutor) -> None:
    spec = node.function(SOURCE, version="1")
    provision(node, spec, 1)
    stream = json.loads(node.invoke(spec).payload)[1]
    pid = sandboxes(node, spec)[0]["pid"]
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: [each["pid"] for each in sandboxes(node, spec)] not in ([], [pid]))
    eventually(lambda: held(node, spec)["available"] == 1)
    kind, other = json.loads(node.invoke(spec).payload)
    assert (kind, other != stream) == ("provisioned-concurrency", True)


def test_it_is_not_reaped_and_what_is_not_wanted_goes(node: RunningExecutor) -> None:
    spec, other = node.function(SOURCE, version="1"), node.function(SOURCE)
    provision(node, spec, 1)
    node.invoke(other)
    eventually(lambda: not sandboxes(node, other))  # reaped after a second; the provisioned one is older
    assert len(sandboxes(node, spec)) == 1
    node.client.provision([])
    eventually(lambda: not sandboxes(node, spec))
    assert node.client.provisioned(spec.function) == []


def test_fewer_leave_the_rest(node: RunningExecutor) -> None:
    spec = node.function(SOURCE, version="1")
    provision(node, spec, 3)
    provision(node, spec, 1)
    eventually(lambda: len(sandboxes(node, spec)) == 1)
    assert json.loads(node.invoke(spec).payload)[0] == "provisioned-concurrency"


def test_a_changed_configuration_is_made_anew(node: RunningExecutor) -> None:
    spec = node.function(SOURCE, version="1")
    provision(node, spec, 1)
    changed = replace(node.function(SOURCE, version="1"), function_name=spec.function_name, memory_mb=256)
    provision(node, changed, 1)
    assert node.invoke(changed).memory_mb == 256
    eventually(lambda: [each["memory_mb"] for each in sandboxes(node, spec)] == [256])


def test_an_init_that_fails_is_told(node: RunningExecutor) -> None:
    spec = node.function("raise ValueError('no')", version="1")
    node.client.provision([(spec, 1)])
    assert eventually(lambda: held(node, spec)["reason"]) == "FUNCTION_ERROR_INIT_FAILURE"
    assert held(node, spec)["allocated"] == 0
    assert any("ValueError: no" in message for message in node.messages(spec))
    assert any(message.startswith("INIT_REPORT") for message in node.messages(spec))


def test_a_recycled_one_is_made_again(node: RunningExecutor) -> None:
    spec = node.function(SOURCE, version="1")
    provision(node, spec, 1)
    pid = sandboxes(node, spec)[0]["pid"]
    assert node.client.recycle(spec.function) == 1
    eventually(lambda: not alive(pid))
    eventually(lambda: held(node, spec)["available"] == 1)


def test_what_does_not_fit_is_not_made(start: Start) -> None:
    executor = start("--memory-mb", "300")
    spec = executor.function(SOURCE, version="1")
    provision(executor, spec, 2)
    executor.client.provision([(spec, 3)])
    reason = eventually(lambda: held(executor, spec)["reason"])
    assert reason == "The worker node has no room for a further execution environment."
    on_demand = executor.function(SOURCE)
    assert json.loads(executor.invoke(on_demand).payload)[0] == "on-demand"
    assert held(executor, spec)["allocated"] == 2  # it made nobody go


def test_it_takes_nothing_of_the_accounts_rest(node: RunningExecutor) -> None:
    spec = node.function(SOURCE, version="1", unreserved_concurrency=0)
    with pytest.raises(Throttled, match="ConcurrentInvocationLimitExceeded"):
        node.invoke(spec)
    provision(node, spec, 1)
    assert json.loads(node.invoke(spec).payload)[0] == "provisioned-concurrency"


def test_a_version_has_at_most_so_many_environments(node: RunningExecutor) -> None:
    spec = node.waiting(version="1", maximum_environments=1)
    node.invoke(spec)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(node.invoke, spec, "go")
        eventually(lambda: node.busy(spec))
        with pytest.raises(Throttled):
            node.invoke(spec)
        node.let_go(spec)
        assert first.result().function_error == ""
    assert node.invoke(spec).function_error == ""


def test_a_reservation_holds_what_is_provisioned_of_it(node: RunningExecutor) -> None:
    """As recorded from AWS: with two reserved and two provisioned nothing is left for `$LATEST`."""
    spec = node.function(SOURCE, version="1", reserved_concurrency=2)
    draft = replace(spec, version="$LATEST", key="draft-" + spec.key[:20])
    provision(node, spec, 2)
    with pytest.raises(Throttled, match="ReservedFunctionConcurrentInvocationLimitExceeded"):
        node.invoke(draft)
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(node.invoke, spec) for _ in range(2)]
        assert {json.loads(each.result().payload)[0] for each in both} == {"provisioned-concurrency"}
    provision(node, spec, 1)
    assert json.loads(node.invoke(draft).payload)[0] == "on-demand"
