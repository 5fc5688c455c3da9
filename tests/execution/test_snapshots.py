"""SnapStart: environments that are copies of one that was initialised."""

import json
import os
from typing import Any

import pytest

from functions.execution.runtimes import snapshot
from functions.execution.spec import FunctionSpec, NotRestored
from tests.execution.extensions.programs import layer
from tests.execution.running import RunningExecutor, eventually

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(not snapshot.kernel_can(), reason="copies need the proc of Linux 6.17"),
]
CODE = """
import os, random, ssl, time, uuid
from snapshot_restore_py import register_after_restore, register_before_snapshot

born, calls = uuid.uuid4().hex, []
with open("/tmp/left", "w") as file:
    file.write("by init")

@register_before_snapshot
def second():
    calls.append("second")

@register_before_snapshot
def first(which="first"):
    calls.append(which)

register_after_restore(calls.append, "restored")

def handler(event, context):
    if event == "status":
        return open("/proc/self/status").read()
    if event == "exit":
        os._exit(3)
    if event == "unshare":
        import ctypes
        return ctypes.CDLL(None).syscall(56 if os.uname().machine == "x86_64" else 220, 0x7C020011, 0, 0, 0, 0)
    if event == "write":
        with open("/tmp/mine", "w") as file:
            file.write("x")
    return {
        "born": born, "calls": calls, "random": random.random(), "ssl": ssl.RAND_bytes(8).hex(),
        "stream": context.log_stream_name, "kind": os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"],
        "tmp": sorted(os.listdir("/tmp")), "processes": [name for name in os.listdir("/proc") if name.isdigit()],
    }
"""


@pytest.fixture(scope="module")
def spec(executor: RunningExecutor) -> FunctionSpec:
    return ready(executor, executor.function(CODE, snap_start=True, version="1"))


def ready(executor: RunningExecutor, spec: FunctionSpec) -> FunctionSpec:
    executor.client.provision([(spec, 0)])
    eventually(lambda: any(each["function_name"] == spec.function_name for each in idle(executor)))
    return spec


def idle(executor: RunningExecutor) -> list[dict[str, Any]]:
    return [each for each in executor.client.status()["sandboxes"] if each["state"] == "idle"]


def call(executor: RunningExecutor, spec: FunctionSpec, event: Any = None) -> Any:
    result = executor.invoke(spec, event)
    assert result.function_error == "", result.payload
    return json.loads(result.payload)


def test_copies_have_what_init_made_and_draw_numbers_of_their_own(
    executor: RunningExecutor, spec: FunctionSpec
) -> None:
    answers = []
    for _ in range(3):
        answers.append(call(executor, spec))
        executor.client.recycle(spec.function)
    assert len({answer["stream"] for answer in answers}) == 3
    assert len({answer["born"] for answer in answers}) == 1
    for drawn in ("random", "ssl"):
        assert len({answer[drawn] for answer in answers}) == 3
    assert answers[0]["calls"] == ["first", "second", "restored"]
    assert {answer["kind"] for answer in answers} == {"snap-start"}


def test_the_log_tells_of_the_restore(executor: RunningExecutor, spec: FunctionSpec) -> None:
    executor.client.recycle(spec.function)
    result = executor.invoke(spec)
    tail = result.log_tail.decode()
    assert tail.startswith("RESTORE_START Runtime Version: python:")
    assert "RESTORE_REPORT Restore Duration: " in tail
    assert "Billed Restore Duration: " in tail
    assert "Init Duration" not in tail


def test_each_copy_has_files_and_processes_of_its_own(executor: RunningExecutor, spec: FunctionSpec) -> None:
    executor.client.recycle(spec.function)
    assert call(executor, spec, "write")["tmp"] == ["left", "mine"]
    executor.client.recycle(spec.function)
    answer = call(executor, spec)
    assert answer["tmp"] == ["left"]
    assert answer["processes"] == ["1"]


def test_a_copy_has_no_rights_and_makes_no_copies(executor: RunningExecutor, spec: FunctionSpec) -> None:
    status = call(executor, spec, "status")
    for line in ("CapEff:\t0000000000000000", "CapPrm:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"):
        assert line in status
    assert call(executor, spec, "unshare") == -1


def test_a_copy_that_ends_is_told_by_its_status_and_leaves_the_template_alone(
    executor: RunningExecutor, spec: FunctionSpec
) -> None:
    born = call(executor, spec)["born"]
    assert b"exit status 3" in executor.invoke(spec, "exit").payload
    assert call(executor, spec)["born"] == born


def test_a_template_that_dies_is_made_again(executor: RunningExecutor, spec: FunctionSpec) -> None:
    born = call(executor, spec)["born"]
    oldest = max(
        (each for each in idle(executor) if each["function_name"] == spec.function_name), key=lambda each: each["age_s"]
    )
    os.kill(oldest["pid"], 9)
    eventually(lambda: oldest["pid"] not in {each["pid"] for each in idle(executor)})
    ready(executor, spec)
    executor.client.recycle(spec.function)
    eventually(lambda: call(executor, spec)["kind"] == "snap-start")
    assert call(executor, spec)["born"] != born


def test_nobody_waits_for_a_snapshot(executor: RunningExecutor) -> None:
    spec = executor.function(CODE, snap_start=True, version="1")
    assert call(executor, spec)["kind"] == "on-demand"


@pytest.mark.parametrize(
    ("hook", "kind"),
    [("register_before_snapshot", "Runtime.BeforeSnapshotError"), ("register_after_restore", "AfterRestoreError")],
)
def test_a_hook_that_fails_is_said(executor: RunningExecutor, hook: str, kind: str) -> None:
    source = f"""
    import snapshot_restore_py
    def wrong():
        raise ValueError("no")
    snapshot_restore_py.{hook}(wrong)
    def handler(event, context):
        return 1
    """
    spec = executor.function(source, snap_start=True, version="1")
    executor.client.provision([(spec, 0)])
    if kind == "AfterRestoreError":
        ready(executor, spec)
        with pytest.raises(NotRestored):
            executor.invoke(spec)
        assert eventually(lambda: any(f"Error Type: Runtime.{kind}" in line for line in executor.messages(spec)))
    else:
        eventually(lambda: any(kind in message for message in executor.messages(spec)))
        assert executor.invoke(spec).payload == b"1"


def test_a_template_that_nobody_wants_goes(executor: RunningExecutor, spec: FunctionSpec) -> None:
    executor.client.provision([])
    eventually(lambda: not any(each["function_name"] == spec.function_name for each in idle(executor)))


def test_copies_have_extensions_of_their_own(executor: RunningExecutor) -> None:
    source = """
        me = register(NAME, "INVOKE", "SHUTDOWN")
        while following(me)["eventType"] == "INVOKE":
            print("with it", flush=True)
        print("told of the end", flush=True)
    """
    function = executor.function(CODE, snap_start=True, version="1", layers=layer(executor, beside=source))
    spec = ready(executor, function)
    assert call(executor, spec)["kind"] == call(executor, spec)["kind"] == "snap-start"
    executor.client.recycle(spec.function)
    assert eventually(lambda: "told of the end\n" in executor.messages(spec))
    assert executor.messages(spec).count("with it\n") == 2
