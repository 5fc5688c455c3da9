"""Who may call what: the caller's own policies and the function's, in one account and across two."""

import importlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.apps import apps

from functions.access.caller import Caller
from functions.access.decision import Refusal, may_call_url, refusal
from functions.actions import function_url
from functions.arn import FunctionReference
from functions.cache import generation
from functions.models import AccessKey, AuditEntry, Membership, ResourcePolicy, User
from tests.functions.replay import connect
from tests.functions.world import ACCOUNT, REGION, arn, request, zipped

OTHERS = "222222222222"
THUMBS = arn("thumbs")
INVOKE = "lambda:InvokeFunction"
MALLORY = f"arn:aws:iam::{OTHERS}:user/mallory"


@pytest.fixture
def owner(aws: Any) -> Any:
    """Alice's client, who has a function with a version and an alias."""
    aws.create_function(**request("thumbs"), Publish=True)
    aws.create_alias(FunctionName="thumbs", Name="live", FunctionVersion="1")
    generation().bump()
    yield aws
    generation().bump()  # nothing of this was committed: the next test must not find it in memory


@pytest.fixture
def join(owner: Any, mallory: Caller) -> Callable[..., Any]:
    """A client of a new member of an account."""

    def make(name: str, account_id: str, preset: str) -> Any:
        user = User.objects.create_user(name)
        Membership.objects.create(user=user, account_id=account_id, preset=preset)
        key = AccessKey.objects.create(id=f"AKIA{name.upper()}", secret="secret", user=user, account_id=account_id)
        generation().bump()
        return connect(key.pk, key.secret)

    return make


def allow(owner: Any, principal: str, sid: str = "s", action: str = INVOKE, **members: Any) -> None:
    asked = {"FunctionName": "thumbs", "StatementId": sid, "Principal": principal, "Action": action, **members}
    owner.add_permission(**asked)
    generation().bump()  # the tests commit nothing


def put(owner: Any, *statements: dict[str, Any]) -> None:
    given = [{"Principal": "*", "Action": INVOKE, "Resource": [THUMBS, f"{THUMBS}:*"], **each} for each in statements]
    owner.put_resource_policy(ResourceArn=THUMBS, Policy=json.dumps({"Version": "2012-10-17", "Statement": given}))
    generation().bump()


def invoke(client: Any, name: str = THUMBS, **members: Any) -> int:
    answer = client.invoke(FunctionName=name, InvocationType="DryRun", **members)
    status: int = answer["StatusCode"]
    return status


def denied(call: Callable[..., Any], *arguments: Any, **members: Any) -> str:
    with pytest.raises(ClientError) as failed:
        call(*arguments, **members)
    answer = failed.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("AccessDeniedException", 403)
    message: str = answer["Error"]["Message"]
    return message


def sentence(who: str, action: str, resource: str, why: Refusal) -> str:
    return f"User: {who} is not authorized to perform: {action} on resource: {resource} {why.format(action=action)}"


def test_another_account_calls_what_it_was_let_in_to(owner: Any, join: Callable[..., Any]) -> None:
    mallory = join("mallory", OTHERS, "admin")
    refused = sentence(MALLORY, INVOKE, THUMBS, Refusal.NO_RESOURCE_POLICY)
    assert denied(invoke, mallory) == refused
    allow(owner, OTHERS)
    assert invoke(mallory) == 204
    live = sentence(MALLORY, INVOKE, arn("thumbs", "live"), Refusal.NO_RESOURCE_POLICY)
    assert denied(invoke, mallory, Qualifier="live") == live
    assert denied(invoke, mallory, arn("thumbs", "live")) == live
    allow(owner, MALLORY, Qualifier="live")
    assert invoke(mallory, arn("thumbs", "live")) == 204
    nowhere = arn("nowhere")
    assert denied(invoke, mallory, nowhere) == sentence(MALLORY, INVOKE, nowhere, Refusal.NO_RESOURCE_POLICY)
    with pytest.raises(mallory.exceptions.ResourceNotFoundException):
        invoke(mallory, "thumbs")  # in the account of the one who asks
    owner.remove_permission(FunctionName="thumbs", StatementId="s")
    generation().bump()
    assert denied(invoke, mallory) == refused


