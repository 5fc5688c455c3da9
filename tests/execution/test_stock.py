"""SnapStart of runtimes whose processes cannot be copied: environments that are initialised ahead."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from functions.execution.runtimes import discovery
from functions.execution.runtimes.snapshot import STOCK
from functions.execution.spec import FunctionSpec, NotRestored
from tests.execution.running import RunningExecutor, eventually

NODE = """
const { SnapshotRestore } = awslambda, calls = [], born = require("crypto").randomUUID();
SnapshotRestore.registerBeforeSnapshot(() => calls.push("second"));
SnapshotRestore.registerBeforeSnapshot(async (which) => calls.push(which), "first");
SnapshotRestore.registerAfterRestore(async () => calls.push("restored"));
exports.handler = async (event, context) => {
    if (event === "exit") process.exit(3);
    return { born, calls, stream: context.logStreamName, kind: process.env.AWS_LAMBDA_INITIALIZATION_TYPE };
};
"""
RUBY = """
require 'securerandom'
require 'snapshot_restore'
BORN, CALLS = SecureRandom.hex, []
Thread.new { sleep } # goes on
SnapshotRestore.register_before_snapshot { CALLS << 'second' }
SnapshotRestore.register_before_snapshot(->(which, of:) { CALLS << which + of }, 'fir', of: 'st')
SnapshotRestore.register_after_restore { |*| CALLS << 'restored' if Thread.list.size == 2 }
def handler(event:, context:)
  exit!(3) if event == 'exit'
  { born: BORN, calls: CALLS, stream: context.log_stream_name, kind: ENV['AWS_LAMBDA_INITIALIZATION_TYPE'] }
end
"""
PYTHON = """
import os, uuid
from snapshot_restore_py import register_after_restore, register_before_snapshot
born, calls = uuid.uuid4().hex, []
register_before_snapshot(calls.append, "second")
register_before_snapshot(calls.append, "first")
register_after_restore(calls.append, "restored")
def handler(event, context):
    if event == "exit":
        os._exit(3)
    kind = os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]
    return {"born": born, "calls": calls, "stream": context.log_stream_name, "kind": kind}
