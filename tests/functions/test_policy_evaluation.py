"""What policies allow, by IAM's rules."""

from collections.abc import Mapping
from typing import Any

import pytest

from functions.access.evaluation import ANONYMOUS, Decision, Principal, allowed, compiled, decide

INVOKE = "lambda:InvokeFunction"
ARN = "arn:aws:lambda:us-east-1:111111111111:function:orders"
BOB = Principal("222222222222", ("arn:aws:iam::222222222222:user/bob",))
S3 = Principal(service="s3.amazonaws.com")
BUCKET = "arn:aws:s3:::uploads"


def statement(effect: str = "Allow", **elements: Any) -> dict[str, Any]:
    given = {"Effect": effect, "Principal": "*", "Action": INVOKE, "Resource": ARN, **elements}
    return {name: value for name, value in given.items() if value is not None}


def verdict(
    *statements: Mapping[str, Any],
    who: Principal = BOB,
    action: str = INVOKE,
    resource: str = ARN,
    context: Mapping[str, Any] | None = None,
) -> Decision:
    return decide(compiled({"Statement": list(statements)}), who, action, resource, context or {})


def test_nothing_is_allowed_by_nothing() -> None:
    assert verdict() is Decision.NEUTRAL
    assert not allowed((), BOB, INVOKE, ARN, {})


@pytest.mark.parametrize("order", [("Allow", "Deny"), ("Deny", "Allow")])
def test_a_deny_wins(order: tuple[str, str]) -> None:
    assert verdict(*map(statement, order)) is Decision.DENIED


@pytest.mark.parametrize(
    ("elements", "asked", "is_allowed"),
    [
        ({"Action": "lambda:*"}, {}, True),
        ({"Action": "*"}, {}, True),
        ({"Action": "LAMBDA:invoke*"}, {}, True),
        ({"Action": ["lambda:GetFunction", "lambda:Invoke?unction"]}, {}, True),
        ({"Action": "lambda:InvokeFunctionUrl"}, {}, False),
        ({"Action": None, "NotAction": "lambda:Get*"}, {}, True),
        ({"Action": None, "NotAction": ["lambda:Get*", "lambda:Invoke*"]}, {}, False),
        ({"Resource": "*"}, {}, True),
        ({"Resource": f"{ARN}:*"}, {}, False),
        ({"Resource": f"{ARN}:*"}, {"resource": f"{ARN}:live"}, True),
        ({"Resource": ARN}, {"resource": f"{ARN}:live"}, False),
        ({"Resource": ARN.upper()}, {}, False),
        ({"Resource": "arn:aws:lambda:us-east-1:*:function:ord??s"}, {}, True),
        ({"Resource": None, "NotResource": f"{ARN}:*"}, {}, True),
        ({"Resource": None, "NotResource": "arn:*"}, {}, False),
        ({"Resource": "arn:aws:lambda:*:*:function:[orders]"}, {}, False),
        ({"Resource": "*:${aws:username}"}, {"context": {"aws:username": "orders"}}, True),
        ({"Resource": "*:${aws:username}"}, {"context": {"aws:username": "*"}}, False),
        ({"Resource": "*:${aws:username}"}, {}, False),
        ({"Resource": "*:${aws:userid}*:o*"}, {"context": {"aws:userid": "func"}}, True),
        ({"Resource": "arn*:*function*:*r*d*s"}, {}, True),
        ({"Resource": "arn:*:orders*:orders"}, {}, False),
        ({"Resource": f"*{ARN}*"}, {}, True),
        ({"Resource": "***"}, {}, True),
        ({"Resource": "*?"}, {}, True),
        ({"Resource": "*o" * 60 + "*!"}, {"resource": "o" * 2000}, False),
    ],
)
def test_actions_and_resources(elements: dict[str, Any], asked: dict[str, Any], is_allowed: bool) -> None:
    assert (verdict(statement(**elements), **asked) is Decision.ALLOWED) == is_allowed


