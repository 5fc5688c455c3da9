"""One executor per way to run it: root's, and an ordinary user's. After each attack: are the others still well?"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.attacks.attacking import MOST_GROWTH, Attacker
from tests.execution import rootless
from tests.execution.running import PYTHON, RunningExecutor, eventually
from tests.processes import alive

# What the executor makes of frames, lines and requests does not depend on who runs it: once is enough.
ONCE = ("test_control", "test_output", "test_node", "test_runtime_api")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    ways = [pytest.param("own user")]
    if not metafunc.module.__name__.endswith(ONCE):
        ways.append(pytest.param("rootless", marks=rootless.skips))
    if "attacker" in metafunc.fixturenames:
        metafunc.parametrize("attacker", ways, indirect=True, scope="session")


@pytest.fixture(scope="session")
def attacker(request: pytest.FixtureRequest) -> Iterator[Attacker]:
    with ExitStack() as stack:
        if request.param == "rootless":
            running = rootless.begin(stack.enter_context(rootless.project()), "data")
        else:
            directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="hearth-attacks-"))
            running = RunningExecutor.start(Path(directory))
        runtimes = running.client.status()["runtimes"]
        nodes = [name for name in runtimes if name.startswith("nodejs")]
        python = PYTHON if PYTHON in runtimes else next(name for name in runtimes if name.startswith("python"))
        yield Attacker(running, python, nodes[-1] if nodes else "")
        pids = running.pids()
        assert running.stop() == 0
        eventually(lambda: not [pid for pid in pids if alive(pid)])


@pytest.fixture(autouse=True)
def contained(attacker: Attacker) -> Iterator[None]:
    """Whatever a test did cost its own environment at most."""
    attacker.check_neighbour()
    executor, resident, descriptors = attacker.pid, attacker.resident(), attacker.descriptors()
    yield
    attacker.check_neighbour()
    attacker.check_settled()
    assert attacker.pid == executor
    assert attacker.resident() - resident < MOST_GROWTH
    assert attacker.descriptors() - descriptors < 100
