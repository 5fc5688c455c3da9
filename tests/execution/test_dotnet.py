"""What starts where a `dotnet` is found. None can be installed here: a script stands where the program would be."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from functions.execution.runtimes import discovery
from functions.execution.spec import LaneError
from tests.execution.running import RunningExecutor

pytestmark = [pytest.mark.sandbox, pytest.mark.skipif(not shutil.which("curl"), reason="no curl on this machine")]
DOTNET = """#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while headers=$(curl -sS -o /dev/null -D - "$api/next"); do
    id=$(echo "$headers" | grep -Fi Lambda-Runtime-Aws-Request-Id | tr -d '[:space:]' | cut -d: -f2)
    curl -sS -o /dev/null "$api/$id/response" -d "[\\"$*\\", \\"$DOTNET_ROOT\\", \\"$AWS_EXECUTION_ENV\\"]"
done
"""


def install(root: Path) -> None:
    for version in ("8.0.4", "8.0.11", "10.0.0-rc.2.25502.107"):
        (root / "shared/Microsoft.NETCore.App" / version).mkdir(parents=True)
    (root / "dotnet").write_text(DOTNET)
    (root / "dotnet").chmod(0o755)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a `dotnet` would be."""
    found = tmp_path / "dotnet"
    found.mkdir()
    for path in (tmp_path, found):
        path.chmod(0o755)
    monkeypatch.setenv("DOTNET_ROOT", str(found))
    return found


def test_every_runtime_beside_it_is_found(root: Path) -> None:
    install(root)
    discovery.look()
    found = [(each.runtime, each.version) for each in discovery.of_family("dotnet") if each.root == root]
    assert found == [("dotnet10", "10.0.0-rc.2.25502.107"), ("dotnet8", "8.0.11"), ("dotnet8", "8.0.4")]


def test_it_is_found_while_the_executor_runs_and_has_the_runtime_api(
    root: Path, start: Callable[..., RunningExecutor]
) -> None:
    executor = start()
    spec = executor.function("", runtime="dotnet8", handler="My.App")
    with pytest.raises(LaneError, match=r"dotnet8 is not installed on this node"):
        executor.invoke(spec, {})
    install(root)
    answers = [json.loads(executor.invoke(spec, {}).payload) for _ in range(2)]
    assert answers == [["/var/task/My.App.dll", "/var/lang", "AWS_Lambda_dotnet8"]] * 2
    library = executor.function("", runtime="dotnet8", handler="My.App::My.Function::Handler")
    assert executor.invoke(library, {}).error_type == "Runtime.ExitError"
    assert "Handlers of class libraries" in "".join(executor.messages(library))
