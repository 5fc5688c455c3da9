"""Schedules and destinations with the whole family running: the tick, the workers, real functions."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.family import ROOT, RunningHearth, wait_for

pytestmark = [pytest.mark.server, pytest.mark.sandbox]

SAY = """
import json
def handler(event, context):
    print("GOT " + json.dumps(event))
"""
FAIL = """
def handler(event, context):
    raise ValueError("no " + event["what"])
"""
SCHEDULE = """
from django.utils import timezone
from functions.access.caller import Caller
from functions.actions import schedule
from functions.arn import parse
from functions.models import Schedule
caller = Caller({account!r}, {region!r}, None, "test", "system")
schedule.create(caller, parse({name!r}, None, caller), {name!r}, "rate(1 minute)")
Schedule.objects.filter(name={name!r}).update(next_fire_at=timezone.now())
"""


def heard(hearth: RunningHearth, name: str) -> list[Any]:
    """The events that a function of SAY has got."""
    logs = hearth.client("logs")
    try:
        found = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern="GOT")["events"]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [json.loads(event["message"].partition("GOT ")[2]) for event in found]


def test_a_failure_arrives_at_its_destination(hearth: RunningHearth) -> None:
    client = hearth.client("lambda")
    target = hearth.deploy("destination", SAY)["FunctionArn"]
    source = hearth.deploy("fails", FAIL)["FunctionArn"]
    client.put_function_event_invoke_config(
        FunctionName="fails", MaximumRetryAttempts=1, DestinationConfig={"OnFailure": {"Destination": target}}
    )
    sent = client.invoke(FunctionName="fails", InvocationType="Event", Payload=b'{"what": "luck"}')
    (record,) = wait_for("the record", lambda: heard(hearth, "destination"))
    assert record["requestContext"] == {
        "requestId": sent["ResponseMetadata"]["RequestId"],
        "functionArn": f"{source}:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 2,
    }
    assert record["requestPayload"] == {"what": "luck"}
    assert record["responsePayload"]["errorMessage"] == "no luck"
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }


def test_a_dead_letter_that_cannot_be_sent_is_counted(hearth: RunningHearth) -> None:
    client = hearth.client("lambda")
    queue = f"arn:aws:sqs:{hearth.credentials['region']}:{hearth.credentials['account_id']}:dead"
    hearth.deploy("dies", FAIL, DeadLetterConfig={"TargetArn": queue})
    client.put_function_event_invoke_config(FunctionName="dies", MaximumRetryAttempts=0)
    client.invoke(FunctionName="dies", InvocationType="Event", Payload=b'{"what": "luck"}')
    wanted = {"AsyncEventsReceived", "AsyncEventAge", "AsyncEventsDropped", "DeadLetterErrors"}
    cloudwatch = hearth.client("cloudwatch")
    dimensions = [{"Name": "FunctionName", "Value": "dies"}]

    def counted() -> bool:
        found = cloudwatch.list_metrics(Namespace="AWS/Lambda", Dimensions=dimensions)["Metrics"]
        return wanted <= {metric["MetricName"] for metric in found}

    wait_for("its metrics", counted)


def test_functions_that_call_themselves_are_stopped(hearth: RunningHearth) -> None:
    hearth.deploy("turns", "import os\ndef handler(event, context): return os.environ['_X_AMZN_TRACE_ID']")
    client = hearth.client("lambda")
    trace = ""

    def pass_on(params: dict[str, Any], **_: Any) -> None:
        """As AWS's SDKs do inside a function."""
        if trace:
            params["headers"]["X-Amzn-Trace-Id"] = trace.replace("|", "%7C")

    client.meta.events.register("before-call.lambda.Invoke", pass_on)
    for turn in range(1, 17):
        answer = client.invoke(FunctionName="turns")
        trace = json.loads(answer["Payload"].read())
        assert trace.endswith(f":{turn}")
    with pytest.raises(client.exceptions.RecursiveInvocationException) as stopped:
        client.invoke(FunctionName="turns")
    assert stopped.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    client.put_function_recursion_config(FunctionName="turns", RecursiveLoop="Allow")
    assert json.loads(client.invoke(FunctionName="turns")["Payload"].read()).endswith(":17")


def test_a_schedule_that_is_due_invokes_its_function(hearth: RunningHearth) -> None:
    hearth.deploy("scheduled", SAY)
    code = SCHEDULE.format(
        account=hearth.credentials["account_id"], region=hearth.credentials["region"], name="scheduled"
    )
    subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
        cwd=ROOT,
        env={**hearth.environment(), "HEARTH_DATA": str(hearth.data), "HEARTH_PORT": str(hearth.port)},
        check=True,
    )
    (event,) = wait_for("the event", lambda: heard(hearth, "scheduled"))
    assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")
