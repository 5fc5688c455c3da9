"""A function calls the API of its own account: with boto3, no configuration, and the permissions of its role."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.family import RunningHearth, wait_for

pytestmark = [pytest.mark.server, pytest.mark.sandbox]

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
# Calls what the event says, and answers with what came or with the error.
CALLER = """
import json, urllib.error, urllib.request
import boto3
from botocore.exceptions import ClientError

def handler(event, context):
    if "get" in event:
        try:
            with urllib.request.urlopen("http://127.0.0.1:9002" + event["get"]) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
    client = boto3.client(event["service"])
    try:
        answer = getattr(client, event["call"])(**event.get("with", {}))
    except ClientError as error:
        return error.response["Error"]
    if "Payload" in answer:
        answer["Payload"] = json.loads(answer["Payload"].read())
    return json.loads(json.dumps(answer, default=str))
"""
CIRCLE = """
import boto3
client = boto3.client("lambda")

def handler(event, context):
    client.invoke(FunctionName=context.function_name, InvocationType="Event", Payload="{}")
"""


@pytest.fixture(scope="module")
def ask(hearth: RunningHearth) -> Any:
    """Run a call inside a function whose role may invoke `greet` and nothing else."""
    iam = hearth.client("iam")
    role = iam.create_role(RoleName="calls", Path="/app/", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    statement = {
        "Effect": "Allow",
        "Action": "lambda:InvokeFunction",
        "Resource": f"arn:aws:lambda:*:{hearth.credentials['account_id']}:function:greet",
    }
    iam.put_role_policy(
        RoleName="calls", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement})
    )
    hearth.deploy("greet", "def handler(event, context):\n    return 'hello ' + event['name']")
    hearth.deploy("calls", CALLER, Role=role, MemorySize=256, Timeout=30)

    def run(**event: Any) -> Any:
        answer = hearth.client("lambda").invoke(FunctionName="calls", Payload=json.dumps(event))
        result = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, result
        return result

    return run


def test_it_invokes_what_its_role_allows(ask: Any) -> None:
    answer = ask(service="lambda", call="invoke", **{"with": {"FunctionName": "greet", "Payload": '{"name": "Ada"}'}})
    assert answer["Payload"] == "hello Ada"


def test_who_it_is(hearth: RunningHearth, ask: Any) -> None:
    account = hearth.credentials["account_id"]
    me = ask(service="sts", call="get_caller_identity")
    assert me["Account"] == account
    assert me["Arn"] == f"arn:aws:sts::{account}:assumed-role/calls/calls"
    assert me["UserId"] == hearth.client("iam").get_role(RoleName="calls")["Role"]["RoleId"] + ":calls"


def test_the_rest_is_refused_as_aws_does(hearth: RunningHearth, ask: Any) -> None:
    account = hearth.credentials["account_id"]
    error = ask(service="lambda", call="delete_function", **{"with": {"FunctionName": "greet"}})
    assert error["Code"] == "AccessDeniedException"
    assert error["Message"] == (
        f"User: arn:aws:sts::{account}:assumed-role/calls/calls is not authorized to perform: lambda:DeleteFunction on "
        f"resource: arn:aws:lambda:{hearth.credentials['region']}:{account}:function:greet because no identity-based "
        "policy allows the lambda:DeleteFunction action"
    )
    assert ask(service="iam", call="list_roles")["Code"] == "AccessDenied"


def test_what_the_role_may_changes_at_once(hearth: RunningHearth, ask: Any) -> None:
    iam = hearth.client("iam")
    policy = "arn:aws:iam::aws:policy/AWSLambda_ReadOnlyAccess"
    call = {"service": "lambda", "call": "get_function_concurrency", "with": {"FunctionName": "greet"}}
    assert ask(**call)["Code"] == "AccessDeniedException"
    iam.attach_role_policy(RoleName="calls", PolicyArn=policy)
    assert ask(**call)["ResponseMetadata"]["HTTPStatusCode"] == 200
    iam.detach_role_policy(RoleName="calls", PolicyArn=policy)
    assert ask(**call)["Code"] == "AccessDeniedException"


def test_it_gives_no_function_more_than_it_has(hearth: RunningHearth, ask: Any) -> None:
    """Without iam:PassRole a role cannot be given to a function, nor taken by one."""
    iam = hearth.client("iam")
    allow = {"Effect": "Allow", "Action": "lambda:UpdateFunctionConfiguration", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": allow})
    iam.put_role_policy(RoleName="calls", PolicyName="update", PolicyDocument=document)
    call = {"service": "lambda", "call": "update_function_configuration"}
    error = ask(**call, **{"with": {"FunctionName": "calls", "Role": hearth.role}})
    assert error["Code"] == "AccessDeniedException"
    assert "iam:PassRole on resource: " + hearth.role in error["Message"]
    iam.delete_role_policy(RoleName="calls", PolicyName="update")


def test_the_console_is_not_for_functions(ask: Any) -> None:
    assert {ask(get=path) for path in ("/login/", "/", "/healthz", "/static/")} == {403}


def test_a_circle_of_calls_is_stopped(hearth: RunningHearth) -> None:
    iam, client, logs = hearth.client("iam"), hearth.client("lambda"), hearth.client("logs")
    role = iam.create_role(RoleName="circle", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    iam.attach_role_policy(RoleName="circle", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaRole")
    hearth.deploy("circle", CIRCLE, Role=role, MemorySize=256, Timeout=30)
    client.put_function_event_invoke_config(FunctionName="circle", MaximumRetryAttempts=0)
    logs.create_log_group(logGroupName="/aws/lambda/circle")
    client.invoke(FunctionName="circle", InvocationType="Event", Payload="{}")

    def turns() -> int:
        found = logs.filter_log_events(logGroupName="/aws/lambda/circle", filterPattern="REPORT")["events"]
        assert len(found) <= 16
        return len(found)

    wait_for("sixteen turns", lambda: turns() == 16)
    wait_for("the seventeenth is stopped", lambda: dropped(hearth))
    assert turns() == 16


def dropped(hearth: RunningHearth) -> float:
    """Recursive invocations that were dropped."""
    now = datetime.now(UTC)
    found = hearth.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="RecursiveInvocationsDropped",
        Dimensions=[{"Name": "FunctionName", "Value": "circle"}],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in found["Datapoints"]))


def test_credentials_end_with_their_role(hearth: RunningHearth) -> None:
    iam = hearth.client("iam")
    role = iam.create_role(RoleName="brief", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    hearth.deploy("brief", CALLER, Role=role, MemorySize=256, Timeout=30)
    client = hearth.client("lambda")
    event = json.dumps({"service": "sts", "call": "get_caller_identity"})
    answer = json.loads(client.invoke(FunctionName="brief", Payload=event)["Payload"].read())
    assert answer["Arn"].endswith("assumed-role/brief/brief")
    iam.delete_role(RoleName="brief")
    answer = json.loads(client.invoke(FunctionName="brief", Payload=event)["Payload"].read())
    assert answer["Code"] == "InvalidClientTokenId"
