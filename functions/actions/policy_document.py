"""Resource-based policies as AWS writes them: of functions, and of versions of layers.

Nothing is read or kept here: statements go in, statements and JSON texts come out. A statement has its members in the
order Sid, Effect, Principal, Action, Resource, Condition, wherever it was kept in between.
Source: https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from functions.errors import (
    InvalidParameterValueException,
    PolicyLengthExceededException,
    PreconditionFailedException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from functions.limits import limits

Statement = Mapping[str, Any]

ORDER = ("Sid", "Effect", "Principal", "Action", "Resource", "Condition")
ACCOUNT = re.compile(r"\d{12}")
IDENTITY = re.compile(r"arn:aws[a-z-]*:(iam|sts)::\d{12}:(root|(user|role|assumed-role|federated-user)/\S+)")
SERVICE = re.compile(r"([a-z0-9-]+\.)+(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal)")


def statement(
    sid: str, action: str, principal: str, resource: str, condition: Mapping[str, Mapping[str, str]] | None = None
) -> dict[str, Any]:
    """An Allow. `principal` is as the API takes it: an account, an ARN, a service, or `*`.

    Raises InvalidParameterValueException for a principal that is none of these.
    """
    made: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal_element(principal),
        "Action": action,
        "Resource": resource,
    }
    return {**made, "Condition": {name: dict(keys) for name, keys in condition.items()}} if condition else made


def added(statements: Sequence[Statement], new: Statement) -> list[Statement]:
    """Raises ResourceConflictException when the statement id is taken."""
    if any(each.get("Sid") == new["Sid"] for each in statements):
        raise ResourceConflictException(
            f"The statement id ({new['Sid']}) provided already exists. Please provide a new statement id, or remove "
            "the existing statement.",
            field="StatementId",
        )
    return [*statements, new]


def without(statements: Sequence[Statement], sid: str) -> list[Statement]:
    """Raises ResourceNotFoundException when there is no such statement."""
    rest = [each for each in statements if each.get("Sid") != sid]
    if len(rest) == len(statements):
        raise ResourceNotFoundException(f"Statement {sid} is not found in resource policy.", field="StatementId")
    return rest


def document(statements: Sequence[Statement]) -> dict[str, Any]:
    """A policy of these statements."""
    return {"Version": "2012-10-17", "Id": "default", "Statement": list(statements)}


def text(policy: Mapping[str, Any]) -> str:
    """The policy as JSON. Raises PolicyLengthExceededException for one that is too long."""
    shown = {**policy, "Statement": [_ordered(each) for each in policy["Statement"]]}
    found = _json(shown)
    size, limit = len(found.encode()), limits().policy_bytes
    if size > limit:
        raise PolicyLengthExceededException(f"The final policy size ({size}) is bigger than the limit ({limit}).")
    return found


def statement_text(shown: Statement) -> str:
    """One statement as JSON."""
    return _json(_ordered(shown))


def check_revision(given: str | None, current: UUID | None, operation: str = "GetPolicy") -> None:
    """Refuse a change that was made from an older policy. `operation` is the one that reads the present revision."""
    if given and given != str(current):
        raise PreconditionFailedException(
            "The Revision Id provided does not match the latest Revision Id. "
            f"Call the {operation} API to retrieve the latest Revision Id",
            field="RevisionId",
        )


def no_policy() -> ResourceNotFoundException:
    return ResourceNotFoundException("No policy is associated with the given resource.")


def invalid_principal() -> InvalidParameterValueException:
    return InvalidParameterValueException(
        "The provided principal was invalid. Please check the principal and try again.", field="Principal"
    )


def principal_element(given: str) -> str | dict[str, str]:
    """The Principal of a statement for a principal as the API takes it. Raises InvalidParameterValueException."""
    if given == "*":
        return given
    if ACCOUNT.fullmatch(given):
        return {"AWS": f"arn:aws:iam::{given}:root"}
    if IDENTITY.fullmatch(given):
        return {"AWS": given}
    if SERVICE.fullmatch(given):
        return {"Service": given}
    raise invalid_principal()


def _ordered(shown: Statement) -> dict[str, Any]:
    known = {member: shown[member] for member in ORDER if member in shown}
    return {**known, **{member: value for member, value in shown.items() if member not in known}}


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
