"""Which environment serves: warm ones again, old ones ended, idle ones reaped and frozen, a budget kept."""

import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from functions.execution.lane import encode_frame
from functions.execution.pressure import Pressure
from functions.execution.spec import LaneError
from monitoring.report import Kind
from tests.execution.running import RunningExecutor, eventually

pytestmark = pytest.mark.sandbox
COUNT = "n = []\ndef handler(event, context):\n    n.append(1)\n    return len(n)"
Start = Callable[..., RunningExecutor]


def environments(executor: RunningExecutor, state: str) -> int:
    return int(executor.client.status()["environments"].get(state, 0))


def test_a_warm_environment_serves_again(executor: RunningExecutor) -> None:
    spec = executor.function(COUNT)
    assert [executor.invoke(spec).payload for _ in range(3)] == [b"1", b"2", b"3"]


def test_the_one_that_was_used_last_serves_next(executor: RunningExecutor) -> None:
    spec = executor.waiting()
    with ThreadPoolExecutor(2) as pool:
        first, last = (pool.submit(executor.invoke, spec, name) for name in ("first", "last"))
        eventually(lambda: executor.busy(spec) == 2)
        executor.let_go(spec, "first")
        first.result()
        executor.let_go(spec, "last")
        assert last.result().payload != first.result().payload
    assert executor.invoke(spec).payload == last.result().payload


def test_a_new_key_of_the_same_version_ends_the_old_environments(start: Start) -> None:
    executor = start()
    old = executor.function(COUNT)
    executor.invoke(old)
    assert environments(executor, "idle") == 1
    new = replace(executor.function(COUNT), function_name=old.function_name)
    assert executor.invoke(new).payload == b"1"
    eventually(lambda: environments(executor, "idle") == 1)
    assert executor.invoke(new).payload == b"2"


def test_a_busy_environment_of_an_old_key_finishes_its_work(executor: RunningExecutor) -> None:
    old = executor.waiting()
    new = replace(executor.function("def handler(event, context):\n    return 'new'"), function_name=old.function_name)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(executor.invoke, old, "go")
        eventually(lambda: executor.busy(old))
        assert executor.invoke(new).payload == b'"new"'
        executor.let_go(old)
        assert first.result().function_error == ""
    eventually(lambda: not environments(executor, "draining"))


def test_another_version_is_left_alone(executor: RunningExecutor) -> None:
    one = executor.function(COUNT, version="1")
    two = replace(executor.function(COUNT), function_name=one.function_name, version="2")
    assert [executor.invoke(spec).payload for spec in (one, two, one, two)] == [b"1", b"1", b"2", b"2"]


def test_idle_environments_are_reaped(start: Start) -> None:
    executor = start("--idle", "0.3")
    spec = executor.function(COUNT)
    executor.invoke(spec)
    eventually(lambda: not environments(executor, "idle"))
    assert executor.invoke(spec).payload == b"1"


def test_an_idle_environment_is_frozen_and_thaws_for_its_next_invocation(executor: RunningExecutor) -> None:
    spec = executor.function(
        """
        import threading, time
        ticks = []
        def tick():
            while True:
                ticks.append(time.monotonic())
                time.sleep(0.01)
        threading.Thread(target=tick, daemon=True).start()
        def handler(event, context):
            time.sleep(0.1)
            gaps = [after - before for before, after in zip(ticks, ticks[1:])]
            return max(gaps, default=0)
        """
    )
    executor.invoke(spec)

    def is_frozen() -> bool:
        sandboxes = executor.client.status()["sandboxes"]
        return any(each["frozen"] and each["function_name"] == spec.function_name for each in sandboxes)

    eventually(is_frozen)
    time.sleep(1)
    assert float(executor.invoke(spec).payload) > 0.9


