"""The AWS CLI against the front door."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.family import RunningHearth, zip_of

AWS = str(Path(sys.executable).parent / "aws")


def aws(hearth: RunningHearth, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**hearth.environment(), "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1"}
    return subprocess.run([AWS, *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False)


def answer(hearth: RunningHearth, *arguments: str) -> dict[str, object]:
    done = aws(hearth, *arguments, "--output", "json")
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.server
class TestCli:
    def test_a_function_from_create_to_delete(self, hearth: RunningHearth, tmp_path: Path) -> None:
        package, out = tmp_path / "code.zip", tmp_path / "out.json"
        package.write_bytes(zip_of({"app.py": "def handler(event, context):\n    return event\n"}))
        runtime = f"python3.{sys.version_info.minor}"
        name = ("--function-name", "gateway-cli")
        made = answer(
            hearth, "lambda", "create-function", *name, "--runtime", runtime, "--handler", "app.handler",
            "--role", hearth.role, "--zip-file", f"fileb://{package}", "--description", "höher & weiter",
        )  # fmt: skip
        assert made["Description"] == "höher & weiter"
        assert aws(hearth, "lambda", "wait", "function-active-v2", *name).returncode == 0
        payload = ("--payload", '{"k": "ë"}', str(out))
        assert answer(hearth, "lambda", "invoke", *name, *payload) == {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
        assert json.loads(out.read_text()) == {"k": "ë"}
        assert answer(hearth, "lambda", "list-tags", "--resource", str(made["FunctionArn"])) == {"Tags": {}}
        assert aws(hearth, "lambda", "delete-function", *name).returncode == 0

    @pytest.mark.parametrize(
        "arguments",
        ["sts get-caller-identity", "iam list-roles", "logs describe-log-groups", "cloudwatch list-metrics"],
    )
    def test_other_services(self, hearth: RunningHearth, arguments: str) -> None:
        assert answer(hearth, *arguments.split())

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ("lambda get-function --function-name none", "(ResourceNotFoundException) when calling the GetFunction"),
            ("lambda get-function --function-name a:b:c:d:e", "(ValidationException) when calling the GetFunction"),
            (
                "lambda list-durable-executions-by-function --function-name none",
                "(InvalidParameterValueException) when calling the ListDurableExecutionsByFunction operation",
            ),
            ("iam get-role --role-name none", "The role with name none cannot be found."),
            ("iam list-users", "(InvalidAction) when calling the ListUsers operation"),
            ("cloudwatch describe-alarms", "DescribeAlarms is not supported by Hearth yet."),
            ("logs get-log-events --log-group-name a --log-stream-name b", "(ResourceNotFoundException)"),
            ("dynamodb list-tables", "The service 'dynamodb' is not supported by Hearth yet."),
        ],
    )
    def test_errors(self, hearth: RunningHearth, arguments: str, message: str) -> None:
        done = aws(hearth, *arguments.split())
        assert done.returncode != 0
        assert message in done.stderr
