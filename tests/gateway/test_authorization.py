"""Presets at the front door: what each may do, in every protocol, and that Invoke asks too."""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pytest_django import DjangoAssertNumQueries, Settings

from console.gateway import authorization, operations
from functions.access import presets
from functions.access.bootstrap import FirstAccount
from functions.access.caller import Caller
from functions.access.evaluation import ANONYMOUS, allowed, compiled
from functions.cache import generation
from functions.models import AccessKey, Membership, User
from tests.gateway.world import ACCOUNT, REGION, call, client, signed

Preset = Membership.Preset
Denied = Callable[[str, Callable[[], Any]], dict[str, Any]]
TRUST = '{"Version": "2012-10-17", "Statement": []}'


@pytest.fixture
def member(first: FirstAccount) -> Callable[..., Any]:
    """`member("viewer")("lambda")` is a boto3 client of a user who has that preset."""

    def join(preset: str) -> Callable[..., Any]:
        user = User.objects.create_user(f"the-{preset}")
        Membership.objects.create(user=user, account_id=ACCOUNT, preset=preset)
        key = AccessKey.objects.create(id=f"AKIA{preset.upper():A<16}", secret="s" * 40, user=user, account_id=ACCOUNT)
        generation().bump()  # the key of that name was another in the test before
        return lambda service, **config: client(service, key.pk, key.secret, **config)

    return join


def refusal(run: Callable[[], Any]) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        run()
    answer: dict[str, Any] = caught.value.response
    return answer


def sentence(preset: str, action: str, resource: str) -> str:
    return (
        f"User: arn:aws:iam::{ACCOUNT}:user/the-{preset} is not authorized to perform: {action} on resource: "
        f"{resource} because no identity-based policy allows the {action} action"
    )


def test_a_viewer_reads_and_changes_nothing(member: Callable[..., Any]) -> None:
    lambda_ = member("viewer")("lambda")
    assert lambda_.list_functions()["Functions"] == []
    answer = refusal(lambda: lambda_.delete_function(FunctionName="orders"))
    assert answer["Error"]["Code"] == "AccessDeniedException"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 403
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders"
    assert answer["Error"]["Message"] == sentence("viewer", "lambda:DeleteFunction", arn)


@pytest.mark.parametrize("kind", ["RequestResponse", "Event", "DryRun"])
def test_a_viewer_invokes_nothing(member: Callable[..., Any], kind: str) -> None:
    lambda_ = member("viewer")("lambda")
    answer = refusal(lambda: lambda_.invoke(FunctionName="orders", InvocationType=kind))
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 403
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders"
    assert answer["Error"]["Message"] == sentence("viewer", "lambda:InvokeFunction", arn)


def test_json_answers_400_as_aws_does(member: Callable[..., Any]) -> None:
    answer = refusal(lambda: member("viewer")("logs").create_log_group(logGroupName="/x"))
    assert answer["Error"]["Code"] == "AccessDeniedException"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert "logs:CreateLogGroup on resource: arn:aws:logs:" in answer["Error"]["Message"]


def test_query_says_access_denied_in_xml(member: Callable[..., Any]) -> None:
    answer = refusal(lambda: member("developer")("iam").create_role(RoleName="r", AssumeRolePolicyDocument=TRUST))
    assert answer["Error"]["Code"] == "AccessDenied"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert answer["Error"]["Message"] == sentence("developer", "iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/r")


def test_cbor_says_it_in_cbor(first: FirstAccount, settings: Settings) -> None:
    Membership.objects.update(preset="nothing")  # every preset may read metrics: one that allows nothing
    generation().bump()
    body = b"\xa0"
    made = signed(
        (first.access_key_id, first.secret_access_key),
        "POST",
        "/service/GraniteServiceVersion20100801/operation/ListMetrics",
        service="monitoring",
        headers={"smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"},
        body=body,
    )
    status, headers, answer = call(made)
    assert status == 403
    assert headers["content-type"] == "application/cbor"
    assert headers["x-amzn-query-error"] == "AccessDenied;Sender"
    assert b"not authorized to perform: cloudwatch:ListMetrics" in answer


def test_everybody_may_ask_who_he_is(member: Callable[..., Any]) -> None:
    assert member("viewer")("sts").get_caller_identity()["Arn"].endswith(":user/the-viewer")


def test_a_changed_preset_is_in_force_at_once(first: FirstAccount, member: Callable[..., Any]) -> None:
    logs = member("viewer")("logs")
    refusal(lambda: logs.create_log_group(logGroupName="/x"))
    Membership.objects.filter(user__username="the-viewer").update(preset=Preset.DEVELOPER)
    generation().bump()
    logs.create_log_group(logGroupName="/x")


@pytest.mark.parametrize("change", [{"is_active": False}, None])
def test_the_key_of_one_who_is_no_member_is_unknown(member: Callable[..., Any], change: dict[str, Any] | None) -> None:
    sts = member("developer")("sts")
    sts.get_caller_identity()
    rows = Membership.objects.filter(user__username="the-developer")
    rows.update(**change) if change else rows.delete()
    generation().bump()
    assert refusal(sts.get_caller_identity)["Error"]["Code"] == "InvalidClientTokenId"


def test_each_preset_has_all_of_the_one_before() -> None:
    known = [f"{service}:{name}" for service, table in operations.OPERATIONS.items() for name in table]
    known.append("hearth:ManageUsers")
    allowed = [{action for action in known if presets.allows(each, action)} for each in Preset.values]
    assert all(low < high for low, high in pairwise(allowed))
    assert allowed[-1] == set(known)
    assert {"lambda:DeleteFunction", "iam:CreateRole"} & allowed[0] == set()


def test_what_has_no_preset_may_do_nothing() -> None:
    assert not presets.allows("", "lambda:GetFunction")
    assert not presets.allows("owner", "lambda:GetFunction")


def test_asking_again_costs_no_query(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    caller = Caller(ACCOUNT, REGION, None, "alice", "api", preset="developer")
    authorization.check(caller, "lambda", "Invoke", {"FunctionName": "f"})
    with django_assert_num_queries(0):
        authorization.check(caller, "lambda", "Invoke", {"FunctionName": "f"})


def test_deny_wins() -> None:
    policy = compiled(
        json.loads(
            '{"Statement": [{"Effect": "Allow", "Action": "lambda:*", "Resource": "*"},'
            ' {"Effect": "Deny", "Action": ["LAMBDA:delete?unction"], "Resource": "arn:*:prod-*"}]}'
        )
    )

    def may(action: str, resource: str) -> bool:
        return allowed(policy, ANONYMOUS, action, resource, {})

    assert may("lambda:DeleteFunction", "arn:aws:lambda:x:1:function:test-a")
    assert not may("lambda:DeleteFunction", "arn:aws:lambda:x:1:function:prod-a")
    assert not may("iam:GetRole", "*")