def test_the_budget_evicts_the_environment_that_was_idle_longest(start: Start) -> None:
    executor = start("--environments", "6", "--pool", "1")
    specs = [executor.function(COUNT) for _ in range(6)]
    for spec in specs:
        executor.invoke(spec)
    eventually(lambda: sum(executor.client.status()["environments"].values()) <= 6)
    assert executor.invoke(specs[-1]).payload == b"2"
    assert executor.invoke(specs[0]).payload == b"1"


def test_a_budget_of_memory(start: Start) -> None:
    executor = start("--memory-mb", "2048")
    specs = [executor.function(COUNT, memory_mb=1024) for _ in range(3)]
    for spec in specs:
        executor.invoke(spec)
    eventually(lambda: environments(executor, "idle") == 2)
    assert executor.invoke(specs[2]).payload == b"2"


def test_a_pool_starts_with_the_first_use_of_its_runtime(start: Start) -> None:
    executor = start()
    others = [name for name in executor.client.status()["runtimes"] if name.startswith("python")]
    unused = next(name for name in others if name not in executor.client.status()["pools"])
    assert executor.invoke(executor.function(COUNT, runtime=unused, timeout_s=20)).payload == b"1"
    eventually(lambda: executor.client.status()["pools"][unused]["ready"] == 2)


def test_a_runtime_that_is_not_there_is_the_platforms_fault(executor: RunningExecutor) -> None:
    with pytest.raises(LaneError, match=r"python2\.7 is not installed"):
        executor.invoke(executor.function(COUNT, runtime="python2.7"))


def test_code_that_is_not_there_is_the_platforms_fault(executor: RunningExecutor) -> None:
    spec = executor.function(COUNT, code="0" * 64, reserved_concurrency=1)
    for _ in range(2):
        with pytest.raises(LaneError, match="No such file"):
            executor.invoke(spec)
    assert executor.invoke(executor.function(COUNT)).payload == b"1"


def test_an_invocation_runs_to_its_end_though_its_client_has_gone(executor: RunningExecutor) -> None:
    spec = executor.function("import time\ndef handler(event, context):\n    time.sleep(0.4)\n    return 'done'")
    head = {
        "op": "invoke", "key": spec.key, "request_id": "11111111-1111-4111-8111-111111111111", "invoked_arn": "arn",
        "reserved": None, "unreserved": 1000, "spec": spec.to_wire(),
    }  # fmt: skip
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(executor.client.address)
        client.sendall(encode_frame(head, b"1"))
    report = eventually(lambda: [report for report in executor.reports(spec) if report.kind == Kind.INVOCATION])[0]
    assert report.response == '"done"'


def test_the_pool_is_filled_again(start: Start) -> None:
    executor = start("--pool", "3")
    pools = executor.client.status()["pools"]
    name = next(name for name in pools if name.startswith("python"))
    for _ in range(4):
        executor.invoke(executor.function(COUNT))
    eventually(lambda: executor.client.status()["pools"][name]["ready"] == 3)


def test_without_a_pool_environments_are_made_on_demand(start: Start) -> None:
    executor = start("--pool", "0")
    assert executor.invoke(executor.function(COUNT)).payload == b"1"


def test_idle_environments_go_while_the_machine_is_short_of_memory(start: Start) -> None:
    """Those that are idle longest, as much as is missing: here more than they hold."""
    executor = start("--reserve-mb", str(1 << 30), "--pool", "1")
    specs = [executor.function(COUNT) for _ in range(3)]
    assert [executor.invoke(spec).payload for spec in specs] == [b"1"] * 3
    eventually(lambda: not environments(executor, "idle"))
    assert executor.invoke(specs[0]).payload == b"1"


def test_pressure_is_what_is_missing_of_the_reserve(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:       24000000 kB\nMemFree:         1000000 kB\nMemAvailable:    2048000 kB\n")
    assert Pressure(1500, str(meminfo)).missing_mb() == 0
    assert Pressure(2500, str(meminfo)).missing_mb() == 500
