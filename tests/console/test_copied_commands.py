"""What "Copy as" shows, run for real: AWS CLI, boto3 and curl make the same calls."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from console.pages.snippets import PACKAGE, Call, invoke, of
from functions.actions import function_url
from tests.family import RunningHearth, wait_for, zip_of

pytestmark = pytest.mark.server

ECHO = "def handler(event, context):\n    print('said', event)\n    return event\n"
NASTY = 'it\'s "$HOME" `id` \\ Zürich\n<b>&amp; @'
KINDS = ["cli", "boto3", "curl"]


@pytest.fixture(scope="module", autouse=True)
def copied(hearth: RunningHearth) -> None:
    hearth.deploy("copied-commands", ECHO)


def run(hearth: RunningHearth, kind: str, where: Path, *calls: Call) -> str:
    """Paste it into a terminal in `where`."""
    text = next(each.text for each in of(hearth.endpoint, calls) if each.key == kind)
    command = [sys.executable, "-c", text] if kind == "boto3" else ["sh", "-ec", text]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**hearth.environment(), "PATH": path}
    for name in ("AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION"):  # the text says them itself
        environment.pop(name)
    done = subprocess.run(command, capture_output=True, text=True, cwd=where, env=environment, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_with_awkward_values(hearth: RunningHearth, tmp_path: Path, kind: str) -> None:
    members = {
        "FunctionName": "copied-commands",
        "Description": f"{kind} {NASTY}",
        "Environment": {"Variables": {"TEXT": NASTY}},
    }
    run(hearth, kind, tmp_path, Call("UpdateFunctionConfiguration", members))
    found = hearth.client("lambda").get_function_configuration(FunctionName="copied-commands")
    assert found["Description"] == f"{kind} {NASTY}"
    assert found["Environment"]["Variables"] == {"TEXT": NASTY}


@pytest.mark.parametrize("kind", KINDS)
def test_a_function_is_made_released_tagged_and_deleted(hearth: RunningHearth, tmp_path: Path, kind: str) -> None:
    name = f"copied-{kind}"
    (tmp_path / PACKAGE.decode()).write_bytes(zip_of({"app.py": ECHO}))
    made = Call(
        "CreateFunction",
        {
            "FunctionName": name,
            "Runtime": f"python3.{sys.version_info.minor}",
            "Handler": "app.handler",
            "Role": hearth.role,
            "Code": {"ZipFile": PACKAGE},
            "Description": "http://not.fetched.example/",
        },
    )
    answer = run(hearth, kind, tmp_path, made)
    assert name in answer
    client = hearth.client("lambda")
    found = client.get_function_configuration(FunctionName=name)
    assert found["Description"] == "http://not.fetched.example/"
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    half = {"AdditionalVersionWeights": {"1": 0.5}}
    alias = {"FunctionName": name, "Name": "prod"}
    tagged = {"Resource": found["FunctionArn"], "Tags": {"team": "a b"}}
    (tmp_path / PACKAGE.decode()).write_bytes(zip_of({"app.py": ECHO + "# new\n"}))
    run(
        hearth,
        kind,
        tmp_path,
        Call("PublishVersion", {"FunctionName": name}),
        Call("UpdateFunctionCode", {"FunctionName": name, "ZipFile": PACKAGE, "Publish": True}),
        Call("CreateAlias", {**alias, "FunctionVersion": "2", "RoutingConfig": half}),
        Call("TagResource", tagged),
        Call("PutFunctionConcurrency", {"FunctionName": name, "ReservedConcurrentExecutions": 0}),
        Call("PutFunctionEventInvokeConfig", {"FunctionName": name, "MaximumRetryAttempts": 0}),
        Call("CreateFunctionUrlConfig", {"FunctionName": name, "Qualifier": "prod", "AuthType": "NONE"}),
        *(Call("AddPermission", {"FunctionName": name, "Qualifier": "prod", **each}) for each in function_url.PUBLIC),
    )
    assert client.get_alias(**alias)["RoutingConfig"] == half
    assert client.get_function(FunctionName=name)["Tags"] == {"team": "a b"}
    assert client.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 0
    assert client.get_function_event_invoke_config(FunctionName=name)["MaximumRetryAttempts"] == 0
    assert client.get_function_url_config(FunctionName=name, Qualifier="prod")["AuthType"] == "NONE"
    policy = json.loads(client.get_policy(FunctionName=name, Qualifier="prod")["Policy"])
    assert [each["Sid"] for each in policy["Statement"]] == [each["StatementId"] for each in function_url.PUBLIC]
    untagged = {"Resource": found["FunctionArn"], "TagKeys": ["team"]}
    run(hearth, kind, tmp_path, Call("UntagResource", untagged), Call("DeleteFunction", {"FunctionName": name}))
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function(FunctionName=name)


@pytest.mark.parametrize("kind", KINDS)
def test_an_invocation_and_its_log_and_metrics(hearth: RunningHearth, tmp_path: Path, kind: str) -> None:
    start = int(time.time() * 1000) - 60_000
    answer = run(hearth, kind, tmp_path, invoke("copied-commands", "$LATEST", f'{{"{kind}": "it\'s ü"}}'))
    assert "it's" in answer
    found = {"logGroupName": "/aws/lambda/copied-commands", "startTime": start, "filterPattern": f"\"'{kind}'\""}
    logs = hearth.client("logs")
    wait_for("the line", lambda: logs.filter_log_events(**found)["events"])
    assert "said " in run(hearth, kind, tmp_path, Call("FilterLogEvents", found, "logs"))
    metric = {
        "Namespace": "AWS/Lambda",
        "MetricName": "Invocations",
        "Dimensions": [{"Name": "FunctionName", "Value": "copied-commands"}],
    }
    queries = [{"Id": "calls", "MetricStat": {"Metric": metric, "Period": 3600, "Stat": "Sum"}}]
    times = [time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime(time.time() + hour * 3600)) for hour in (-1, 1)]
    asked = {"MetricDataQueries": queries, "StartTime": times[0], "EndTime": times[1]}
    assert "calls" in run(hearth, kind, tmp_path, Call("GetMetricData", asked, "cloudwatch"))
    assert "lambda-role" in run(hearth, kind, tmp_path, Call("GetRole", {"RoleName": "lambda-role"}, "iam"))
