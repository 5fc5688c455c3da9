"""What policies allow: a request is denied unless a statement allows it, and whatever allows it when one denies it.

The same for identity-based policies (no Principal: whose they are is known) and resource-based ones.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from functions.access import conditions
from functions.access.conditions import Condition, Null
from functions.access.wildcards import Context, matches

ACCOUNT = re.compile(r"(\d{12})|arn:aws[a-z-]*:iam::(\d{12}):root")


class Decision(Enum):
    ALLOWED = "allowed"
    DENIED = "denied"  # by a statement that denies
    NEUTRAL = "neutral"  # no statement says anything: denied, unless another policy allows it


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: a user (account and ARN), a role's session (its own ARN and the role's), a service, or nobody known."""

    account_id: str = ""
    arns: tuple[str, ...] = ()
    service: str = ""  # s3.amazonaws.com

    def alone(self) -> "Principal":
        """Without the account: what a statement gives to an account, its users may only do by policies of their own."""
        return replace(self, account_id="")


ANONYMOUS = Principal()


@dataclass(frozen=True, slots=True)
class Statement:
    """A compiled statement. Actions are compared without regard to case, as IAM does."""

    allows: bool
    actions: tuple[str, ...]  # in lower case
    resources: tuple[str, ...]
    principals: tuple[tuple[str, str], ...] | None = None  # (kind, who); None: of an identity-based policy
    not_actions: bool = False
    not_resources: bool = False
    not_principals: bool = False
    conditions: tuple[Condition | Null, ...] = ()

    def covers(self, principal: Principal, action: str, resource: str, context: Context) -> bool:
        return (
            any(matches(each, action.lower(), context) for each in self.actions) != self.not_actions
            and any(matches(each, resource, context) for each in self.resources) != self.not_resources
            and self._is_for(principal)
            and all(each.holds(context) for each in self.conditions)
        )

    def _is_for(self, principal: Principal) -> bool:
        if self.principals is None:
            return True
        return any(_is(principal, kind, who) for kind, who in self.principals) != self.not_principals


def decide(
    statements: Iterable[Statement], principal: Principal, action: str, resource: str, context: Context
) -> Decision:
    """`action` is `lambda:InvokeFunction`, `resource` an ARN; the keys of `context` are in lower case."""
    decision = Decision.NEUTRAL
    for statement in statements:
        if (statement.allows and decision is Decision.ALLOWED) or not statement.covers(
            principal, action, resource, context
        ):
            continue
        if not statement.allows:
            return Decision.DENIED
        decision = Decision.ALLOWED
    return decision


def allowed(
    statements: Iterable[Statement], principal: Principal, action: str, resource: str, context: Context
) -> bool:
    """Whether these statements, and nothing else, let the principal do it."""
    return decide(statements, principal, action, resource, context) is Decision.ALLOWED


def compiled(document: Mapping[str, Any]) -> tuple[Statement, ...]:
    """The statements of a policy. Raises ValueError for what is not one."""
    given = document["Statement"]
    return tuple(_statement(each) for each in (given if isinstance(given, list) else [given]))


def _statement(given: Mapping[str, Any]) -> Statement:
    actions, not_actions = _either(given, "Action")
    resources, not_resources = _either(given, "Resource")
    principals, not_principals = None, False
    if "Principal" in given or "NotPrincipal" in given:
        not_principals = "Principal" not in given
        principals = _principals(given["NotPrincipal" if not_principals else "Principal"])
    return Statement(
        allows={"Allow": True, "Deny": False}[given["Effect"]],
        actions=tuple(each.lower() for each in actions),
        resources=resources,
        principals=principals,
        not_actions=not_actions,
        not_resources=not_resources,
        not_principals=not_principals,
        conditions=conditions.compiled(given.get("Condition") or {}),
    )


def _either(given: Mapping[str, Any], member: str) -> tuple[tuple[str, ...], bool]:
    """Of Action or NotAction, Resource or NotResource: the texts, and whether it is the latter."""
    is_not = member not in given
    return _texts(given[f"Not{member}" if is_not else member]), is_not


def _principals(given: Any) -> tuple[tuple[str, str], ...]:
    if isinstance(given, str):
        given = {"*": given}
    return tuple((kind, who) for kind, value in given.items() for who in _texts(value))


def _texts(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str) for each in values):
        raise ValueError("a list of texts was expected")
    return tuple(values)


def _is(principal: Principal, kind: str, who: str) -> bool:
    if kind == "*" or (kind == "AWS" and who == "*"):
        return who == "*"
    if kind == "Service":
        return principal.service != "" and who in ("*", principal.service)
    if kind != "AWS":
        return False
    if account := ACCOUNT.fullmatch(who):
        return principal.account_id in account.groups()
    return who in principal.arns
