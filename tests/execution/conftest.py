import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from functions.execution.runtimes import discovery, java
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


@pytest.fixture(scope="session")
def java_classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Java classes of these tests, compiled; without those of the runtime."""
    target = tmp_path_factory.mktemp("classes")
    target.chmod(0o755)
    compiler = discovery.javac()
    assert compiler is not None
    options = ["--release", "8", "-Xlint:-options", "-nowarn", "-implicit:none", "-sourcepath", str(java.HERE)]
    files = [str(path) for path in (Path(__file__).parent / "java").rglob("*.java")]
    subprocess.run([compiler.root / "bin/javac", *options, "-d", str(target), *files], check=True)
    return target


@pytest.fixture(scope="session")
def java_code(executor: RunningExecutor, java_classes: Path) -> str:
    """A package of these classes, in the code store."""
    package = executor.directory / "code/java-classes"
    shutil.copytree(java_classes, package)
    (package / "data.txt").write_text("data")
    return package.name
