"""Errors of the front door: AWS's names, statuses and words, in each protocol, as botocore reads them."""

import json
import re
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from botocore.exceptions import ClientError

from console.gateway import operations
from console.gateway.wire import catalogue
from functions.access.bootstrap import FirstAccount
from functions.models import AccessKey
from tests.gateway.requests import minimal
from tests.gateway.world import call, send, signed

Boto = Callable[..., Any]

CALLS = {
    "lambda": "list_functions",
    "logs": "describe_log_groups",
    "cloudwatch": "list_metrics",
    "iam": "list_roles",
    "sts": "get_caller_identity",
}


def error_of(client: Any, method: str, **members: Any) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as caught:
        getattr(client, method)(**members)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"]


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("lambda", "UnrecognizedClientException", 403),
        ("logs", "UnrecognizedClientException", 400),
        ("cloudwatch", "InvalidClientTokenId", 400),
        ("iam", "InvalidClientTokenId", 403),
        ("sts", "InvalidClientTokenId", 403),
    ],
)
def test_an_unknown_key(boto: Boto, service: str, code: str, status: int) -> None:
    found = error_of(boto(service, key="AKIAUNKNOWN"), CALLS[service])
    assert found == (code, status, "The security token included in the request is invalid.")


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("lambda", "InvalidSignatureException", 403),
        ("logs", "InvalidSignatureException", 400),
        ("cloudwatch", "SignatureDoesNotMatch", 400),
        ("iam", "SignatureDoesNotMatch", 403),
        ("sts", "SignatureDoesNotMatch", 403),
    ],
)
def test_a_wrong_secret(boto: Boto, service: str, code: str, status: int) -> None:
    found = error_of(boto(service, secret="wrong"), CALLS[service])
    assert found[:2] == (code, status)
    assert found[2].startswith("The request signature we calculated does not match the signature you provided.")


def test_a_key_that_is_switched_off_is_unknown(boto: Boto) -> None:
    AccessKey.objects.update(is_active=False)
    assert error_of(boto("sts"), "get_caller_identity")[0] == "InvalidClientTokenId"


def test_another_region_is_refused(boto: Boto) -> None:
    code, status, message = error_of(boto("lambda", region="eu-west-1"), "list_functions")
    assert (code, status) == ("InvalidSignatureException", 403)
    assert message == "Credential should be scoped to a valid region, not 'eu-west-1'. "


@pytest.mark.django_db
def test_unsigned_rest() -> None:
    status, headers, body = send("GET", "/2015-03-31/functions")
    assert (status, headers["x-amzn-errortype"]) == (403, "MissingAuthenticationTokenException")
    assert json.loads(body) == {"message": "Missing Authentication Token"}
    assert headers["x-amzn-requestid"]


@pytest.mark.django_db
def test_unsigned_json() -> None:
    status, headers, body = send("POST", "/", headers={"X-Amz-Target": "Logs_20140328.DescribeLogGroups"}, body=b"{}")
    assert status == 400
    assert headers["content-type"] == "application/x-amz-json-1.1"
    assert json.loads(body)["__type"] == "MissingAuthenticationTokenException"


@pytest.mark.django_db
def test_unsigned_query() -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status, headers, body = send("POST", "/", headers=form, body=b"Action=ListRoles&Version=2010-05-08")
    assert (status, headers["content-type"]) == (403, "text/xml")
    assert b"<Code>MissingAuthenticationToken</Code><Message>Request is missing Authentication Token</Message>" in body
    assert b'<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">' in body


