# ruff: noqa: E501 (sources of functions in one line)
"""An ordinary user's executor: the same sandboxes, and what is missing is said."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import pytest

from functions.execution.spec import FunctionSpec
from tests.execution.running import PROJECT, RunningExecutor, alive, eventually, is_root

OPEN_PYTHON = Path(f"/usr/bin/python3.{sys.version_info.minor}")
pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(not is_root(), reason="already an ordinary user: every other test is this one"),
    pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv to become an ordinary user"),
    pytest.mark.skipif(not OPEN_PYTHON.exists(), reason="needs our own Python version where everybody may read it"),
]
USER = 1000


@pytest.fixture(scope="module")
def rootless() -> Iterator[RunningExecutor]:
    """In a copy of the project that the user may read, outside of pytest's private directories."""
    with TemporaryDirectory(prefix="hearth-rootless-") as place:
        base = Path(place)
        for package in ("functions", "monitoring", "console"):
            shutil.copytree(PROJECT / package, base / package, ignore=shutil.ignore_patterns("__pycache__"))
        # The one package that the engine needs; the rest of the virtual environment stays out of the user's sight.
        shutil.copytree(Path(orjson.__file__).parent, base / "orjson")
        for path in (base, *base.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        running = begin(base, "data")
        yield running
        assert running.stop() == 0


def begin(base: Path, name: str) -> RunningExecutor:
    data = base / name
    for path in (data, data / "code", data / "spool", data / "run"):
        path.mkdir()
        os.chown(path, USER, USER)
    prefix = ("setpriv", "--reuid", str(USER), "--regid", str(USER), "--clear-groups")
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(data)}
    return RunningExecutor.start(data, prefix=prefix, python=str(OPEN_PYTHON), cwd=base, env=environment)


def function(executor: RunningExecutor, source: str, **changes: object) -> FunctionSpec:
    runtime = next(name for name in executor.client.status()["runtimes"] if name.startswith("python"))
    return executor.function(source, **{"runtime": runtime, **changes})


def test_what_is_missing_is_said(rootless: RunningExecutor) -> None:
    facts = rootless.isolation
    assert facts["cgroups"] is None
    assert any("cgroup" in text for text in facts["missing"])
    assert "missing" in facts["summary"]


def test_functions_run_in_the_same_box(rootless: RunningExecutor) -> None:
    source = """
        import os
        def status():
            return dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
        def handler(event, context):
            found = status()
            return [found["Uid"].split()[0], found["CapEff"], found["CapBnd"], found["NoNewPrivs"], found["Seccomp"],
                    os.getpid(), os.path.exists("/root"), os.path.exists("/etc/shadow"), sorted(os.listdir("/var/task"))]
        """
    result = rootless.invoke(function(rootless, source))
    none = "0" * 16
    assert json.loads(result.payload) == ["993", none, none, "1", "2", 2, False, False, ["app.py"]]


def test_processes_are_the_users_on_the_machine(rootless: RunningExecutor) -> None:
    rootless.invoke(function(rootless, "def handler(event, context):\n    return 1"))
    for pid in rootless.pids():
        uids = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("Uid:"))
        assert set(uids.split()[1:]) != {"0"}


def test_memory_is_limited_by_polling(rootless: RunningExecutor) -> None:
    source = "import time\ndef handler(event, context):\n    x = bytearray(event << 20)\n    time.sleep(1)\n    return len(x)"
    spec = function(rootless, source)
    assert rootless.invoke(spec, 250).error_type == "Runtime.OutOfMemory"
    result = rootless.invoke(spec, 60)
    assert result.function_error == ""
    assert 60 <= result.max_memory_mb < 128


def test_the_network_is_closed(rootless: RunningExecutor) -> None:
    source = "import socket\ndef handler(event, context):\n    return [name for _, name in socket.if_nameindex()]"
    assert json.loads(rootless.invoke(function(rootless, source)).payload) == ["lo"]


def test_kill_9_leaves_nothing(rootless: RunningExecutor) -> None:
    running = begin(rootless.directory.parent, "again")
    running.invoke(function(running, "def handler(event, context):\n    return 1"))
    pids = running.pids()
    assert len(pids) > 4
    running.process.kill()
    running.stop()
    eventually(lambda: not [pid for pid in pids if alive(pid)])
