"""Python on a custom runtime: an interpreter of this machine as layer, and AWS's own client in the package."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from functions.execution.runtimes.discovery import installed
from functions.execution.spec import FunctionSpec
from tests.execution.running import RunningExecutor

CLIENTS = Path(__file__).parents[1] / "clients"
PYTHONS = {name: each for name, each in installed().items() if each.family == "python"}


def interpreter_layer(executor: RunningExecutor, runtime: str) -> str:
    """The name of a layer whose bin/python3 is this machine's interpreter of a runtime."""
    place = executor.directory / "code" / f"interpreter-{runtime}"
    if not place.is_symlink():
        place.symlink_to(PYTHONS[runtime].root)
    return place.name


def awslambdaric(runtime: str) -> Path:
    """The directory that holds AWS's client for a runtime: fetched once, by the lock file."""
    release, lock = PYTHONS[runtime].release, CLIENTS / "awslambdaric.txt"
    place = CLIENTS / ".awslambdaric" / release
    stamp = place / ".installed"
    if not stamp.exists() or stamp.read_bytes() != lock.read_bytes():
        shutil.rmtree(place, ignore_errors=True)
        done = subprocess.run(
            [Path(sys.executable).with_name("uv"), "pip", "install", "--quiet",
             "--python-version", release, "--only-binary", "awslambdaric", "--target", place, "-r", lock],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        if done.returncode:
            pytest.skip(f"awslambdaric cannot be fetched: {done.stderr.strip().splitlines()[-1]}")
        stamp.write_bytes(lock.read_bytes())
    return place


def through_awslambdaric(
    executor: RunningExecutor, source: str | dict[str, str], runtime: str, **changes: object
) -> FunctionSpec:
    """A function whose package holds AWS's client, with `source` in app.py."""
    files = source if isinstance(source, dict) else {"app.py": source}
    bootstrap = f"""#!/bin/sh
export AWS_EXECUTION_ENV=AWS_Lambda_{runtime} PYTHONHOME=/opt PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/var/task
exec /opt/{PYTHONS[runtime].program} -m awslambdaric "$_HANDLER"
"""
    spec = executor.function(
        {**files, "bootstrap": bootstrap},
        **{"runtime": "provided.al2023", "layers": interpreter_layer(executor, runtime), **changes},
    )
    tree = executor.directory / "code" / spec.code
    if not (tree / "awslambdaric").exists():
        shutil.copytree(awslambdaric(runtime), tree, dirs_exist_ok=True, copy_function=_link)
    return spec


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)
