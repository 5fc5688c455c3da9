"""Invoke over real HTTP, in a real sandbox."""

import base64
import json
import re
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from functions.access.bootstrap import FirstAccount
from tests.family import RunningHearth
from tests.gateway.world import ACCOUNT, call, signed

ECHO = """
def handler(event, context):
    print("hello", event)
    if event == "fail":
        raise ValueError("as asked")
    custom = context.client_context.custom if context.client_context else None
    return {"event": event, "id": context.aws_request_id, "arn": context.invoked_function_arn, "custom": custom}
"""


@pytest.fixture(scope="module")
def name(hearth: RunningHearth) -> str:
    return str(hearth.deploy("gateway-echo", ECHO)["FunctionName"])


def post(hearth: RunningHearth, path: str, body: bytes, **headers: str) -> requests.Response:
    """A signed request that is sent as it is: no SDK looks at it first."""
    request = AWSRequest("POST", hearth.endpoint + path, data=body, headers=headers)
    key = Credentials(hearth.credentials["access_key_id"], hearth.credentials["secret_access_key"])
    SigV4Auth(key, "lambda", hearth.credentials["region"]).add_auth(request)
    return requests.post(hearth.endpoint + path, data=body, headers=dict(request.headers), timeout=30)


@pytest.mark.server
class TestInvoke:
    def test_request_response(self, hearth: RunningHearth, name: str) -> None:
        answer = hearth.client("lambda").invoke(FunctionName=name, Payload=b'{"a": "\xc3\xab"}')
        payload = json.loads(answer["Payload"].read())
        headers = answer["ResponseMetadata"]["HTTPHeaders"]
        assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
        assert "FunctionError" not in answer
        assert "LogResult" not in answer
        assert payload["event"] == {"a": "ë"}
        assert payload["id"] == headers["x-amzn-requestid"] == str(uuid.UUID(payload["id"]))
        assert re.fullmatch(
            r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0;Lineage=[0-9a-f]{8}:1",
            headers["x-amzn-trace-id"],
        )
        assert headers["content-type"] == "application/json"

    def test_a_function_s_error_is_not_the_call_s(self, hearth: RunningHearth, name: str) -> None:
        answer = hearth.client("lambda").invoke(FunctionName=name, Payload=b'"fail"', LogType="Tail")
        assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
        assert json.loads(answer["Payload"].read())["errorMessage"] == "as asked"
        tail = base64.b64decode(answer["LogResult"]).decode()
        assert "hello fail" in tail
        assert "REPORT RequestId: " in tail

    def test_an_event_is_accepted_with_an_empty_answer(self, hearth: RunningHearth, name: str) -> None:
        answer = hearth.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b"1")
        assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")

    def test_a_dry_run_runs_nothing(self, hearth: RunningHearth, name: str) -> None:
        answer = hearth.client("lambda").invoke(FunctionName=name, InvocationType="DryRun", Payload=b"1")
        assert (answer["StatusCode"], answer["Payload"].read()) == (204, b"")

    def test_an_empty_payload_is_an_empty_object(self, hearth: RunningHearth, name: str) -> None:
        assert json.loads(hearth.client("lambda").invoke(FunctionName=name)["Payload"].read())["event"] == {}

    def test_the_client_context_reaches_the_function(self, hearth: RunningHearth, name: str) -> None:
        context = base64.b64encode(json.dumps({"custom": {"k": "v"}}).encode()).decode()
        answer = hearth.client("lambda").invoke(FunctionName=name, ClientContext=context)
        assert json.loads(answer["Payload"].read())["custom"] == {"k": "v"}

    @pytest.mark.parametrize("form", ["{name}", "{account}:{name}", "function:{name}", "{arn}", "{arn}:$LATEST"])
    def test_every_form_of_the_name(self, hearth: RunningHearth, name: str, form: str) -> None:
        region, account = hearth.credentials["region"], hearth.credentials["account_id"]
        arn = f"arn:aws:lambda:{region}:{account}:function:{name}"
        given = form.format(name=name, account=f"{account}:function", arn=arn)
        answer = hearth.client("lambda").invoke(FunctionName=given)
        assert json.loads(answer["Payload"].read())["arn"].startswith(arn)

    def test_colons_may_be_sent_as_they_are(self, hearth: RunningHearth, name: str) -> None:
        """The server decodes the path, so both spellings look the same to the front door."""
        region, account = hearth.credentials["region"], hearth.credentials["account_id"]
        path = f"/2015-03-31/functions/arn:aws:lambda:{region}:{account}:function:{name}/invocations"
        assert post(hearth, path, b"{}").status_code == 200
        assert post(hearth, path.replace(":", "%3A"), b"{}").status_code == 200

    def test_chunked_bodies(self, hearth: RunningHearth, name: str) -> None:
        path = f"/2015-03-31/functions/{name}/invocations"
        request = AWSRequest("POST", hearth.endpoint + path, data=b'{"chunked": true}', headers={})
        key = Credentials(hearth.credentials["access_key_id"], hearth.credentials["secret_access_key"])
        SigV4Auth(key, "lambda", hearth.credentials["region"]).add_auth(request)
        pieces = iter([b'{"chunked"', b": true}"])
        answer = requests.post(hearth.endpoint + path, data=pieces, headers=dict(request.headers), timeout=30)
        assert answer.json()["event"] == {"chunked": True}

    def test_the_largest_payload(self, hearth: RunningHearth, name: str) -> None:
        client = hearth.client("lambda")
        largest = b'"' + b"x" * (6_291_456 - 2) + b'"'
        assert client.invoke(FunctionName=name, InvocationType="DryRun", Payload=largest)["StatusCode"] == 204
        for kind, payload, limit in (
            ("RequestResponse", largest + b" ", 6_291_456),
            ("Event", b'"' + b"x" * 1_048_576 + b'"', 1_048_576),
        ):
            with pytest.raises(ClientError) as caught:
                client.invoke(FunctionName=name, InvocationType=kind, Payload=payload)
            error = caught.value.response
            assert error["ResponseMetadata"]["HTTPStatusCode"] == 413
            assert error["Error"] == {
                "Code": "RequestEntityTooLargeException",
                "Message": f"{len(payload)} byte payload is too large for the {kind} invocation type "
                f"(limit {limit} bytes)",
            }

    def test_oversized_packages_are_refused(self, hearth: RunningHearth) -> None:
        with pytest.raises(ClientError, match="Request must be smaller than 70167211 bytes for the CreateFunction"):
            hearth.client("lambda").create_function(
                FunctionName="too-large",
                Runtime="python3.11",
                Handler="a.b",
                Role=hearth.role,
                Code={"ZipFile": bytes(55_000_000)},
            )