@pytest.mark.parametrize(
    ("principal", "who", "is_meant"),
    [
        ("*", ANONYMOUS, True),
        ({"AWS": "*"}, ANONYMOUS, True),
        ({"AWS": "222222222222"}, BOB, True),
        ({"AWS": "arn:aws:iam::222222222222:root"}, BOB, True),
        ({"AWS": ["111111111111", "arn:aws:iam::222222222222:user/bob"]}, BOB, True),
        ({"AWS": "arn:aws:iam::222222222222:user/bobby"}, BOB, False),
        ({"AWS": "arn:aws:iam::222222222222:user/*"}, BOB, False),
        ({"AWS": "222222222222"}, BOB.alone(), False),
        ({"AWS": "111111111111"}, ANONYMOUS, False),
        ({"Service": "s3.amazonaws.com"}, S3, True),
        ({"Service": ["sns.amazonaws.com", "s3.amazonaws.com"]}, S3, True),
        ({"Service": "sns.amazonaws.com"}, S3, False),
        ({"Service": "s3.amazonaws.com"}, ANONYMOUS, False),
        ({"Service": "s3.amazonaws.com"}, BOB, False),
        ({"Federated": "accounts.google.com"}, BOB, False),
    ],
)
def test_principals(principal: Any, who: Principal, is_meant: bool) -> None:
    assert (verdict(statement(Principal=principal), who=who) is Decision.ALLOWED) == is_meant
    other = verdict(statement(Principal=None, NotPrincipal=principal), who=who)
    assert (other is Decision.ALLOWED) != is_meant


