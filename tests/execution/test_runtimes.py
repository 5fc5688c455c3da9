"""The table of runtimes against AWS's own model, and discovery on this machine."""

import os
import shutil
import stat
import sys
from pathlib import Path

import botocore.session
import pytest

from functions.execution.runtimes import discovery, places
from functions.execution.runtimes.table import RUNTIMES
from functions.execution.spec import LaneError
from tests.execution.running import PYTHON, RunningExecutor


def test_the_table_has_every_id_of_awss_model() -> None:
    model = botocore.session.get_session().get_service_model("lambda")
    assert set(RUNTIMES) == set(model.shape_for("Runtime").enum)


def test_ids_carry_family_and_version() -> None:
    for runtime in RUNTIMES.values():
        assert runtime.family in {"python", "node", "ruby", "java", "dotnet", "go", "custom"}
        assert runtime.version in runtime.id or runtime.id == "nodejs"


def test_our_own_interpreter_is_found_and_answers() -> None:
    own = discovery.installed()[f"python3.{sys.version_info.minor}"]
    assert own.version == ".".join(map(str, sys.version_info[:3]))
    assert own.path.resolve().samefile(Path(sys.executable).resolve())


def test_all_found_are_of_the_table_and_in_its_order() -> None:
    found = list(discovery.installed())
    assert found == [runtime for runtime in RUNTIMES if runtime in found]


def test_broken_ones_and_shims_are_left_out(tmp_path: Path) -> None:
    shim = tmp_path / "python3.12"
    shim.write_text("#!/bin/sh\necho Python 3.12.0\n")
    shim.chmod(stat.S_IRWXU)
    assert discovery.ask(shim, "python") is None
    broken = tmp_path / "node"
    broken.write_bytes(b"\x7fELF and nothing more")
    broken.chmod(stat.S_IRWXU)
    assert discovery.ask(broken, "node") is None


def test_places_follow_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, place in (("PYENV_ROOT", "versions/3.9.1/bin"), ("NVM_DIR", "versions/node/v20.1.0/bin")):
        base = tmp_path / variable
        (base / place).mkdir(parents=True)
        monkeypatch.setenv(variable, str(base))
        assert base / place in places.programs()
    monkeypatch.setenv("PATH", os.pathsep.join(["relative", "/some/where"]))
    assert Path("/some/where") in places.programs()
    assert Path("relative") not in places.programs()


SECOND = [
    each for each in discovery.found() if each.family == "python" and each != discovery.installed().get(each.runtime)
]


@pytest.mark.sandbox
@pytest.mark.skipif(not SECOND, reason="this machine has one interpreter of each runtime")
def test_a_function_may_be_held_to_an_interpreter_that_is_not_the_first(executor: RunningExecutor) -> None:
    source = "import sys\ndef handler(event, context):\n    return '.'.join(map(str, sys.version_info[:3]))"
    for each in (SECOND[0], discovery.installed()[SECOND[0].runtime]):
        assert executor.run(source, runtime=each.runtime, runtime_version=each.version) == each.version


@pytest.mark.sandbox
def test_one_that_is_not_there_is_said(executor: RunningExecutor) -> None:
    with pytest.raises(LaneError, match=r"python3\.\d+@3\.0\.1 is not installed on this node"):
        executor.invoke(executor.function("", runtime_version="3.0.1"))


def test_what_is_installed_later_is_found_without_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RBENV_ROOT", str(tmp_path))
    discovery.look()
    before = discovery.found()
    bin_directory = tmp_path / "versions/own/bin"
    bin_directory.mkdir(parents=True)
    shutil.copy(discovery.installed()[PYTHON].path, bin_directory / PYTHON)
    discovery.look()
    assert [each.path for each in discovery.found() if each not in before] == [bin_directory / PYTHON]
    shutil.rmtree(bin_directory)
    monkeypatch.setattr(discovery, "LOOK_SECONDS", 0.0)  # by itself
    assert discovery.found() == before
