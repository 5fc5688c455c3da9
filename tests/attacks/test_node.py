"""The same by Node.js, where it differs: child processes, worker threads, an event loop of its own."""

import json

import pytest

from tests.attacks.attacking import Attacker, value
from tests.execution.running import eventually

pytestmark = pytest.mark.sandbox


@pytest.fixture(autouse=True)
def needs_node(attacker: Attacker) -> None:
    if not attacker.node:
        pytest.skip("no Node.js that this user may run")


def test_processes_are_bounded(attacker: Attacker) -> None:
    before = len(attacker.executor.pids())
    assert 500 < value(attacker.by_node("children", timeout_s=60, memory_mb=3008)) < 1024
    attacker.executor.client.recycle(
        attacker.function(runtime=attacker.node, handler="index.handler", memory_mb=3008, timeout_s=60).function
    )
    eventually(lambda: len(attacker.executor.pids()) < before + 20)


def test_a_child_that_kills_its_runtime(attacker: Attacker) -> None:
    assert attacker.by_node("killParent").error_type == "Runtime.ExitError"


def test_pid_1_and_root(attacker: Attacker) -> None:
    memory, *_ = value(attacker.by_node("pid1"))
    assert memory in ("EIO", "EACCES", "EPERM")
    assert value(attacker.by_node("becomeRoot")) in ("EINVAL", "EPERM")


@pytest.mark.parametrize("name", ["spin", "ignoreSignals", "control"])
def test_a_runtime_that_does_not_answer(attacker: Attacker, name: str) -> None:
    assert attacker.by_node(name, timeout_s=1).error_type in {"Sandbox.Timedout", "Runtime.ExitError"}


@pytest.mark.parametrize("name", ["workers", "memory"])
def test_worker_threads_and_buffers_count_as_memory(attacker: Attacker, name: str) -> None:
    result = attacker.by_node(name, timeout_s=30, memory_mb=256)
    assert result.error_type == "Runtime.OutOfMemory", result.payload


def test_standard_descriptors_closed(attacker: Attacker) -> None:
    assert attacker.by_node("closeStandard").function_error in ("", "Unhandled")


def test_poisoned_prototypes_stay_in_the_environment(attacker: Attacker) -> None:
    result = attacker.by_node("poison")
    assert result.function_error in ("", "Unhandled")
    assert json.loads(attacker.by_node("becomeRoot", memory_mb=513).payload) in ("EINVAL", "EPERM")


def test_no_descriptor_of_the_platform_is_inherited(attacker: Attacker) -> None:
    assert value(attacker.by_node("descriptors", memory_mb=514)) == []
