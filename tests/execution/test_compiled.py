"""Custom runtimes from a compiler: a `bootstrap` each in C++, Go and Rust that speaks with the Runtime API itself."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.execution.custom import function
from tests.execution.running import RunningExecutor

pytestmark = pytest.mark.sandbox
SOURCES = Path(__file__).parent / "compiled"
PATH = f"{Path(__file__).parents[1] / 'clients/.venv/bin'}:{os.environ['PATH']}"  # `make clients` brings a Go
COMPILERS = {
    "cpp": ["g++", "-std=c++17"],
    "go": ["go", "build"],
    "rs": ["rustc", "--edition", "2021"],
}


@pytest.mark.parametrize("language", COMPILERS)
def test_a_compiled_bootstrap(executor: RunningExecutor, tmp_path: Path, language: str) -> None:
    program, *options = COMPILERS[language]
    compiler = shutil.which(program, path=PATH)
    if compiler is None:
        pytest.skip(f"no {program} on this machine")
    compiled = subprocess.run(
        [compiler, *options, "-o", tmp_path / "bootstrap", SOURCES / f"bootstrap.{language}"],
        env=os.environ | {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    if "rustup" in compiled.stderr:
        pytest.skip(f"only a stand-in for a compiler: {compiled.stderr[:200]}")
    assert not compiled.returncode, compiled.stderr
    spec = function(executor, {"README": language})
    shutil.copy(tmp_path / "bootstrap", executor.directory / "code" / spec.code / "bootstrap")
    for number in range(3):
        assert json.loads(executor.invoke(spec, number).payload) == {language: number}
    assert "got 2\n" in executor.messages(spec)
