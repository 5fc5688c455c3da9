"""Memory, files and time: too much of it ends the own environment, and only that."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.attacks.attacking import MIB, Attacker
from tests.execution.running import eventually

pytestmark = pytest.mark.sandbox
NO_CGROUPS = "without cgroups memory is limited by resource limits and polling: said in the banner"


def needs_cgroups(attacker: Attacker) -> None:
    if not attacker.executor.isolation["cgroups"]:
        pytest.skip(NO_CGROUPS)


def test_ten_times_the_memory(attacker: Attacker) -> None:
    assert attacker.invoke("resources.hold_memory", 1280, timeout_s=30).error_type == "Runtime.OutOfMemory"


def test_memory_in_children(attacker: Attacker) -> None:
    result = attacker.invoke("resources.hold_in_children", 64, 8, timeout_s=20)
    assert result.error_type == "Runtime.OutOfMemory"


@pytest.mark.parametrize("name", ["hold_in_memfd", "hold_in_system_v"])
def test_memory_that_is_hidden(attacker: Attacker, name: str) -> None:
    needs_cgroups(attacker)
    assert attacker.invoke(f"resources.{name}", 1024, timeout_s=20).error_type == "Runtime.OutOfMemory"


@pytest.mark.parametrize("name", ["hold_in_pipes", "hold_in_sockets"])
def test_memory_of_the_kernel(attacker: Attacker, name: str) -> None:
    """Bounded by the descriptors of a process and by what a user may have in pipes; and counted."""
    result = attacker.invoke(f"resources.{name}", timeout_s=20)
    held = int(result.payload) if not result.function_error else 0
    assert held < 1024 * MIB
    assert result.function_error == "" or result.error_type == "Runtime.OutOfMemory"


def test_descriptors_are_bounded(attacker: Attacker) -> None:
    """AWS: 1,024."""
    assert attacker.run("resources.open_files", environment={"many": "files"}) < 1024


def test_address_space_is_free(attacker: Attacker) -> None:
    """V8 and Go reserve much and use little."""
    needs_cgroups(attacker)
    assert attacker.run("resources.reserve_address_space") == "reserved"


def test_shared_memory_is_bounded(attacker: Attacker) -> None:
    assert attacker.invoke("resources.shared_memory", 200, memory_mb=512).function_error == "Unhandled"


def test_directories_in_one_another(attacker: Attacker) -> None:
    result = attacker.invoke("resources.deep_directories", memory_mb=1024, timeout_s=10)
    assert result.error_type in {"", "Sandbox.Timedout", "Runtime.OutOfMemory"}


def test_burning_every_core(attacker: Attacker) -> None:
    before = len(attacker.executor.pids())
    assert attacker.invoke("resources.burn", 20, timeout_s=1).error_type == "Sandbox.Timedout"
    eventually(lambda: len(attacker.executor.pids()) < before + 10)


@pytest.mark.parametrize(
    "event",
    [["resources.burn", 20], ["output.flood_of_empty_lines"], ["control.chunks", 1, 10_000_000]],
    ids=lambda event: str(event[0]),
)
def test_a_neighbour_is_served_meanwhile(attacker: Attacker, event: list[Any]) -> None:
    with ThreadPoolExecutor(1) as pool:
        attack = pool.submit(attacker.invoke, *event, timeout_s=3, environment={"meanwhile": event[0]})
        eventually(lambda: attacker.executor.client.status()["environments"].get("busy"))
        for _ in range(5):
            attacker.check_neighbour()
        assert not attack.done()
        assert attack.result().function_error == "Unhandled"
