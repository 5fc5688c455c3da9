"""Resource-based policies that are sent whole: may this document be the policy of that function?

Source: https://docs.aws.amazon.com/lambda/latest/api/API_PutResourcePolicy.html
"""

import json
from collections import Counter
from typing import Any

from functions.access import documents
from functions.access.conditions import compiled
from functions.access.resource_policies import supports
from functions.actions import policy_document
from functions.errors import InvalidParameterValueException, MalformedPolicyDocument

ELEMENTS = {"Action", "Condition", "Effect", "NotAction", "NotPrincipal", "NotResource", "Principal", "Resource", "Sid"}


def checked(document: str, function_arn: str) -> dict[str, Any]:
    """The document, its statements a list, if it is a resource-based policy for this function.

    Raises InvalidParameterValueException.
    """
    try:
        policy = documents.load(document)
        _check_whole(policy)
        statements = documents.statements(policy)
        for each in statements:
            documents.check_statement(each)
            _check_elements(each)
            _check_principals(each)
            _check_actions(each)
            _check_resources(each, function_arn)
            compiled(each.get("Condition", {}))
    except (MalformedPolicyDocument, InvalidParameterValueException, ValueError) as error:
        raise _invalid(str(error)) from None
    taken = [sid for sid, count in Counter(each["Sid"] for each in statements if "Sid" in each).items() if count > 1]
    if taken:
        raise _invalid(f"Statement IDs (SID) in a single policy must be unique: {taken[0]}")
    return {**policy, "Statement": statements}


def _invalid(why: str) -> InvalidParameterValueException:
    return InvalidParameterValueException(f"The policy is not valid: {why}", field="Policy")


def _check_whole(policy: dict[str, Any]) -> None:
    if unknown := sorted(set(policy) - {"Id", "Statement", "Version"}):
        raise ValueError(f"Unsupported element {unknown[0]}")
    if not isinstance(policy.get("Id", ""), str):
        raise ValueError("Id must be a text")
    json.dumps(policy, ensure_ascii=False, allow_nan=False).encode()  # escapes and numbers may hold what is no JSON


def _check_elements(statement: dict[str, Any]) -> None:
    if unknown := sorted(set(statement) - ELEMENTS):
        raise ValueError(f"Unsupported element {unknown[0]}")
    for name in ("Action", "Principal", "Resource"):
        if (name in statement) == (f"Not{name}" in statement):
            raise ValueError(f"A statement must have either {name} or Not{name}")
    if not isinstance(statement.get("Sid", ""), str) or not isinstance(statement.get("Condition", {}), dict):
        raise ValueError("Sid must be a text and Condition an object")


def _check_principals(statement: dict[str, Any]) -> None:
    given = statement.get("Principal", statement.get("NotPrincipal"))
    if given == "*":
        return
    if not isinstance(given, dict) or not given:
        raise ValueError("Invalid principal")
    for kind, value in given.items():
        if kind not in ("AWS", "Service"):
            raise ValueError(f"Unsupported principal {kind}")
        for each in _texts(value, "Principal"):
            found = policy_document.principal_element(each)
            if isinstance(found, dict) and kind not in found:
                raise ValueError(f"Invalid principal {each}")


def _check_actions(statement: dict[str, Any]) -> None:
    for each in _texts(statement.get("Action", statement.get("NotAction")), "Action"):
        if not supports(each):
            raise ValueError(f"Action {each} does not support resource-based policies")


def _check_resources(statement: dict[str, Any], function_arn: str) -> None:
    for each in _texts(statement.get("Resource", statement.get("NotResource")), "Resource"):
        if each not in ("*", function_arn) and not each.startswith(f"{function_arn}:"):
            raise ValueError(f"Resource {each} is not the function or one of its versions or aliases")


def _texts(value: Any, name: str) -> list[str]:
    texts = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(each, str) for each in texts):
        raise ValueError(f"{name} must be a text, or a list of texts")
    return texts
