"""Policy documents: are they one at all? What they allow is evaluated elsewhere.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json
from typing import Any

from functions.errors import MalformedPolicyDocument

VERSIONS = ("2008-10-17", "2012-10-17")


def check_trust_policy(document: str) -> None:
    """Raise MalformedPolicyDocument unless this says who may assume a role."""
    for statement in statements(load(document)):
        check_statement(statement)
        if "Principal" not in statement and "NotPrincipal" not in statement:
            raise MalformedPolicyDocument("Missing required field Principal")
        if "Resource" in statement or "NotResource" in statement:
            raise MalformedPolicyDocument("Has prohibited field Resource")


def check_policy(document: str) -> None:
    """Raise MalformedPolicyDocument unless this says what may be done."""
    for statement in statements(load(document)):
        check_statement(statement)
        if "Principal" in statement or "NotPrincipal" in statement:
            raise MalformedPolicyDocument("Policy document should not specify a principal.")
        if "Resource" not in statement and "NotResource" not in statement:
            raise MalformedPolicyDocument("Policy statement must contain resources.")


def load(document: str) -> dict[str, Any]:
    """The document as an object of a known version. Raises MalformedPolicyDocument, as all here."""
    try:
        policy = json.loads(document)
    except (ValueError, RecursionError):
        policy = None
    if not isinstance(policy, dict):
        raise MalformedPolicyDocument("This policy contains invalid Json")
    if policy.get("Version", VERSIONS[0]) not in VERSIONS:
        raise MalformedPolicyDocument("The policy must contain a valid version string")
    return policy


def statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    found = policy.get("Statement")
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list) or not found or not all(isinstance(each, dict) for each in found):
        raise MalformedPolicyDocument("Syntax errors in policy.")
    return found


def check_statement(statement: dict[str, Any]) -> None:
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise MalformedPolicyDocument("Syntax errors in policy.")
    if "Action" not in statement and "NotAction" not in statement:
        raise MalformedPolicyDocument("Policy statement must contain actions.")
