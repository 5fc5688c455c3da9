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
        package.write_bytes(zip_of({"app.py": "def handler(event, context):\n    return 2\n"}))
        updated = answer(hearth, "lambda", "update-function-code", *name, "--zip-file", f"fileb://{package}")
        assert updated["CodeSha256"] != made["CodeSha256"]
        configured = ("--timeout", "7", "--environment", "Variables={ONE=1,TWO=2}")
        changed = answer(hearth, "lambda", "update-function-configuration", *name, *configured)
        assert (changed["Timeout"], changed["Environment"]) == (7, {"Variables": {"ONE": "1", "TWO": "2"}})
        assert aws(hearth, "lambda", "wait", "function-updated-v2", *name).returncode == 0
        assert answer(hearth, "lambda", "publish-version", *name)["Version"] == "1"
        alias = ("--name", "live", "--function-version", "1")
        assert str(answer(hearth, "lambda", "create-alias", *name, *alias)["AliasArn"]).endswith(":gateway-cli:live")
        called = answer(hearth, "lambda", "invoke", *name, "--qualifier", "live", str(out))
        assert (called["ExecutedVersion"], json.loads(out.read_text())) == ("1", 2)
        permission = ("--statement-id", "s3", "--action", "lambda:InvokeFunction", "--principal", "s3.amazonaws.com")
        assert "Statement" in answer(hearth, "lambda", "add-permission", *name, *permission)
        listed = answer(hearth, "lambda", "list-functions", "--query", "Functions[].FunctionName")
        assert "gateway-cli" in listed
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