@pytest.mark.django_db
def test_unsigned_cbor() -> None:
    path = "/service/GraniteServiceVersion20100801/operation/ListMetrics"
    headers = {"Smithy-Protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}
    status, answered, body = send("POST", path, headers=headers, body=cbor2.dumps({}))
    assert (status, answered["smithy-protocol"]) == (403, "rpc-v2-cbor")
    assert cbor2.loads(body)["__type"] == "MissingAuthenticationTokenException"
    assert answered["x-amzn-query-error"] == "MissingAuthenticationToken;Sender"


@pytest.mark.parametrize("service", [*CALLS, "sqs", "dynamodb", "ec2", "kms", "apigateway", "s3", "route53"])
def test_operations_that_are_not_there_yet(boto: Boto, service: str) -> None:
    """Every protocol says so with a client error that no SDK tries again."""
    client = boto(service)
    method = {
        "lambda": "list_durable_executions_by_function",
        "logs": "describe_queries",
        "cloudwatch": "describe_alarms",
        "iam": "list_users",
        "sts": "get_session_token",
        "sqs": "list_queues",
        "dynamodb": "list_tables",
        "ec2": "describe_regions",
        "kms": "list_keys",
        "apigateway": "get_rest_apis",
        "s3": "list_buckets",
        "route53": "list_hosted_zones",
    }[service]
    members = {"FunctionName": "name"} if service == "lambda" else {}
    code, status, message = error_of(client, method, **members)
    later = "InvalidParameterValueException"  # of Lambda's own model
    assert code in ("UnsupportedOperationException", "InvalidAction", "UnknownOperationException", later)
    assert status == 400
    assert re.search(r"is not supported by (Hearth yet|this endpoint)\.", message)


@pytest.mark.parametrize("service", catalogue.SERVED)
def test_every_operation_of_every_model_is_recognised(boto: Boto, first: FirstAccount, service: str) -> None:
    """Whatever is missing or wrong in the request, it is not an unknown path and not a fault of ours."""
    for name in catalogue.get(service).operation_names:
        status, _, body = call(minimal(service, name, (first.access_key_id, first.secret_access_key)))
        if not operations.is_served(service, name):
            assert status == 400, (name, body)
            assert f"{name} is not supported by ".encode() in body
        else:
            assert status < 500, (name, body)
            assert b"is not supported" not in body


def test_unknown_paths_and_actions(first: FirstAccount) -> None:
    key = (first.access_key_id, first.secret_access_key)
    status, headers, body = call(signed(key, "GET", "/2015-03-31/nonsense"))
    assert (status, headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
    assert json.loads(body) == {"Message": "Unable to determine service/operation name to be authorized"}
    target = {"X-Amz-Target": "Logs_20140328.Nonsense"}
    status, _, body = call(signed(key, "POST", "/", service="logs", headers=target, body=b"{}"))
    assert (status, json.loads(body)["__type"]) == (400, "UnknownOperationException")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status, _, body = call(
        signed(key, "POST", "/", service="iam", headers=form, body=b"Action=Nonsense&Version=2010-05-08")
    )
    assert status == 400
    assert b"<Code>InvalidAction</Code><Message>Could not find operation Nonsense for version 2010-05-08" in body


def test_methods_that_no_operation_has(first: FirstAccount) -> None:
    for method in ("OPTIONS", "TRACE", "PATCH", "BREW"):
        key = (first.access_key_id, first.secret_access_key)
        status, _, _ = call(signed(key, method, "/2015-03-31/functions"))
        assert 400 <= status < 500, method


def test_oversized_bodies_are_refused_unread(first: FirstAccount) -> None:
    made = signed((first.access_key_id, first.secret_access_key), "POST", "/2015-03-31/functions", body=b"{}")
    made["CONTENT_LENGTH"] = "70167212"
    status, headers, body = call(made)
    assert made["wsgi.input"].tell() == 0
    assert (status, headers["x-amzn-errortype"]) == (413, "RequestEntityTooLargeException")
    assert json.loads(body)["message"] == "Request must be smaller than 70167211 bytes for the CreateFunction operation"


def test_an_open_server_takes_any_key_but_no_unsigned_request(boto: Boto, settings: Any) -> None:
    settings.HEARTH_OPEN = True
    identity = boto("sts", key="test", secret="test").get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == ("000000000000", "arn:aws:iam::000000000000:root")
    assert send("GET", "/2015-03-31/functions")[0] == 403
