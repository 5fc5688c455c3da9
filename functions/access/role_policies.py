"""What a role's session may do: the policies of the role as calls meet them, compiled, from memory."""

import json
import logging
from dataclasses import dataclass

from functions.access import aws_policies
from functions.access.evaluation import Statement, compiled
from functions.cache import GenerationCache, Realm
from functions.models import ManagedPolicy, Role

log = logging.getLogger(__name__)

DENY_ALL = Statement(allows=False, actions=("*",), resources=("*",))


@dataclass(frozen=True, slots=True)
class RolePolicies:
    role_id: str  # AROA...
    statements: tuple[Statement, ...]


_known: GenerationCache[RolePolicies | None] = GenerationCache(realm=Realm.ACCESS)


def of(account_id: str, role: str) -> RolePolicies | None:
    """Of the role with this ARN; None when the account has no such role (any more). A query or two after a change
    anywhere, else none."""
    return _known.get((account_id, role), lambda: _read(account_id, role))


def _read(account_id: str, arn: str) -> RolePolicies | None:
    role = Role.objects.filter(account_id=account_id, name=arn.rpartition("/")[2]).first()
    if role is None or role.arn != arn:
        return None
    documents = list(role.inline_policies.values_list("document", flat=True))
    attached = set(role.attached_policies.values_list("arn", flat=True))
    own = ManagedPolicy.objects.filter(account_id=account_id, name__in=[each.rpartition("/")[2] for each in attached])
    documents += [policy.document for policy in own if policy.arn in attached]
    statements = [statement for document in documents for statement in _compiled(arn, document)]
    for name in attached:
        statements += compiled(aws_policies.DOCUMENTS.get(name, aws_policies.NOTHING))
    return RolePolicies(role.pk, tuple(statements))


def _compiled(role: str, document: str) -> tuple[Statement, ...]:
    """A policy that is not understood may have denied anything, so it denies everything."""
    try:
        return compiled(json.loads(document))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        log.warning("a policy of %s is not understood and denies all: %s: %s", role, type(error).__name__, error)
        return (DENY_ALL,)
