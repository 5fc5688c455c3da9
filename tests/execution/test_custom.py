"""Custom runtimes: what a package brings as `bootstrap`, by the Lambda Runtime API, and what goes wrong with it."""

import json
import shutil

import pytest

from functions.execution.spec import FunctionSpec
from monitoring.report import Outcome
from tests.execution.running import RunningExecutor

pytestmark = pytest.mark.sandbox
# The way of AWS's tutorial.
SHELL = """#!/bin/sh
set -eu
. "./$(echo "$_HANDLER" | cut -d. -f1).sh"
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
while true; do
    headers=$(mktemp)
    event=$(curl -sS -LD "$headers" "$api/invocation/next")
    id=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$headers" | tr -d '[:space:]' | cut -d: -f2)
    response=$($(echo "$_HANDLER" | cut -d. -f2) "$event")
    curl -sS -o /dev/null "$api/invocation/$id/response" -d "$response"
done
"""


def function(executor: RunningExecutor, files: dict[str, str], **changes: object) -> FunctionSpec:
    return executor.function(files, **{"runtime": "provided.al2023", "handler": "function.handler", **changes})


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl on this machine")
@pytest.mark.parametrize("runtime", ["provided.al2", "provided.al2023"])
def test_a_shell_script(executor: RunningExecutor, runtime: str) -> None:
    handler = 'handler() { echo "got $1" >&2; env >&2; printf \'{"echo": %s}\' "$1"; }'
    spec = function(
        executor, {"bootstrap": SHELL, "function.sh": handler}, runtime=runtime, environment={"MINE": "x y"}
    )
    results = [executor.invoke(spec, n) for n in (1, "zwei")]
    assert [json.loads(result.payload) for result in results] == [{"echo": 1}, {"echo": "zwei"}]
    assert [result.init_ms is None for result in results] == [False, True]
    messages = executor.messages(spec)
    assert 'got "zwei"\n' in messages
    assert {"MINE=x y\n", "_HANDLER=function.handler\n", "AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001\n"} <= set(messages)
    assert not [message for message in messages if message.startswith(("AWS_EXECUTION_ENV", "HEARTH"))]


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ({}, "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"),
        ({"bootstrap": "no mode"}, "fork/exec /var/task/bootstrap: permission denied"),
        ({"bootstrap": "#!/no/such/shell\n"}, "fork/exec /var/task/bootstrap: no such file or directory"),
    ],
)
def test_nothing_to_start(executor: RunningExecutor, files: dict[str, str], text: str) -> None:
    spec = function(executor, {"other": "", **files})
    result = executor.invoke(spec)
    assert json.loads(result.payload) == {
        "errorType": "Runtime.InvalidEntrypoint",
        "errorMessage": f"RequestId: {result.request_id} Error: {text}",
    }
    assert executor.last(spec).outcome == Outcome.INIT_ERROR
    assert f"RequestId: {result.request_id} Error: {text}\nRuntime.InvalidEntrypoint\n" in executor.messages(spec)