"""
# Those that run init before they are told of a function, and those that start with it.
HERE = {each.family: each for each in reversed(discovery.found())}
PROGRAMS: dict[str, tuple[str, dict[str, str], dict[str, str]]] = {
    "node": ("nodejs20.x", {"app.js": NODE}, {}),
    "node, late": ("nodejs20.x", {"app.js": NODE}, {"NODE_OPTIONS": "--no-warnings"}),
    "ruby": ("ruby3.3", {"app.rb": RUBY}, {}),
    "python, late": ("python3.12", {"app.py": PYTHON}, {"PYTHONHASHSEED": "1"}),
}
pytestmark = pytest.mark.sandbox


def function(
    executor: RunningExecutor, runtime: str, files: dict[str, str], variables: dict[str, str], **changes: Any
) -> FunctionSpec:
    family = runtime.rstrip("0123456789.x").removesuffix("js")
    if family not in HERE:
        pytest.skip(f"no {family} on this machine")
    values = {"snap_start": True, "version": "1", "timeout_s": 20, "environment": variables, **changes}
    return executor.function(files, runtime=runtime, stand_in=HERE[family].runtime, **values)


@pytest.fixture(scope="module", params=PROGRAMS)
def spec(executor: RunningExecutor, request: pytest.FixtureRequest) -> FunctionSpec:
    return function(executor, *PROGRAMS[request.param])


def waiting(executor: RunningExecutor, spec: FunctionSpec) -> list[dict[str, Any]]:
    return [
        each
        for each in executor.client.status()["sandboxes"]
        if each["function_name"] == spec.function_name and each["template"] and each["frozen"]
    ]


def stocked(executor: RunningExecutor, *specs: FunctionSpec) -> None:
    executor.client.provision([(spec, 0) for spec in specs])
    eventually(lambda: all(len(waiting(executor, spec)) == STOCK for spec in specs), 60)


def call(executor: RunningExecutor, spec: FunctionSpec, event: Any = None) -> tuple[Any, str]:
    result = executor.invoke(spec, event)
    assert result.function_error == "", result.payload
    return json.loads(result.payload), result.log_tail.decode()


def test_an_environment_is_handed_over_with_what_its_init_made(executor: RunningExecutor, spec: FunctionSpec) -> None:
    stocked(executor, spec)
    ahead = {each["log_stream"] for each in waiting(executor, spec)}
    first, log = call(executor, spec)
    assert first["calls"] == ["first", "second", "restored"]
    assert first["kind"] == "snap-start"
    assert first["stream"] in ahead
    assert log.startswith("RESTORE_START Runtime Version: ")
    assert "RESTORE_REPORT Restore Duration: " in log
    assert "Billed Restore Duration: " in log
    assert "Init Duration" not in log
    again, log = call(executor, spec)
    assert again == first
    assert "RESTORE_START" not in log
    stocked(executor, spec)  # another one is made in its place
    assert b"exit status 3" in executor.invoke(spec, "exit").payload
    second, _ = call(executor, spec)
    assert second["born"] != first["born"]
    assert second["stream"] in ahead - {first["stream"]}


def test_recycling_is_for_those_that_have_served_and_all_go_when_nobody_wants_them(
    executor: RunningExecutor, spec: FunctionSpec
) -> None:
    stocked(executor, spec)
    executor.client.recycle(spec.function)
    assert len(waiting(executor, spec)) == STOCK
    executor.client.provision([])
    eventually(lambda: not waiting(executor, spec))
    executor.client.recycle(spec.function)
    eventually(lambda: call(executor, spec)[0]["kind"] == "on-demand")


def test_they_go_while_the_machine_is_short_of_memory(start: Callable[..., RunningExecutor]) -> None:
    running = start("--reserve-mb", str(1 << 30), "--pool", "1")
    spec = function(running, *PROGRAMS["node"])
    stocked(running, spec)
    running.run("def handler(event, context): return 1")
    eventually(lambda: not waiting(running, spec))
    assert call(running, spec)[0]["kind"] == "on-demand"


FAILING = {
    "node": (
        "nodejs20.x",
        "app.mjs",
        """
        awslambda.SnapshotRestore.register%s(async () => { throw new TypeError("no"); });
        export const handler = async () => 1;
        """,
        ("BeforeSnapshot", "AfterRestore"),
    ),
    "ruby": (
        "ruby3.3",
        "app.rb",
        """
        require 'snapshot_restore'
        SnapshotRestore.register_%s { raise 'no' }
        def handler(event:, context:) = 1
        """,
        ("before_snapshot", "after_restore"),
    ),
}


@pytest.mark.parametrize("family", FAILING)
def test_a_hook_that_fails_is_said(executor: RunningExecutor, family: str) -> None:
    runtime, file, source, kinds = FAILING[family]
    before, after = (function(executor, runtime, {file: source % kind}, {}) for kind in kinds)
    executor.client.provision([(before, 0), (after, 0)])
    eventually(lambda: any("Runtime.BeforeSnapshotError" in message for message in executor.messages(before)), 60)
    assert executor.invoke(before).payload == b"1"
    eventually(lambda: len(waiting(executor, after)) == STOCK, 60)
    with pytest.raises(NotRestored) as raised:
        executor.invoke(after)
    assert not raised.value.timed_out
    eventually(lambda: any("Error Type: Runtime.AfterRestoreError" in message for message in executor.messages(after)))


def test_a_hook_after_the_restore_may_not_take_long(start: Callable[..., RunningExecutor]) -> None:
    running = start("--init", "1")
    source = """
        awslambda.SnapshotRestore.registerAfterRestore(() => new Promise((done) => setTimeout(done, 60_000)));
        export const handler = async () => 1;
    """
    spec = function(running, "nodejs20.x", {"app.mjs": source}, {})
    running.client.provision([(spec, 0)])
    eventually(lambda: waiting(running, spec), 60)
    with pytest.raises(NotRestored) as raised:
        running.invoke(spec)
    assert raised.value.timed_out
    assert eventually(lambda: [line for line in running.messages(spec) if line.endswith("\tStatus: timeout\n")])
