"""Hot reload in the executor: the next invocation after a change runs the new code."""

import os
from pathlib import Path

import pytest

from tests.execution.running import RunningExecutor

pytestmark = pytest.mark.sandbox
CODE = "n = []\ndef handler(event, context):\n    n.append(1)\n    return ['{}', len(n)]"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = tmp_path.resolve() / "project"
    project.mkdir()
    for directory in (project, *project.parents):  # pytest's own are closed to others
        if directory.is_relative_to("/tmp") and directory != Path("/tmp"):
            directory.chmod(0o755)
    (project / "app.py").write_text(CODE.format("one"))
    return project


def test_a_change_is_in_force_at_the_next_invocation(executor: RunningExecutor, project: Path) -> None:
    spec = executor.function("", live=str(project))
    assert [executor.invoke(spec).payload for _ in range(2)] == [b'["one", 1]', b'["one", 2]']
    (project / "app.py").write_text(CODE.format("two"))
    assert executor.invoke(spec).payload == b'["two", 1]'
    (project / "lib").mkdir()
    (project / "lib" / "more.py").write_text("")
    assert executor.invoke(spec).payload == b'["two", 1]'
    assert executor.invoke(spec).payload == b'["two", 2]'


def test_a_function_cannot_write_to_it(executor: RunningExecutor, project: Path) -> None:
    (project / "app.py").write_text("def handler(event, context):\n    open('/var/task/mine', 'w')")
    assert b"Read-only file system" in executor.invoke(executor.function("", live=str(project))).payload
    assert os.listdir(project) == ["app.py"]


def test_one_that_has_gone_or_is_a_symlink_by_now_is_not_shown(executor: RunningExecutor, project: Path) -> None:
    spec = executor.function("", live=str(project))
    executor.invoke(spec)
    project.rename(project.parent / "moved")
    assert b"Unable to import module 'app'" in executor.invoke(spec).payload
    project.symlink_to(project.parent / "moved")
    assert b"Unable to import module 'app'" in executor.invoke(spec).payload