@pytest.mark.parametrize(
    ("operator", "key", "wanted", "given", "holds"),
    [
        ("StringEquals", "AWS:SourceAccount", "1", {"aws:sourceaccount": "1"}, True),
        ("StringEquals", "aws:SourceAccount", ["2", "1"], {"aws:sourceaccount": "1"}, True),
        ("StringEquals", "aws:SourceAccount", "1", {"aws:sourceaccount": "12"}, False),
        ("StringEquals", "aws:SourceAccount", "1", {}, False),
        ("StringEqualsIfExists", "aws:SourceAccount", "1", {}, True),
        ("StringEqualsIfExists", "aws:SourceAccount", "1", {"aws:sourceaccount": "2"}, False),
        ("StringEquals", "aws:username", "${aws:userid}", {"aws:username": "a", "aws:userid": "a"}, True),
        ("StringNotEquals", "aws:username", ["a", "b"], {"aws:username": "b"}, False),
        ("StringNotEquals", "aws:username", ["a", "b"], {"aws:username": "c"}, True),
        ("StringNotEquals", "aws:username", "a", {}, True),
        ("StringEqualsIgnoreCase", "aws:username", "Ada", {"aws:username": "ADA"}, True),
        ("StringNotEqualsIgnoreCase", "aws:username", "Ada", {"aws:username": "ADA"}, False),
        ("StringLike", "aws:username", "a?a*", {"aws:username": "adam"}, True),
        ("StringLike", "aws:username", "a${*}", {"aws:username": "adam"}, False),
        ("StringNotLike", "aws:username", "a*", {"aws:username": "adam"}, False),
        ("ArnLike", "AWS:SourceArn", "arn:aws:s3:::up*", {"aws:sourcearn": BUCKET}, True),
        ("ArnEquals", "AWS:SourceArn", "arn:aws:s3:*:*:uploads", {"aws:sourcearn": BUCKET}, True),
        ("ArnLike", "AWS:SourceArn", "arn:*", {"aws:sourcearn": BUCKET}, False),
        ("ArnLike", "AWS:SourceArn", BUCKET, {}, False),
        ("ArnNotLike", "AWS:SourceArn", "arn:aws:s3:::up*", {"aws:sourcearn": BUCKET}, False),
        ("Bool", "aws:SecureTransport", "true", {"aws:securetransport": "true"}, True),
        ("Bool", "aws:SecureTransport", True, {"aws:securetransport": "false"}, False),
        ("Bool", "aws:SecureTransport", "false", {}, False),
        ("NumericEquals", "n", "10", {"n": "10.0"}, True),
        ("NumericNotEquals", "n", 10, {"n": "10"}, False),
        ("NumericLessThan", "n", "10", {"n": "9"}, True),
        ("NumericLessThanEquals", "n", "10", {"n": "10"}, True),
        ("NumericGreaterThan", "n", "9", {"n": "10"}, True),
        ("NumericGreaterThanEquals", "n", "10", {"n": "9"}, False),
        ("NumericEquals", "n", "10", {"n": "ten"}, False),
        ("DateGreaterThan", "aws:CurrentTime", "2026-01-01T00:00:00Z", {"aws:currenttime": "2026-01-02"}, True),
        ("DateLessThan", "aws:CurrentTime", "2026-01-01", {"aws:currenttime": "2026-01-01T01:00:00+02:00"}, True),
        ("DateLessThan", "aws:EpochTime", "2020-01-01T00:00:00Z", {"aws:epochtime": "1577836799"}, True),
        ("DateEquals", "aws:CurrentTime", "2026-01-01", {"aws:currenttime": "soon"}, False),
        ("DateLessThan", "aws:CurrentTime", "0001-01-01T00:00:00+23:59", {"aws:currenttime": "2026-01-01"}, False),
        ("IpAddress", "aws:SourceIp", "10.0.0.0/8", {"aws:sourceip": "10.1.2.3"}, True),
        ("IpAddress", "aws:SourceIp", ["192.0.2.1", "2001:db8::/32"], {"aws:sourceip": "2001:db8::1"}, True),
        ("IpAddress", "aws:SourceIp", "10.0.0.0/8", {"aws:sourceip": "unix:"}, False),
        ("NotIpAddress", "aws:SourceIp", "10.0.0.0/8", {"aws:sourceip": "10.1.2.3"}, False),
        ("NotIpAddress", "aws:SourceIp", "10.0.0.0/8", {}, True),
        ("Null", "aws:SourceIp", "true", {}, True),
        ("Null", "aws:SourceIp", "false", {}, False),
        ("Null", "aws:SourceIp", "false", {"aws:sourceip": "::1"}, True),
        ("ForAnyValue:StringLike", "aws:TagKeys", "a*", {"aws:tagkeys": ("b", "ab")}, True),
        ("ForAnyValue:StringLike", "aws:TagKeys", "a*", {"aws:tagkeys": ("b", "c")}, False),
        ("ForAnyValue:StringLike", "aws:TagKeys", "a*", {}, False),
        ("ForAllValues:StringLike", "aws:TagKeys", "a*", {"aws:tagkeys": ("a", "ab")}, True),
        ("ForAllValues:StringLike", "aws:TagKeys", "a*", {"aws:tagkeys": ("a", "b")}, False),
        ("ForAllValues:StringLike", "aws:TagKeys", "a*", {}, True),
        ("ForAllValues:StringNotLike", "aws:TagKeys", "a*", {"aws:tagkeys": ("b", "c")}, True),
    ],
)
def test_conditions(operator: str, key: str, wanted: Any, given: dict[str, Any], holds: bool) -> None:
    found = verdict(statement(Condition={operator: {key: wanted}}), context=given)
    assert (found is Decision.ALLOWED) == holds


def test_all_conditions_must_hold() -> None:
    both = {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::up*"}, "StringEquals": {"AWS:SourceAccount": "1"}}
    allow = statement(Principal={"Service": "s3.amazonaws.com"}, Condition=both)
    context = {"aws:sourcearn": BUCKET, "aws:sourceaccount": "1"}
    assert verdict(allow, who=S3, context=context) is Decision.ALLOWED
    for missing in context:
        rest = {key: value for key, value in context.items() if key != missing}
        assert verdict(allow, who=S3, context=rest) is Decision.NEUTRAL


@pytest.mark.parametrize(
    "condition",
    [
        {"StringMatches": {"a": "b"}},
        {"ForSomeValues:StringEquals": {"a": "b"}},
        {":StringEquals": {"a": "b"}},
        {"NumericNotLessThan": {"a": "1"}},
        {"Null": {"a": "maybe"}},
        {"StringEquals": "a"},
        {"StringEquals": {"a": []}},
        {"StringEquals": {"a": {"b": "c"}}},
    ],
)
def test_what_is_no_condition_is_no_policy(condition: Any) -> None:
    with pytest.raises(ValueError, match=r"operator|values|Null"):
        compiled({"Statement": [statement(Condition=condition)]})
