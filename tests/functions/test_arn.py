"""Names, partial ARNs, full ARNs and qualifiers."""

import pytest

from functions.access.caller import Caller
from functions.arn import FunctionReference, parse
from functions.errors import (
    AccessDeniedException,
    InvalidParameterValueException,
    ResourceNotFoundException,
    ValidationException,
)
from tests.functions.world import ACCOUNT, REGION

ALICE = Caller(ACCOUNT, REGION, None, "alice", "api")
FULL = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function"


@pytest.mark.parametrize(
    ("value", "qualifier", "name", "expected"),
    [
        ("thumbs", None, "thumbs", None),
        ("thumbs", "live", "thumbs", "live"),
        ("thumbs:live", None, "thumbs", "live"),
        ("thumbs:live", "live", "thumbs", "live"),
        ("thumbs:$LATEST", None, "thumbs", "$LATEST"),
        ("function:thumbs", None, "thumbs", None),
        ("function:thumbs:3", None, "thumbs", "3"),
        (f"{ACCOUNT}:thumbs", None, "thumbs", None),
        (f"{ACCOUNT}:function:thumbs:3", None, "thumbs", "3"),
        (f"{REGION}:{ACCOUNT}:function:thumbs", None, "thumbs", None),
        (f"{FULL}:thumbs", None, "thumbs", None),
        (f"{FULL}:thumbs", "3", "thumbs", "3"),
        (f"{FULL}:thumbs:$LATEST", None, "thumbs", "$LATEST"),
        (FULL, None, "function", None),  # AWS reads the kind as the name
        (ACCOUNT, None, ACCOUNT, None),
        ("thumbs", "", "thumbs", None),
    ],
)
def test_every_form_names_the_function(value: str, qualifier: str | None, name: str, expected: str | None) -> None:
    assert parse(value, qualifier, ALICE) == FunctionReference(ACCOUNT, REGION, name, expected)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "*",
        "thumbs!",
        "thumbs:1:2",
        "thumbs:",
        "thumbs\n",
        "thumbs:$latest",
        f"{FULL}:thumbs:$LATES",
        "arn:aws:lambda:invalid-region:111111111111:function:thumbs",
        "arn:aws:lambda::111111111111:function:thumbs",
        "arn:aws:lambda:us-east-1::function:thumbs",
        "arn:aws:ec2:us-east-1:111111111111:instance:i-1234567890abcdef0",
        "invalid-account:function:thumbs",
        "\u0661\u0662:thumbs",
    ],
)
def test_a_malformed_value_is_refused(value: str) -> None:
    with pytest.raises(ValidationException, match="functionName") as refused:
        parse(value, None, ALICE)
    assert f"Value '{value}' at 'functionName'" in str(refused.value)


def test_two_different_qualifiers_are_refused() -> None:
    with pytest.raises(InvalidParameterValueException, match="derived qualifier"):
        parse("thumbs:1", "2", ALICE)


def test_another_region_is_not_reachable() -> None:
    with pytest.raises(ResourceNotFoundException) as refused:
        parse(f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:thumbs", None, ALICE)
    assert str(refused.value) == f"Functions from 'eu-west-1' are not reachable in this region ('{REGION}')"


def test_another_account_is_denied_and_told_nothing() -> None:
    with pytest.raises(AccessDeniedException) as refused:
        parse(f"arn:aws:lambda:{REGION}:222222222222:function:thumbs", None, ALICE)
    assert refused.value.message is None
    assert refused.value.members == {}


def test_the_same_text_means_another_function_to_another_caller() -> None:
    elsewhere = Caller("222222222222", "eu-west-1", None, "mallory", "api")
    assert parse("thumbs", None, ALICE).arn == f"{FULL}:thumbs"
    assert parse("thumbs", None, elsewhere).arn == "arn:aws:lambda:eu-west-1:222222222222:function:thumbs"


def test_arns_are_written_with_and_without_the_qualifier() -> None:
    reference = parse("thumbs:live", None, ALICE)
    assert reference.arn == f"{FULL}:thumbs:live"
    assert reference.function_arn == f"{FULL}:thumbs"
    with pytest.raises(InvalidParameterValueException, match="permitted on Lambda functions only"):
        reference.unqualified()
    assert parse("thumbs:$LATEST", None, ALICE).unqualified() == parse("thumbs", None, ALICE)
