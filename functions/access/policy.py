"""What a policy document allows: identity-based policies, `Action` and `Resource` with wildcards, Deny before Allow.

Conditions, NotAction and NotResource are not understood yet: a document that has one is refused when it is compiled,
so that nothing is allowed by mistake.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

UNDERSTOOD = frozenset({"Sid", "Effect", "Action", "Resource"})


@dataclass(frozen=True, slots=True)
class Statement:
    allows: bool
    action: re.Pattern[str]
    resource: re.Pattern[str]

    def covers(self, action: str, resource: str) -> bool:
        return self.action.fullmatch(action) is not None and self.resource.fullmatch(resource) is not None


@dataclass(frozen=True, slots=True)
class Policy:
    """A compiled document. Actions are compared without regard to case, as IAM does."""

    statements: tuple[Statement, ...]

    def allows(self, action: str, resource: str = "*") -> bool:
        found = [each.allows for each in self.statements if each.covers(action, resource)]
        return bool(found) and all(found)


def compiled(document: dict[str, Any]) -> Policy:
    """Raises ValueError for what is not understood."""
    statements = []
    for each in document["Statement"]:
        if unknown := set(each) - UNDERSTOOD:
            raise ValueError(f"not understood in a policy: {', '.join(sorted(unknown))}")
        allows = {"Allow": True, "Deny": False}[each["Effect"]]
        statements.append(Statement(allows, _any(each["Action"], re.IGNORECASE), _any(each["Resource"])))
    return Policy(tuple(statements))


def _any(patterns: str | Iterable[str], flags: int = 0) -> re.Pattern[str]:
    """One expression for all: `*` is any text, `?` any character."""
    given = [patterns] if isinstance(patterns, str) else patterns
    parts = [re.escape(each).replace(r"\*", ".*").replace(r"\?", ".") for each in given]
    return re.compile("|".join(parts), flags | re.DOTALL)
