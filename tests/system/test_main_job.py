"""From boto3 and the AWS CLI to a sandbox, and back as logs, metrics and charts: the whole way, on real processes."""

import base64
import io
import json
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.family import ROOT, RunningHearth, wait_for, zip_of
from tests.gate import waits

ECHO = """
import os
def handler(event, context):
    print("event", event)
    return {"event": event, "version": context.function_version, "arn": context.invoked_function_arn}
"""


def invoke(client: Any, name: str, event: object = None, **members: Any) -> tuple[dict[str, Any], Any]:
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event).encode(), **members)
    return answer, json.loads(answer["Payload"].read() or b"null")


def messages(logs: Any, name: str, pattern: str = "") -> list[str]:
    try:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/{name}", filterPattern=pattern
        )
        return [event["message"] for page in pages for event in page["events"]]
    except logs.exceptions.ResourceNotFoundException:
        return []


def metric(hearth: RunningHearth, function: str, name: str, statistic: str = "Sum") -> float:
    now = datetime.now(UTC)
    answer = hearth.client("cloudwatch").get_metric_data(
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=2),
        MetricDataQueries=[
            {
                "Id": "m",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/Lambda",
                        "MetricName": name,
                        "Dimensions": [{"Name": "FunctionName", "Value": function}],
                    },
                    "Period": 60,
                    "Stat": statistic,
                },
            }
        ],
    )
    return float(sum(answer["MetricDataResults"][0]["Values"]))


