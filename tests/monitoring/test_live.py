"""The whole way: a function runs in the family of processes, and the AWS CLI and boto3 read what it left."""

import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.family import RunningHearth, wait_for

pytestmark = [pytest.mark.server, pytest.mark.sandbox]

CODE = """
import json
def handler(event, context):
    print(json.dumps({"level": "ERROR" if event["n"] % 5 == 0 else "INFO", "n": event["n"]}))
    return event["n"]
"""
COUNT = 20


@pytest.fixture(scope="module")
def group(hearth: RunningHearth) -> str:
    hearth.deploy("monitored", CODE)
    client = hearth.client("lambda")
    for number in range(COUNT):
        answer = client.invoke(FunctionName="monitored", Payload=json.dumps({"n": number}).encode())
        assert answer["Payload"].read() == str(number).encode()
    return "/aws/lambda/monitored"


def test_the_aws_cli_prints_every_line(hearth: RunningHearth, group: str) -> None:
    command = [str(Path(sys.executable).parent / "aws"), "logs", "filter-log-events", "--log-group-name", group]
    command += ["--interleaved", "--start-time", str(int(time.time() - 3600) * 1000), "--page-size", "7"]

    def printed() -> list[str]:
        answer = subprocess.run(command, env=hearth.environment(), capture_output=True, text=True, timeout=120)
        assert answer.returncode == 0, answer.stderr
        found = [event["message"] for event in json.loads(answer.stdout)["events"]]
        return found if sum(message.startswith("REPORT RequestId") for message in found) == COUNT else []

    lines = wait_for("all reports", printed, seconds=60)
    assert [json.loads(line)["n"] for line in lines if line.startswith("{")] == list(range(COUNT))
    for first_word in ("START RequestId", "END RequestId"):
        assert sum(line.startswith(first_word) for line in lines) == COUNT


@pytest.fixture(scope="module")
def other_group(hearth: RunningHearth) -> str:
    """Of a function whose invocations nobody counts."""
    hearth.deploy("followed", CODE)
    return "/aws/lambda/followed"


def test_a_follower_sees_each_line_once(hearth: RunningHearth, other_group: str) -> None:
    """What `aws logs tail --follow` does: ask from the last time on, again and again, and know events by their id."""
    logs, client = hearth.client("logs"), hearth.client("lambda")
    client.invoke(FunctionName="followed", Payload=b'{"n": 1}')
    wait_for("the group", lambda: logs.describe_log_groups(logGroupNamePrefix=other_group)["logGroups"])
    seen: dict[str, str] = {}
    since = int(time.time() * 1000)
    for number in range(5000, 5010):
        client.invoke(FunctionName="followed", Payload=json.dumps({"n": number}).encode())

        def follow(number: int = number) -> bool:
            start = max([since, *(int(id[:20]) for id in seen)])
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=other_group, startTime=start, interleaved=True
            )
            seen.update({event["eventId"]: event["message"] for page in pages for event in page["events"]})
            return any(message.startswith("REPORT") for message in list(seen.values())[-1:]) and any(
                f'"n": {number}}}' in message for message in seen.values()
            )

        wait_for(f"the lines of {number}", follow)
    assert [json.loads(line)["n"] for line in seen.values() if line.startswith("{")] == list(range(5000, 5010))


def test_aws_logs_filter_log_events_takes_a_json_pattern(hearth: RunningHearth, group: str) -> None:
    logs = hearth.client("logs")

    def errors() -> list[int]:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, filterPattern='{ $.level = "ERROR" }', PaginationConfig={"PageSize": 3}
        )
        found = [json.loads(event["message"])["n"] for page in pages for event in page["events"]]
        return found if len(found) >= COUNT // 5 else []

    assert wait_for("the errors", errors) == [0, 5, 10, 15]


def test_metrics_count_each_invocation(hearth: RunningHearth, group: str) -> None:
    cloudwatch = hearth.client("cloudwatch")
    now = datetime.now(UTC)

    def total(name: str, statistic: str) -> float:
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=name,
            Dimensions=[{"Name": "FunctionName", "Value": "monitored"}],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=3600,
            Statistics=[statistic],
        )["Datapoints"]
        return float(sum(point[statistic] for point in points))

    wait_for("the count", lambda: total("Invocations", "Sum") == COUNT)
    assert total("Errors", "Sum") == 0
    assert total("Duration", "SampleCount") == COUNT
    assert total("InitDuration", "SampleCount") >= 1
    names = {metric["MetricName"] for metric in cloudwatch.list_metrics(Namespace="AWS/Lambda")["Metrics"]}
    assert names >= {"Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions", "InitDuration"}


def test_a_line_can_be_read_a_moment_after_the_answer(hearth: RunningHearth, other_group: str) -> None:
    mark = 1_000_000 + int(time.time()) % 1_000_000
    hearth.client("lambda").invoke(FunctionName="followed", Payload=json.dumps({"n": mark}).encode())
    logs = hearth.client("logs")
    wait_for("the line", lambda: logs.filter_log_events(logGroupName=other_group, filterPattern=str(mark))["events"])
