"""Function names and qualifiers that AWS refuses, and how."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functions.replay import RECORDINGS, Replay
from tests.functions.world import ACCOUNT, REGION, arn, request

PREFIX = "TestLambdaFunction::test_function_name_and_qualifier_validation"
ELSEWHERE = f"arn:aws:lambda:invalid-region:{ACCOUNT}:function"
# Name and qualifier of each case.
CASES = {
    "full_arn_and_qualifier_too_long_and_invalid_region": (f"{ELSEWHERE}:my-function-{'a' * 170}", "a" * 129),
    "full_arn_with_multiple_qualifiers": (f"{arn('my-function')}:1:2", None),
    "function_name_and_qualifier_too_long": ("my-function", "a" * 65),
    "function_name_is_single_invalid": ("*", None),
    "function_name_too_long": ("a" * 65, None),
    "function_name_too_long_and_invalid_region": (f"{ELSEWHERE}:my-function{'a' * 170}", None),
    "incomplete_arn": (f"arn:aws:lambda:{REGION}:{ACCOUNT}:function", None),
    "invalid_account_id_in_partial_arn": ("invalid-account:function:my-function", None),
    "invalid_characters_in_function_name": ("my-function!", None),
    "invalid_characters_in_qualifier": ("my-function", "invalid!"),
    "invalid_region_in_arn": (f"{ELSEWHERE}:my-function", None),
    "latest_version_with_additional_qualifier": (arn("my-function", "$LATEST"), "1"),
    "lowercase_latest_qualifier": (arn("my-function"), "$latest"),
    "misspelled_latest_in_arn": (arn("my-function", "$LATES"), None),
    "missing_account_id_in_arn": (f"arn:aws:lambda:{REGION}::function:my-function", None),
    "missing_region_in_arn": (f"arn:aws:lambda::{ACCOUNT}:function:my-function", None),
    "non_lambda_arn": (f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance:i-1234567890abcdef0", None),
    "partial_arn_with_extra_qualifier": ("function:my-function:$LATEST:extra", None),
    "qualifier_too_long": ("my-function", "a" * 129),
    "qualifier_too_long0": ("my-function", "a" * 129),
    "qualifier_too_long1": ("my-function", "a" * 65),
}
OPERATIONS = ("create_function", "delete_function", "get_function", "invoke")
RECORDED = [
    (case, operation) for case in CASES for operation in OPERATIONS if RECORDINGS.get(f"{PREFIX}[{case}-{operation}]")
]


@pytest.mark.parametrize(("case", "operation"), RECORDED)
def test_a_name_is_refused(aws: Any, case: str, operation: str) -> None:
    scenario = f"{PREFIX}[{case}-{operation}]"
    replay = Replay(scenario)
    recorded = replay.recorded(f"{operation}_exception")
    name, qualifier = CASES[case]
    if operation == "create_function":
        arguments = request(f"{name}:{qualifier}" if qualifier else name)
    else:
        arguments = {"FunctionName": name, **({"Qualifier": qualifier} if qualifier else {})}
    with pytest.raises(ClientError) as refused:
        getattr(aws, operation)(**arguments)
    error = refused.value.response["Error"]
    assert error["Code"] == recorded["Code"]
    if "Message" in recorded:
        replay.same(recorded["Message"], error["Message"], case)
        return
    said = error["Message"].partition(" detected: ")
    assert said[0] == f"{recorded['Count']} validation error{'s' if recorded['Count'] > 1 else ''}"
    faults = sorted(said[2].split("; "))
    assert len(faults) == recorded["Count"]
    for expected, actual in zip(sorted(recorded["Errors"]), faults, strict=True):
        replay.same(expected, actual, case)


def test_most_cases_were_recorded() -> None:
    assert len(RECORDED) == 81