def test_another_account_needs_its_own_permission_too(owner: Any, join: Callable[..., Any]) -> None:
    viewer = join("victor", OTHERS, "viewer")
    allow(owner, "*")
    who = f"arn:aws:iam::{OTHERS}:user/victor"
    assert denied(invoke, viewer) == sentence(who, INVOKE, THUMBS, Refusal.NO_IDENTITY_POLICY)


def test_a_guest_changes_what_he_may_and_his_name_is_kept(owner: Any, join: Callable[..., Any]) -> None:
    mallory = join("mallory", OTHERS, "admin")
    allow(owner, OTHERS, "code", "lambda:UpdateFunctionCode")
    mallory.update_function_code(FunctionName=THUMBS, ZipFile=zipped({"app.py": "handler = print\n"}))
    entry = AuditEntry.objects.get(action="UpdateFunctionCode")
    assert (entry.account_id, entry.actor, entry.resource) == (ACCOUNT, MALLORY, THUMBS)
    action = "lambda:GetFunctionConfiguration"
    assert denied(mallory.get_function_configuration, FunctionName=THUMBS) == sentence(
        MALLORY, action, THUMBS, Refusal.NO_RESOURCE_POLICY
    )


def test_what_no_policy_can_give_away(owner: Any, join: Callable[..., Any]) -> None:
    mallory = join("mallory", OTHERS, "admin")
    put(owner, {"Effect": "Allow", "Action": "lambda:*"})
    assert invoke(mallory) == 204
    for call, members in (
        (mallory.update_function_configuration, {"FunctionName": THUMBS, "Timeout": 9}),
        (mallory.add_permission, {"FunctionName": THUMBS, "StatementId": "x", "Principal": "*", "Action": INVOKE}),
        (mallory.put_resource_policy, {"ResourceArn": THUMBS, "Policy": "{}"}),
        (mallory.create_function_url_config, {"FunctionName": THUMBS, "AuthType": "NONE"}),
    ):
        assert "because no resource-based policy allows" in denied(call, **members)


@pytest.mark.parametrize(
    ("principal", "is_let_in"),
    [("*", True), (f"arn:aws:iam::{ACCOUNT}:user/victor", True), (ACCOUNT, False), ("s3.amazonaws.com", False)],
)
def test_in_one_account_the_function_s_policy_is_enough(
    owner: Any, join: Callable[..., Any], principal: str, is_let_in: bool
) -> None:
    """What is given to the account itself, its users may do by policies of their own only."""
    viewer = join("victor", ACCOUNT, "viewer")
    who = f"arn:aws:iam::{ACCOUNT}:user/victor"
    refused = sentence(who, INVOKE, THUMBS, Refusal.NO_IDENTITY_POLICY)
    assert denied(invoke, viewer, "thumbs") == refused
    allow(owner, principal)
    if is_let_in:
        assert invoke(viewer, "thumbs") == 204
    else:
        assert denied(invoke, viewer, "thumbs") == refused


def test_a_deny_stops_the_administrator_who_can_still_take_it_back(owner: Any) -> None:
    put(owner, {"Effect": "Deny", "Sid": "stop"}, {"Effect": "Allow"})
    who = f"arn:aws:iam::{ACCOUNT}:user/alice"
    for name, qualifier in (
        ("thumbs", None),
        ("thumbs:live", "live"),
        ("thumbs:1", "1"),
        ("thumbs:$LATEST", "$LATEST"),
    ):
        asked = f"{THUMBS}:{qualifier}" if qualifier else THUMBS
        assert denied(invoke, owner, name) == sentence(who, INVOKE, asked, Refusal.EXPLICIT_DENY)
    owner.remove_permission(FunctionName="thumbs", StatementId="stop")
    generation().bump()
    assert invoke(owner, "thumbs") == 204


