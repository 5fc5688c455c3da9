from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.execution.running import RunningExecutor


@pytest.fixture(scope="session")
def executor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExecutor]:
    """One executor for all tests that do not end or starve it."""
    running = RunningExecutor.start(tmp_path_factory.mktemp("executor"))
    yield running
    assert running.stop() == 0


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., RunningExecutor]]:
    """Starts executors of a test's own, with further options."""
    started: list[RunningExecutor] = []

    def begin(*options: str) -> RunningExecutor:
        directory = tmp_path / str(len(started))
        directory.mkdir()
        running = RunningExecutor.start(directory, *options)
        started.append(running)
        return running

    yield begin
    for running in started:
        running.stop()
