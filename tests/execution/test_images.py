"""Functions that are container images, in real sandboxes: what they see, and what they do not."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from functions.code.images import layout, manifest, reference, unpack
from functions.execution import image
from functions.execution.spec import FunctionSpec
from tests.execution.running import RunningExecutor
from tests.images.making import LayoutMaker, directory, file, layer, link, needs_busybox, shell

pytestmark = [pytest.mark.sandbox, needs_busybox]


def function(executor: RunningExecutor, path: Path, *layers: bytes, **changes: Any) -> FunctionSpec:
    """The spec of an image of these layers, unpacked by our own unpacker."""
    made = LayoutMaker(path / "layout")
    uri = made.image("v1", *layers)
    source = layout.Directory(reference.Reference(uri, reference.Kind.LAYOUT, str(made.path), "v1", ""))
    found = manifest.read(source, uri)
    target = executor.directory / "code" / hashlib.sha256(found.digest.encode()).hexdigest()
    if not target.exists():
        unpack.unpack(found, source, target)
    starts = {"command": ["/app/loop"], "directory": "/", "environment": {}, **changes.pop("image", {})}
    return executor.function({}, runtime="", handler="", code=target.name, image=starts, timeout_s=30, **changes)


def test_an_image_is_all_that_there_is(executor: RunningExecutor, tmp_path: Path) -> None:
    answer = """
        case "$1" in
        *root*) ls -a / | tr '\\n' ' ' ;;
        *env*) env ;;
        *pwd*) pwd; touch /mine 2>&1; touch /tmp/mine && echo wrote; id -u; cat /etc/hosts ;;
        *proc*) for each in root exe cwd; do readlink "/proc/1/$each"; done; ls /proc/1/fd /proc/1/root
            cat /proc/self/mountinfo; readlink /proc/self/exe; ls /dev /sys ;;
        esac 2>&1
    """
    spec = function(
        executor,
        tmp_path,
        shell(answer),
        layer([directory("srv/deep"), link("tmp", "/srv"), link("dev", "srv"), file("etc/hosts", "1.2.3.4 evil\n")]),
        image={"directory": "/srv/deep", "environment": {"PATH": "/bin", "MINE": "image", "AWS_REGION": "moon"}},
        environment={"THEIRS": "function"},
    )

    def ask(what: str) -> str:
        result = executor.invoke(spec, what)
        assert result.function_error == "", result.payload + result.log_tail
        return result.payload.decode()

    assert ask("root").split() == [".", "..", "app", "bin", "dev", "etc", "proc", "srv", "sys", "tmp"]
    variables = dict(line.split("=", 1) for line in ask("env").splitlines() if "=" in line)
    assert (variables["MINE"], variables["THEIRS"], variables["PATH"]) == ("image", "function", "/bin")
    assert variables["AWS_REGION"] == "eu-west-1"
    assert variables["AWS_LAMBDA_RUNTIME_API"] == "127.0.0.1:9001"
    assert not {"_HANDLER", "LD_LIBRARY_PATH", "AWS_EXECUTION_ENV"} & set(variables)
    here = ask("pwd").splitlines()
    assert here[0] == "/srv/deep"
    assert "Read-only file system" in here[1]
    assert here[2:4] == ["wrote", "993"]
    assert "127.0.0.1 localhost" in here
    assert not [line for line in here if "evil" in line]
    seen = ask("proc")
    assert "can't open '/proc/1/fd': Permission denied" in seen
    assert "/proc/1/root: Permission denied" in seen
    mounts = [line.split() for line in seen.splitlines() if line[:1].isdigit()]
    assert {place for *_, place in (fields[:5] for fields in mounts) if not place.startswith("/proc/")} == {
        *("/", "/dev", "/dev/shm", "/proc", "/tmp"),
        *(f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom")),
    }
    (root,) = [fields for fields in mounts if fields[4] == "/"]
    assert root[3].endswith(f"/code/{spec.code}")
    assert root[5].startswith("ro,nosuid,nodev")
    assert executor.invoke(spec, "root").init_ms is None


@pytest.mark.parametrize(
    ("starts", "kind", "text"),
    [
        ({"command": ["/no/such"]}, "Runtime.InvalidEntrypoint", "fork/exec /no/such: no such file or directory"),
        ({"command": ["/app/answer.sh"]}, "Runtime.InvalidEntrypoint", "fork/exec /app/answer.sh: permission denied"),
        ({"command": ["loops"]}, "Runtime.InvalidEntrypoint", 'exec: "loops": executable file not found in $PATH'),
        ({"command": []}, "Runtime.InvalidEntrypoint", "the image has no entry point and no command"),
        ({"directory": "/none"}, "Runtime.InvalidWorkingDir", "chdir /none: no such file or directory"),
        ({"command": ["sh", "-c", "exit 3"]}, "Runtime.ExitError", "Runtime exited with error: exit status 3"),
    ],
)
def test_what_cannot_start(executor: RunningExecutor, tmp_path: Path, starts: Any, kind: str, text: str) -> None:
    result = executor.invoke(function(executor, tmp_path, shell("echo 1"), image=starts))
    said = json.loads(result.payload)
    assert said["errorType"] == kind
    assert said["errorMessage"].endswith(f"Error: {text}")


@pytest.mark.parametrize("name", ["opt", "opt/extensions"])
def test_extensions_are_looked_for_in_the_image_only(executor: RunningExecutor, tmp_path: Path, name: str) -> None:
    """A symlink would show what programs the machine has."""
    outside = tmp_path / "machine"
    (outside / "extensions").mkdir(parents=True)
    (outside / "extensions/secret").write_text("#!/bin/sh\n")
    target = outside if name == "opt" else outside / "extensions"
    spec = function(executor, tmp_path, shell('echo "\\"$1\\""'), layer([link(name, str(target))]))
    tree = executor.directory / "code" / spec.code
    assert (tree / name).is_symlink()
    assert image.extensions(str(tree)) is None
    result = executor.invoke(spec, 1)
    assert result.function_error == ""
    assert not [message for message in executor.messages(spec) if "secret" in message]