def test_conditions_see_the_request(owner: Any) -> None:
    outside = {"NotIpAddress": {"aws:SourceIp": ["127.0.0.0/8", "::1"]}}
    put(owner, {"Effect": "Deny", "Condition": outside})
    assert invoke(owner, "thumbs") == 204
    for condition in (
        {"IpAddress": {"aws:SourceIp": "127.0.0.1"}},
        {"Bool": {"aws:SecureTransport": "false"}},
        {"StringLike": {"aws:UserAgent": "Boto3/*"}},
        {"StringEquals": {"aws:username": "alice", "aws:PrincipalAccount": ACCOUNT}},
        {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
        {"NumericGreaterThan": {"aws:EpochTime": "1"}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/al*"}},
        {"StringNotEquals": {"aws:ResourceAccount": OTHERS}},
    ):
        put(owner, {"Effect": "Deny", "Condition": condition})
        assert denied(invoke, owner, "thumbs").endswith(Refusal.EXPLICIT_DENY), condition


def test_tags_are_asked_by_their_arn(owner: Any, join: Callable[..., Any]) -> None:
    mallory = join("mallory", OTHERS, "admin")
    assert "no resource-based policy" in denied(mallory.list_tags, Resource=THUMBS)
    allow(owner, OTHERS, "tags", "lambda:ListTags")
    assert mallory.list_tags(Resource=THUMBS)["Tags"] == {}


def test_anybody_may_what_everybody_was_given(owner: Any) -> None:
    target = FunctionReference(ACCOUNT, REGION, "thumbs")

    def url(auth_type: str) -> dict[str, str]:
        return {"lambda:functionurlauthtype": auth_type, "lambda:invokedviafunctionurl": "true"}

    assert refusal(None, INVOKE, target) is Refusal.NO_RESOURCE_POLICY
    allow(owner, "*", "url", "lambda:InvokeFunctionUrl", FunctionUrlAuthType="NONE")
    allow(owner, "*", "function", INVOKE, InvokedViaFunctionUrl=True)
    assert refusal(None, "lambda:InvokeFunctionUrl", target, lambda: url("NONE")) is None
    assert refusal(None, "lambda:InvokeFunctionUrl", target, lambda: url("AWS_IAM")) is Refusal.NO_RESOURCE_POLICY
    assert refusal(None, INVOKE, target, lambda: url("NONE")) is None
    assert refusal(None, INVOKE, target) is Refusal.NO_RESOURCE_POLICY


def test_urls_ask_for_both_actions(owner: Any, mallory: Caller) -> None:
    target = FunctionReference(ACCOUNT, REGION, "thumbs")
    alice = Caller(ACCOUNT, REGION, None, "alice", "api", preset="developer")
    viewer = replace(alice, user_name="victor", preset="viewer")
    stranger = replace(mallory, preset="developer")
    assert may_call_url(alice, "AWS_IAM", target)
    assert not any(may_call_url(each, "AWS_IAM", target) for each in (viewer, stranger, None))
    allow(owner, MALLORY, "url", "lambda:InvokeFunctionUrl", FunctionUrlAuthType="AWS_IAM")
    assert not may_call_url(stranger, "AWS_IAM", target)
    allow(owner, MALLORY, "function", INVOKE, InvokedViaFunctionUrl=True)
    assert may_call_url(stranger, "AWS_IAM", target)
    assert not may_call_url(stranger, "NONE", target)
    assert not may_call_url(replace(stranger, user_name="eve"), "AWS_IAM", target)
    assert refusal(stranger, INVOKE, target) is Refusal.NO_RESOURCE_POLICY


def test_urls_that_were_public_before_there_were_policies_stay_public(owner: Any) -> None:
    owner.create_function_url_config(FunctionName="thumbs", AuthType="NONE")
    owner.create_function_url_config(FunctionName="thumbs", Qualifier="live", AuthType="AWS_IAM")
    target = FunctionReference(ACCOUNT, REGION, "thumbs")
    assert not may_call_url(None, "NONE", target)
    migration = importlib.import_module("functions.migrations.0012_resource_policies")
    migration.keep_public_urls_public(apps, None)
    generation().bump()
    assert may_call_url(None, "NONE", target)
    policy = json.loads(owner.get_policy(FunctionName="thumbs")["Policy"])
    assert [each["Sid"] for each in policy["Statement"]] == [each["StatementId"] for each in function_url.PUBLIC]
    assert ResourcePolicy.objects.count() == 1