def test_a_function_is_created_invoked_and_read_back(hearth: RunningHearth) -> None:
    client = hearth.client("lambda")
    hearth.deploy("main-job", ECHO)
    answer, payload = invoke(client, "main-job", {"n": 1}, LogType="Tail")
    assert answer["StatusCode"] == 200
    assert answer["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in answer
    assert payload["event"] == {"n": 1}
    tail = base64.b64decode(answer["LogResult"]).decode()
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert tail.splitlines()[0] == f"START RequestId: {request_id} Version: $LATEST"
    assert "event {'n': 1}" in tail
    assert f"REPORT RequestId: {request_id}\tDuration: " in tail

    logs = hearth.client("logs")
    wait_for("the report", lambda: messages(logs, "main-job", "REPORT"))
    lines = messages(logs, "main-job")
    assert [line.split(" ")[0] for line in lines][:4] == ["START", "event", "END", "REPORT"]
    assert wait_for("the metric", lambda: metric(hearth, "main-job", "Invocations")) == 1
    assert metric(hearth, "main-job", "Errors") == 0
    assert metric(hearth, "main-job", "Duration", "p99") > 0


def test_versions_and_a_weighted_alias(hearth: RunningHearth) -> None:
    client = hearth.client("lambda")
    hearth.deploy("shifted", ECHO)
    first = client.publish_version(FunctionName="shifted")["Version"]
    code = zip_of({"app.py": ECHO + "\n# second"})
    second = client.update_function_code(FunctionName="shifted", ZipFile=code, Publish=True)["Version"]
    assert (first, second) == ("1", "2")
    client.create_alias(
        FunctionName="shifted",
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.1}},
    )
    with ThreadPoolExecutor(8) as threads:
        answers = threads.map(lambda n: invoke(client, "shifted:live", n)[1]["version"], range(1000))
    shares = Counter(answers)
    assert sum(shares.values()) == 1000
    # Binomial, 1,000 draws at 10 %: five standard deviations are 47.
    assert 53 <= shares["2"] <= 147
    client.update_alias(FunctionName="shifted", Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
    assert {invoke(client, "shifted:live")[1]["version"] for _ in range(20)} == {"1"}
    assert invoke(client, "shifted", Qualifier="live")[1]["arn"].endswith(":function:shifted:live")


def test_a_change_is_in_force_when_it_was_answered(hearth: RunningHearth) -> None:
    client = hearth.client("lambda")
    hearth.deploy("changing", "def handler(event, context): return 0")
    for number in range(1, 15):
        code = zip_of({"app.py": f"def handler(event, context): return {number}"})
        client.update_function_code(FunctionName="changing", ZipFile=code)
        assert invoke(client, "changing")[1] == number


def test_reserved_concurrency_is_enforced_with_awss_error(hearth: RunningHearth) -> None:
    client = hearth.client("lambda", max_pool_connections=20)
    hearth.deploy("narrow", waits(), Timeout=60)
    client.put_function_concurrency(FunctionName="narrow", ReservedConcurrentExecutions=2)

    def call(_: int) -> tuple[int, str]:
        try:
            return client.invoke(FunctionName="narrow", Payload=b'"go"')["StatusCode"], ""
        except ClientError as error:
            return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Reason"]

    refused = (429, "ReservedFunctionConcurrentInvocationLimitExceeded")
    with ThreadPoolExecutor(6) as threads:
        calls = [threads.submit(call, n) for n in range(6)]
        wait_for("those that find no place", lambda: sum(each.done() for each in calls) == 4)
        hearth.let_go("narrow")
    assert Counter(each.result() for each in calls) == {(200, ""): 2, refused: 4}
    client.put_function_concurrency(FunctionName="narrow", ReservedConcurrentExecutions=0)
    assert call(0) == refused
    client.delete_function_concurrency(FunctionName="narrow")
    assert call(0) == (200, "")
    assert wait_for("throttles", lambda: metric(hearth, "narrow", "Throttles") == 5)


def test_an_asynchronous_event_is_retried_twice(hearth: RunningHearth) -> None:
    client = hearth.client("lambda")
    hearth.deploy("stubborn", "def handler(event, context): raise ValueError('attempt')")
    answer = client.invoke(FunctionName="stubborn", InvocationType="Event", Payload=b"{}")
    assert answer["StatusCode"] == 202
    assert answer["Payload"].read() == b""
    request_id = answer["ResponseMetadata"]["RequestId"]
    logs = hearth.client("logs")
    wait_for("three attempts", lambda: len(messages(logs, "stubborn", "START")) == 3)
    assert {line.split()[2] for line in messages(logs, "stubborn", "START")} == {request_id}
    wait_for("three errors", lambda: metric(hearth, "stubborn", "Errors") == 3)


def test_dry_run_runs_nothing(hearth: RunningHearth) -> None:
    hearth.deploy("dry", ECHO)
    answer = hearth.client("lambda").invoke(FunctionName="dry", InvocationType="DryRun")
    assert answer["StatusCode"] == 204
    assert answer["Payload"].read() == b""
    time.sleep(0.5)
    assert messages(hearth.client("logs"), "dry") == []


def test_deleted_means_gone(hearth: RunningHearth) -> None:
    client = hearth.client("lambda")
    hearth.deploy("gone", ECHO)
    invoke(client, "gone")
    client.delete_function(FunctionName="gone")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        invoke(client, "gone")


def test_the_aws_cli(hearth: RunningHearth, tmp_path: Path) -> None:
    (tmp_path / "code.zip").write_bytes(zip_of({"app.py": ECHO}))

    def aws(*arguments: str) -> str:
        ended = subprocess.run(
            [ROOT / ".venv/bin/aws", *arguments], cwd=tmp_path, env=hearth.environment(), capture_output=True, text=True
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    runtime = f"python3.{sys.version_info.minor}"
    create = ["--runtime", runtime, "--handler", "app.handler", "--role", hearth.role, "--zip-file", "fileb://code.zip"]
    created = json.loads(aws("lambda", "create-function", "--function-name", "by-cli", *create))
    assert created["FunctionArn"].endswith(":function:by-cli")
    aws("lambda", "wait", "function-active-v2", "--function-name", "by-cli")
    answer = json.loads(aws("lambda", "invoke", "--function-name", "by-cli", "--payload", '{"a": 1}', "out.json"))
    assert answer == {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
    assert json.loads((tmp_path / "out.json").read_text())["event"] == {"a": 1}
    wait_for("the log", lambda: messages(hearth.client("logs"), "by-cli", "event"))
    assert "event {'a': 1}" in aws("logs", "filter-log-events", "--log-group-name", "/aws/lambda/by-cli")
    assert json.loads(aws("sts", "get-caller-identity"))["Account"] == hearth.credentials["account_id"]
    aws("lambda", "delete-function", "--function-name", "by-cli")


def test_the_package_can_be_downloaded_again(hearth: RunningHearth) -> None:
    import urllib.request
    import zipfile

    hearth.deploy("download", ECHO)
    location = hearth.client("lambda").get_function(FunctionName="download")["Code"]["Location"]
    assert location.startswith(hearth.endpoint)
    with urllib.request.urlopen(location) as answer:
        archive = zipfile.ZipFile(io.BytesIO(answer.read()))
    assert archive.read("app.py").decode() == ECHO
