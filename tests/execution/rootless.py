"""An executor of an ordinary user, started by a root who tests."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import pytest

from tests.execution.running import PROJECT, RunningExecutor, is_root

OPEN_PYTHON = Path(f"/usr/bin/python3.{sys.version_info.minor}")
USER = 1000
skips = [
    pytest.mark.skipif(not is_root(), reason="already an ordinary user: every other test is this one"),
    pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv to become an ordinary user"),
    pytest.mark.skipif(not OPEN_PYTHON.exists(), reason="needs our own Python version where everybody may read it"),
]


@contextmanager
def project() -> Iterator[Path]:
    """A copy of the project that the user may read, outside of pytest's private directories."""
    with TemporaryDirectory(prefix="hearth-rootless-") as place:
        base = Path(place)
        for package in ("functions", "monitoring", "console"):
            shutil.copytree(PROJECT / package, base / package, ignore=shutil.ignore_patterns("__pycache__"))
        # The one package that the engine needs; the rest of the virtual environment stays out of the user's sight.
        shutil.copytree(Path(orjson.__file__).parent, base / "orjson")
        for path in (base, *base.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        yield base


def begin(base: Path, name: str, *options: str, prefix: tuple[str, ...] = ()) -> RunningExecutor:
    """Start one in a directory of its own below `base`; `prefix` is a command of root's that runs it."""
    data = base / name
    for path in (data, data / "code", data / "spool", data / "run"):
        path.mkdir()
        os.chown(path, USER, USER)
    prefix = (*prefix, "setpriv", "--reuid", str(USER), "--regid", str(USER), "--clear-groups")
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(data)}
    return RunningExecutor.start(data, *options, prefix=prefix, python=str(OPEN_PYTHON), cwd=base, env=environment)
