"""Resource-based policies: sent whole, added to, deleted with what they are of, and written down."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pytest_django import DjangoAssertNumQueries, Settings

from functions.access import resource_policies
from functions.access.caller import Caller
from functions.access.decision import service_may
from functions.arn import FunctionReference
from functions.cache import generation
from functions.models import AuditEntry, ResourcePolicy, Role
from tests.functions.world import ACCOUNT, REGION, arn, request

THUMBS = arn("thumbs")
NAME = {"FunctionName": "thumbs"}
S3 = {"StatementId": "s3", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
LIVE = {"FunctionName": "thumbs", "Qualifier": "live"}


def statement(**elements: Any) -> dict[str, Any]:
    given = {"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": THUMBS, **elements}
    sid = {"Sid": given.pop("Sid")} if "Sid" in given else {}
    return {**sid, **{name: value for name, value in given.items() if value is not None}}


def policy(*statements: dict[str, Any], **elements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **elements}, separators=(",", ":"))


@pytest.fixture
def thumbs(aws: Any) -> Any:
    generation().bump()  # nothing is committed here: what the test before had in memory is no longer so
    aws.create_function(**request("thumbs"), Publish=True)
    aws.create_alias(FunctionName="thumbs", Name="live", FunctionVersion="1")
    return aws


def refusal(call: Any, **members: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as failed:
        call(**members)
    error = failed.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_whole_policy_is_kept_replaced_and_deleted(thumbs: Any) -> None:
    sent = policy(statement(Sid="a", Effect="Deny", Principal={"Service": "s3.amazonaws.com"}))
    put = thumbs.put_resource_policy(ResourceArn=THUMBS, Policy=sent)
    assert put["Policy"] == sent
    got = thumbs.get_resource_policy(ResourceArn=THUMBS)
    assert (got["Policy"], got["RevisionId"]) == (sent, put["RevisionId"])
    assert thumbs.get_policy(**NAME)["Policy"] == sent
    thumbs.add_permission(**NAME, **S3)
    both = json.loads(thumbs.get_policy(**NAME)["Policy"])["Statement"]
    assert [each["Sid"] for each in both] == ["a", "s3"]
    stale = {"ResourceArn": THUMBS, "RevisionId": put["RevisionId"]}
    assert refusal(thumbs.put_resource_policy, **stale, Policy=sent)[0] == "PreconditionFailedException"
    assert refusal(thumbs.delete_resource_policy, **stale) == (
        "PreconditionFailedException",
        "The Revision Id provided does not match the latest Revision Id. Call the GetResourcePolicy API to retrieve "
        "the latest Revision Id",
    )
    again = thumbs.put_resource_policy(ResourceArn=THUMBS, Policy=policy(statement()))
    thumbs.delete_resource_policy(ResourceArn=THUMBS, RevisionId=again["RevisionId"])
    gone = ("ResourceNotFoundException", "The resource you requested does not exist.")
    assert refusal(thumbs.get_resource_policy, ResourceArn=THUMBS) == gone
    assert refusal(thumbs.delete_resource_policy, ResourceArn=THUMBS)[0] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ("no", "invalid Json"),
        ("[" * 10_000, "invalid Json"),
        ("[]", "invalid Json"),
        ('{"Statement": []}', "Syntax errors"),
        (policy(statement(), Version="2020-01-01"), "valid version"),
        (policy(statement(Effect="Maybe")), "Syntax errors"),
        (policy(statement(Action=None)), "must contain actions"),
        (policy(statement(Action=[])), "Action must be"),
        (policy(statement(Action="s3:GetObject")), "s3:GetObject does not support"),
        (policy(statement(Action="lambda:AddPermission")), "lambda:AddPermission does not support"),
        (policy(statement(NotAction="lambda:GetFunction")), "either Action or NotAction"),
        (policy(statement(Principal=None)), "either Principal or NotPrincipal"),
        (policy(statement(Principal={"AWS": "bob"})), "principal was invalid"),
        (policy(statement(Principal={"AWS": "s3.amazonaws.com"})), "Invalid principal s3.amazonaws.com"),
        (policy(statement(Principal={"Group": "all"})), "Unsupported principal Group"),
        (policy(statement(Principal=["*"])), "Invalid principal"),
        (policy(statement(Resource=None)), "either Resource or NotResource"),
        (policy(statement(Resource=arn("other"))), "is not the function"),
        (policy(statement(Resource=f"{THUMBS}-2")), "is not the function"),
        (policy(statement(Resource=7)), "Resource must be"),
        (policy(statement(Condition={"Sounds": {"a": "b"}})), "Invalid condition operator: Sounds"),
        (policy(statement(Condition=[])), "Condition an object"),
        (policy(statement(Sid="a"), statement(Sid="a")), "must be unique: a"),
        (policy(statement(Why="not")), "Unsupported element Why"),
        (policy(statement(), Why="not"), "Unsupported element Why"),
        (policy(statement(), Id=[["a"]]), "Id must be a text"),
        (policy(statement(Sid="\ud83d")), "surrogates not allowed"),
        (policy(statement(Condition={"NumericEquals": {"a": 0}})).replace(":0}", ":1e999}"), "Out of range"),
    ],
)
def test_what_is_no_policy(thumbs: Any, document: str, why: str) -> None:
    code, message = refusal(thumbs.put_resource_policy, ResourceArn=THUMBS, Policy=document)
    assert code == "InvalidParameterValueException"
    assert why in message
    assert not ResourcePolicy.objects.exists()


@pytest.mark.parametrize(
    ("resource", "code"),
    [
        (arn("nowhere"), "ResourceNotFoundException"),
        (arn("thumbs", "2"), "ResourceNotFoundException"),
        (arn("thumbs", "gone"), "ResourceNotFoundException"),
        (arn("thumbs", "$LATEST"), "InvalidParameterValueException"),
        ("thumbs", "ValidationException"),
        (THUMBS.replace("us-east-1", "eu-west-1"), "ResourceNotFoundException"),
        (THUMBS.replace(ACCOUNT, "222222222222"), "AccessDeniedException"),
    ],
)
def test_policies_of_what_is_not_there(thumbs: Any, resource: str, code: str) -> None:
    document = policy(statement())
    assert refusal(thumbs.put_resource_policy, ResourceArn=resource, Policy=document)[0] == code


@pytest.mark.parametrize(
    ("members", "why"),
    [
        (
            {"Action": "lambda:AddPermission"},
            "The action lambda:AddPermission does not support",
        ),
        ({"FunctionUrlAuthType": "NONE"}, "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action"),
        ({"EventSourceToken": "t", "SourceAccount": ACCOUNT}, "EventSourceToken cannot be used"),
        ({"Principal": "nobody"}, "The provided principal was invalid."),
        ({"Principal": f"arn:aws:iam::{ACCOUNT}:user/nobody"}, "The provided principal was invalid."),
        ({"Principal": f"arn:aws:iam::{ACCOUNT}:role/nothing"}, "The provided principal was invalid."),
    ],
)
def test_permissions_that_cannot_be(thumbs: Any, members: dict[str, str], why: str) -> None:
    code, message = refusal(thumbs.add_permission, **NAME, **{**S3, **members})
    assert code == "InvalidParameterValueException"
    assert message.startswith(why)


def test_whom_a_permission_may_name(thumbs: Any) -> None:
    role = Role.objects.get(account_id=ACCOUNT)
    for number, principal in enumerate([role.arn, "arn:aws:iam::222222222222:role/elsewhere", "events.amazonaws.com"]):
        thumbs.add_permission(**NAME, **{**S3, "StatementId": str(number), "Principal": principal})
    kept = json.loads(thumbs.get_policy(**NAME)["Policy"])["Statement"]
    assert kept[0]["Principal"] == {"AWS": role.arn}
    assert len(kept) == 3


def test_a_url_s_permission(thumbs: Any) -> None:
    via = {**S3, "Principal": "*", "InvokedViaFunctionUrl": True}
    answer = json.loads(thumbs.add_permission(**NAME, **via)["Statement"])
    assert answer["Condition"] == {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}


def test_policies_have_a_limit(thumbs: Any, settings: Settings) -> None:
    settings.HEARTH_LIMITS = {"policy_bytes": 300}
    thumbs.add_permission(**NAME, **S3)
    code, message = refusal(thumbs.add_permission, **NAME, **{**S3, "StatementId": "second"})
    assert code == "PolicyLengthExceededException"
    assert message.startswith("The final policy size (")
    assert message.endswith(") is bigger than the limit (300).")
    assert len(json.loads(thumbs.get_policy(**NAME)["Policy"])["Statement"]) == 1


@pytest.mark.parametrize(
    ("elements", "is_refused"),
    [
        ({}, True),
        ({"Principal": {"AWS": ["222222222222", "*"]}}, True),
        ({"Principal": None, "NotPrincipal": {"AWS": "222222222222"}}, True),
        ({"Condition": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}}, True),
        ({"Condition": {"StringLike": {"aws:SourceArn": "*"}}}, True),
        ({"Condition": {"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}}, True),
        ({"Condition": {"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}}, True),
        ({"Condition": {"StringEquals": {"AWS:SourceAccount": ACCOUNT}}}, False),
        ({"Principal": {"AWS": "222222222222"}}, False),
        ({"Effect": "Deny"}, False),
    ],
)
def test_everybody_may_be_kept_out(thumbs: Any, settings: Settings, elements: dict[str, Any], is_refused: bool) -> None:
    settings.HEARTH_BLOCK_PUBLIC_ACCESS = True
    sent = {"ResourceArn": THUMBS, "Policy": policy(statement(**elements))}
    if is_refused:
        assert refusal(thumbs.put_resource_policy, **sent)[0] == "PublicPolicyException"
        assert not ResourcePolicy.objects.exists()
    else:
        thumbs.put_resource_policy(**sent)
    assert refusal(thumbs.add_permission, **NAME, **{**S3, "Principal": "*"})[0] == "PublicPolicyException"


def test_policies_go_with_what_they_are_of(thumbs: Any) -> None:
    thumbs.add_permission(**NAME, **S3)
    thumbs.add_permission(**LIVE, **S3)
    thumbs.add_permission(**NAME, Qualifier="1", **S3)
    thumbs.delete_alias(**NAME, Name="live")
    assert sorted(ResourcePolicy.objects.values_list("qualifier", flat=True)) == ["", "1"]
    thumbs.delete_function(**NAME, Qualifier="1")
    assert list(ResourcePolicy.objects.values_list("qualifier", flat=True)) == [""]
    thumbs.delete_function(**NAME)
    assert not ResourcePolicy.objects.exists()


def test_changes_are_written_down(thumbs: Any) -> None:
    thumbs.add_permission(**LIVE, **S3)
    thumbs.remove_permission(**LIVE, StatementId="s3")
    thumbs.put_resource_policy(ResourceArn=THUMBS, Policy=policy(statement(Sid="a")))
    thumbs.delete_resource_policy(ResourceArn=THUMBS)
    rows = AuditEntry.objects.filter(action__contains="P").order_by("pk").exclude(action="PublishVersion")
    said = [(row.action, row.resource) for row in rows]
    assert said == [
        ("AddPermission", arn("thumbs", "live")),
        ("RemovePermission", arn("thumbs", "live")),
        ("PutResourcePolicy", THUMBS),
        ("DeleteResourcePolicy", THUMBS),
    ]
    added, removed, put, deleted = (row.detail for row in rows)
    assert added["statement"] == removed["statement"]
    assert put["from"] is None
    assert put["to"] == deleted["from"]


def test_a_service_may_what_it_was_given(thumbs: Any, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    thumbs.add_permission(**LIVE, **S3, SourceArn="arn:aws:s3:::uploads", SourceAccount=ACCOUNT)
    live = FunctionReference(ACCOUNT, REGION, "thumbs", "live")

    def may(target: FunctionReference, **source: str) -> bool:
        return service_may("s3.amazonaws.com", "lambda:InvokeFunction", target, **source)

    generation().bump()
    with django_assert_num_queries(1):
        assert may(live, source_arn="arn:aws:s3:::uploads", source_account=ACCOUNT)
        assert not may(live, source_arn="arn:aws:s3:::other", source_account=ACCOUNT)
        assert not may(live, source_arn="arn:aws:s3:::uploads", source_account="222222222222")
        assert not may(live)
        plain = FunctionReference(ACCOUNT, REGION, "thumbs")
        assert not may(plain, source_arn="arn:aws:s3:::uploads", source_account=ACCOUNT)


def test_a_function_s_policy_may_speak_of_its_versions(thumbs: Any, alice: Caller) -> None:
    thumbs.put_resource_policy(ResourceArn=THUMBS, Policy=policy(statement(Resource=[THUMBS, f"{THUMBS}:*"])))
    thumbs.add_permission(**LIVE, **S3)
    generation().bump()
    of = resource_policies.of
    assert len(of(FunctionReference(ACCOUNT, REGION, "thumbs", "live"))) == 2
    assert len(of(FunctionReference(ACCOUNT, REGION, "thumbs", "1"))) == 1
    assert of(FunctionReference(ACCOUNT, REGION, "other", "live")) == ()
