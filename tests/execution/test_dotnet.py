"""What starts where a `dotnet` is found: a script that says how it was called, and a real one with a real assembly.

The newest that a package registry of Python holds is .NET 3.1, which AWS has no more: it runs by the name of .NET 8.
"""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from functions.execution.runtimes import discovery
from functions.execution.spec import LaneError
from tests.execution.python_client import CLIENTS
from tests.execution.running import RunningExecutor

pytestmark = [pytest.mark.sandbox, pytest.mark.skipif(not shutil.which("curl"), reason="no curl on this machine")]
REAL = next(CLIENTS.glob(".venv/lib/python3.*/site-packages/dotnetcore2/bin"), None)
COMPILER = shutil.which("mcs")
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


@pytest.mark.skipif(REAL is None, reason="`make clients` brings .NET")
@pytest.mark.skipif(COMPILER is None, reason="no compiler of C# on this machine: apt-get install mono-mcs")
def test_a_real_one(root: Path, start: Callable[..., RunningExecutor]) -> None:
    assert REAL is not None
    assert COMPILER is not None
    shutil.copytree(REAL, root, dirs_exist_ok=True)
    (root / "dotnet").chmod(0o755)
    frameworks = root / "shared/Microsoft.NETCore.App"
    next(frameworks.iterdir()).rename(frameworks / "8.0.0")
    executor = start()
    framework = {"name": "Microsoft.NETCore.App", "version": "8.0.0"}
    options = {"framework": framework, "configProperties": {"System.Globalization.Invariant": True}}
    files = {"App.runtimeconfig.json": json.dumps({"runtimeOptions": options})}
    managed = executor.function(files, runtime="dotnet8", handler="App", memory_mb=512)
    bootstrap = "#!/bin/sh\nexec /opt/dotnet App.dll\n"
    (executor.directory / "code/dotnet").symlink_to(root)
    own = executor.function({**files, "bootstrap": bootstrap}, runtime="provided.al2023", layers="dotnet")
    source = Path(__file__).parent / "compiled/bootstrap.cs"
    for spec, name in ((managed, "AWS_Lambda_dotnet8"), (own, "")):
        assembly = executor.directory / "code" / spec.code / "App.dll"
        subprocess.run([COMPILER, f"-out:{assembly}", source], check=True)
        for number in range(2):
            answer = {"cs": number, "version": "8.0.0", "name": name}
            assert json.loads(executor.invoke(spec, number).payload) == answer
        assert "got 1\n" in executor.messages(spec)