# --- what is refused before anything runs -------------------------------------------------------------------------


def refused(
    first: FirstAccount, body: bytes = b"{}", *, name: str = "nothing", query: str = "", **headers: str
) -> tuple[int, str, dict[str, Any]]:
    key = (first.access_key_id, first.secret_access_key)
    path = f"/2015-03-31/functions/{name}/invocations{query}"
    sent = {header.replace("_", "-"): value for header, value in headers.items()}
    status, answered, content = call(signed(key, "POST", path, headers=sent, body=body))
    return status, answered["x-amzn-errortype"], json.loads(content)


@pytest.mark.parametrize("body", [b"{", b"nonsense", b"NaN", b'{"a": Infinity}', b"\xff", b"{} {}", b"[" * 100_000])
def test_a_payload_that_is_not_json(first: FirstAccount, body: bytes) -> None:
    status, code, document = refused(first, body)
    assert (status, code, document["Type"]) == (400, "InvalidRequestContentException", "User")
    assert document["message"].startswith("Could not parse request body into json: ")


@pytest.mark.parametrize("context", ["***", "bm90IGpzb24=", "W10=", "x" * 4000])
def test_a_client_context_that_is_not_an_object(first: FirstAccount, context: str) -> None:
    status, code, document = refused(first, X_Amz_Client_Context=context)
    assert (status, code) == (400, "InvalidRequestContentException")
    assert document["message"].startswith("Client context must be ")


def test_constraints_of_the_model(first: FirstAccount) -> None:
    status, code, document = refused(first, X_Amz_Invocation_Type="Sometime", X_Amz_Log_Type="All")
    assert (status, code) == (400, "ValidationException")
    assert document == {
        "message": "2 validation errors detected: Value 'Sometime' at 'invocationType' failed to satisfy constraint: "
        "Member must satisfy enum value set: [Event, RequestResponse, DryRun]; Value 'All' at 'logType' failed to "
        "satisfy constraint: Member must satisfy enum value set: [None, Tail]"
    }


@pytest.mark.parametrize(("query", "shown"), [("", "$LATEST"), ("?Qualifier=7", "7"), ("?Qualifier=live", "live")])
def test_a_function_that_does_not_exist(first: FirstAccount, query: str, shown: str) -> None:
    status, code, document = refused(first, query=query)
    assert (status, code, document["Type"]) == (404, "ResourceNotFoundException", "User")
    assert document["Message"] == f"Function not found: arn:aws:lambda:us-east-1:000000000000:function:nothing:{shown}"


def test_another_account_s_function(first: FirstAccount) -> None:
    name = "arn:aws:lambda:us-east-1:111111111111:function:name"
    why = (
        f"User: arn:aws:iam::{ACCOUNT}:user/admin is not authorized to perform: lambda:InvokeFunction on resource: "
        f"{name} because no resource-based policy allows the lambda:InvokeFunction action"
    )
    assert refused(first, name=quote(name, safe="")) == (403, "AccessDeniedException", {"Message": why})


def test_a_wrong_signature(first: FirstAccount) -> None:
    made = signed((first.access_key_id, "wrong"), "POST", "/2015-03-31/functions/nothing/invocations", body=b"{}")
    status, headers, _ = call(made)
    assert (status, headers["x-amzn-errortype"]) == (403, "InvalidSignatureException")


def test_an_oversized_payload_is_refused_unread(first: FirstAccount) -> None:
    key = (first.access_key_id, first.secret_access_key)
    made = signed(key, "POST", "/2015-03-31/functions/nothing/invocations", body=b"{}")
    made["CONTENT_LENGTH"] = "6291457"
    status, headers, _ = call(made)
    assert (status, headers["x-amzn-errortype"]) == (413, "RequestEntityTooLargeException")
    assert made["wsgi.input"].tell() == 0


def test_a_known_function_costs_no_query(first: FirstAccount, django_assert_num_queries: Callable[[int], Any]) -> None:
    """Not even one that does not run: authentication and names come from memory."""
    key = (first.access_key_id, first.secret_access_key)
    path = "/2015-03-31/functions/nothing/invocations"
    call(signed(key, "POST", path, body=b"{}"))
    with django_assert_num_queries(1):  # the function that is not there is looked for again
        call(signed(key, "POST", path, body=b"{}"))
