"""Temporary credentials of roles at the front door, without a sandbox."""

import json
import time
from typing import Any

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from django.conf import settings
from pytest_django import Settings

from functions.access import aws_policies, evaluation
from functions.access.bootstrap import FirstAccount
from functions.cache import generation
from functions.execution import sessions
from functions.execution.forwarder import MARK
from functions.models import InlinePolicy, Role
from tests.gateway.world import ACCOUNT, ENDPOINT, REGION, call, client, environ


def session_client(service: str, made: sessions.Credentials, **config: Any) -> Any:
    return client(service, made.access_key_id, made.secret_access_key, token=made.session_token, **config)


@pytest.fixture
def made(first: FirstAccount) -> sessions.Credentials:
    generation().bump()  # the role of that name was another in the test before
    generation().bump()  # the role of that name was another in the test before
    return sessions.issue(settings.HEARTH_SESSION_KEY, ACCOUNT, first.role_arn, "thumbs")


def code(run: Any) -> str:
    with pytest.raises(ClientError) as caught:
        run()
    return str(caught.value.response["Error"]["Code"])


def test_a_session_is_its_role(made: sessions.Credentials) -> None:
    me = session_client("sts", made).get_caller_identity()
    assert me["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/lambda-role/thumbs"
    assert me["UserId"] == f"{Role.objects.get().pk}:thumbs"


def test_a_session_ends(first: FirstAccount) -> None:
    long_ago = time.time() - sessions.LIFE_SECONDS - 1
    old = sessions.issue(settings.HEARTH_SESSION_KEY, ACCOUNT, first.role_arn, "thumbs", now=long_ago)
    assert code(session_client("lambda", old).get_account_settings) == "ExpiredTokenException"
    assert code(session_client("sts", old).get_caller_identity) == "ExpiredToken"


@pytest.mark.parametrize("change", ["another key", "another token", "no token", "cut", "forged", "long"])
def test_what_was_not_issued_here_is_refused(first: FirstAccount, made: sessions.Credentials, change: str) -> None:
    other = sessions.issue(settings.HEARTH_SESSION_KEY, ACCOUNT, first.role_arn, "thumbs")
    forged = sessions.issue(b"guessed", ACCOUNT, first.role_arn, "thumbs")
    key, secret, token = made.access_key_id, made.secret_access_key, made.session_token
    wrong = {
        "another key": sessions.Credentials(other.access_key_id, secret, token),
        "another token": sessions.Credentials(key, secret, other.session_token),
        "no token": sessions.Credentials(key, secret, ""),
        "cut": sessions.Credentials(key, secret, token[:40]),
        "forged": forged,
        "long": sessions.Credentials(key, secret, token + "A" * sessions.LONGEST_TOKEN),
    }[change]
    assert code(session_client("lambda", wrong).get_account_settings) == "UnrecognizedClientException"


def test_the_secret_is_asked_too(made: sessions.Credentials) -> None:
    wrong = sessions.Credentials(made.access_key_id, "guessed", made.session_token)
    assert code(session_client("lambda", wrong).get_account_settings) == "InvalidSignatureException"


def test_a_role_that_is_gone_ends_its_sessions(made: sessions.Credentials, boto: Any) -> None:
    boto("iam").delete_role(RoleName="lambda-role")
    generation().bump()  # as the commit does, which a test never reaches
    generation().bump()  # as the commit does, which a test never reaches
    assert code(session_client("sts", made).get_caller_identity) == "InvalidClientTokenId"


def test_policies_of_the_role_decide(made: sessions.Credentials, boto: Any) -> None:
    iam, thumbs = boto("iam"), session_client("lambda", made)
    assert code(thumbs.list_functions) == "AccessDeniedException"
    own = iam.create_policy(PolicyName="list", PolicyDocument=document("Allow", "lambda:List*"))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="lambda-role", PolicyArn=own)
    generation().bump()
    generation().bump()
    assert thumbs.list_functions()["Functions"] == []
    deny = document("Deny", "lambda:ListFunctions")
    iam.put_role_policy(RoleName="lambda-role", PolicyName="no", PolicyDocument=deny)
    generation().bump()
    with pytest.raises(ClientError, match="with an explicit deny in an identity-based policy"):
        thumbs.list_functions()
    assert thumbs.list_layers()["Layers"] == []


def test_a_policy_that_is_not_understood_denies(made: sessions.Credentials, boto: Any) -> None:
    boto("iam").attach_role_policy(RoleName="lambda-role", PolicyArn=aws_policies.ARN + "AdministratorAccess")
    generation().bump()
    generation().bump()
    thumbs = session_client("lambda", made)
    thumbs.list_functions()
    strange = json.loads(document("Deny", "lambda:*"))
    strange["Statement"]["Condition"] = {"NoSuchOperator": {"aws:SourceIp": "10.0.0.0/8"}}
    InlinePolicy.objects.create(role=Role.objects.get(), name="strange", document=json.dumps(strange))
    generation().bump()
    assert code(thumbs.list_functions) == "AccessDeniedException"


def test_a_presigned_url_carries_the_token(made: sessions.Credentials) -> None:
    key = Credentials(made.access_key_id, made.secret_access_key, made.session_token)
    request = AWSRequest("GET", ENDPOINT + "/?Action=GetCallerIdentity&Version=2011-06-15")
    SigV4QueryAuth(key, "sts", REGION).add_auth(request)
    assert "X-Amz-Security-Token" in request.url
    status, _, body = call(environ("GET", request.url, request.headers.items(), b""))
    assert (status, b"assumed-role/lambda-role/thumbs" in body) == (200, True)


def test_what_a_function_sends_is_never_for_the_console(first: FirstAccount) -> None:
    for path in ("/login/", "/healthz"):
        assert call(environ("GET", "http://127.0.0.1:8000" + path, [(MARK, "1")], b""))[0] == 403


def test_an_open_server_is_not_open_to_functions(first: FirstAccount, settings: Settings) -> None:
    settings.HEARTH_OPEN = True
    scope = "any/20260101/us-east-1/lambda/aws4_request"
    authorization = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
    headers = [("Authorization", authorization), ("X-Amz-Date", "20260101T000000Z")]
    url = "http://127.0.0.1:8000/2015-03-31/functions"
    assert call(environ("GET", url, headers, b""))[0] == 200
    assert call(environ("GET", url, [*headers, (MARK, "1")], b""))[0] == 403


def test_aws_policies_compile() -> None:
    assert all(evaluation.compiled(each) for each in aws_policies.DOCUMENTS.values())


def document(effect: str, action: str) -> str:
    statement = {"Effect": effect, "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})
