"""What was deployed to a function, when, by whom and why: read from the audit rows that every change leaves.

What calls get is changed by new code, new configuration, a published version, and an alias that is moved or shifted.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q

from functions import lookup
from functions.models import Alias, AuditEntry, Function


class Kind(models.TextChoices):
    CREATED = "created", "Created"
    CODE = "code", "Code"
    CONFIGURATION = "configuration", "Configuration"
    PUBLISHED = "published", "Version published"
    VERSION_DELETED = "version-deleted", "Version deleted"
    ALIAS_CREATED = "alias-created", "Alias created"
    ALIAS_MOVED = "alias-moved", "Alias moved"
    ALIAS_SHIFTED = "alias-shifted", "Traffic shifted"
    ALIAS_DESCRIBED = "alias-described", "Alias described"
    ALIAS_DELETED = "alias-deleted", "Alias deleted"
    ROLLBACK = "rollback", "Rolled back"


ACTIONS = {
    "CreateFunction": Kind.CREATED,
    "UpdateFunctionCode": Kind.CODE,
    "UpdateFunctionConfiguration": Kind.CONFIGURATION,
    "PublishVersion": Kind.PUBLISHED,
    "DeleteFunction": Kind.VERSION_DELETED,
    "CreateAlias": Kind.ALIAS_CREATED,
    "UpdateAlias": Kind.ALIAS_MOVED,
    "DeleteAlias": Kind.ALIAS_DELETED,
    "RollbackAlias": Kind.ROLLBACK,
}
# How many changes of an alias are searched for earlier targets.
SEARCHED = 200


@dataclass(frozen=True, slots=True)
class Deployment:
    """One change. `before` and `after` are for people: versions with their shares, or the head of a code's SHA-256."""

    at: datetime
    actor: str  # user name
    via: str  # api, console, system
    kind: Kind
    function: str  # name
    alias: str = ""
    before: str = ""
    after: str = ""
    version: str = ""  # the label of the version that was published or deleted by it
    changed: tuple[str, ...] = ()  # members of the configuration
    why: str = ""
    detail: dict[str, Any] = field(default_factory=dict)  # the audit row's own


@dataclass(frozen=True, slots=True)
class Target:
    """A version that an alias pointed at before, and that is still there."""

    version: str
    description: str  # of the version
    left_at: datetime
    left_by: str  # user name


def deployments(function: Function, limit: int = 50, *, before: datetime | None = None) -> list[Deployment]:
    """The deployments of one function, the newest first, those before a moment when it is given. One query.

    Nothing of a namesake that was deleted.
    """
    of_function = Q(resource=function.arn) | Q(resource__startswith=f"{function.arn}:")
    rows = AuditEntry.objects.filter(of_function, account_id=function.account_id, at__gte=function.created_at)
    return _read(rows, limit, before)


def recent(account_id: str, region: str, limit: int = 10, *, before: datetime | None = None) -> list[Deployment]:
    """The deployments to all functions of an account, the newest first. One query."""
    rows = AuditEntry.objects.filter(
        account_id=account_id, resource__startswith=f"arn:aws:lambda:{region}:{account_id}:function:"
    )
    return _read(rows, limit, before)


def previous_targets(alias: Alias, limit: int = 10) -> list[Target]:
    """What the alias may be rolled back to, the last one first. Each version once; not what it points at alone now."""
    rows = AuditEntry.objects.filter(
        account_id=alias.function.account_id,
        resource=alias.arn,
        action__in=("UpdateAlias", "RollbackAlias"),
        at__gte=alias.created_at,
    ).order_by("-at", "-id")[:SEARCHED]
    left: dict[str, AuditEntry] = {}
    for row in rows:
        was = row.detail.get("from") or {}
        label = was.get("version")
        if label and (label != alias.version or alias.routing):
            left.setdefault(label, row)
    numbers = {label: lookup.version_number(label) for label in left}
    known = [number for number in numbers.values() if number is not None]
    there = dict(alias.function.versions.filter(number__in=[0, *known]).values_list("number", "description"))
    return [
        Target(label, there[number], row.at, row.actor)
        for label, row in left.items()
        if (number := numbers[label]) in there and number is not None
    ][:limit]


def _read(rows: models.QuerySet[AuditEntry], limit: int, before: datetime | None) -> list[Deployment]:
    rows = rows.filter(action__in=ACTIONS)
    # Of deletions only those of a version; and not what changed nothing, as publishing what is published already.
    rows = rows.exclude(Q(action="DeleteFunction") & ~Q(detail__has_key="version"))
    rows = rows.exclude(detail__has_key="unchanged")
    if before is not None:
        rows = rows.filter(at__lt=before)
    return list(_deployments(rows.order_by("-at", "-id")[:limit]))


def _deployments(rows: Iterable[AuditEntry]) -> Iterable[Deployment]:
    for row in rows:
        detail = row.detail
        kind = ACTIONS[row.action]
        name, _, qualifier = row.resource.split(":function:", 1)[1].partition(":")
        old, new = detail.get("from"), detail.get("to")
        is_alias = kind in ALIASES
        if is_alias:
            before, after = _shares(old), _shares(new or detail)
            kind = _kind_of_move(kind, old, new)
        else:
            before = str(old)[:12] if kind == Kind.CODE and old else ""
            after = str(detail.get("package") or "")[:12]
        yield Deployment(
            at=row.at,
            actor=row.actor,
            via=row.via,
            kind=kind,
            function=name,
            alias=qualifier if is_alias else "",
            before=before,
            after=after,
            version=str(detail.get("version") or "") if not is_alias else "",
            changed=tuple(detail.get("changed") or ()),
            why=str(detail.get("why") or ""),
            detail=detail,
        )


ALIASES = (Kind.ALIAS_CREATED, Kind.ALIAS_MOVED, Kind.ALIAS_DELETED, Kind.ROLLBACK)


def _kind_of_move(kind: Kind, old: dict[str, Any] | None, new: dict[str, Any] | None) -> Kind:
    """Of an alias that was changed: pointed elsewhere, only its traffic shifted, or neither."""
    if kind != Kind.ALIAS_MOVED or not old or not new or old["version"] != new["version"]:
        return kind
    return Kind.ALIAS_SHIFTED if old["weights"] != new["weights"] else Kind.ALIAS_DESCRIBED


def _shares(target: dict[str, Any] | None) -> str:
    """7, or 7 (90 %) and 8 (10 %)."""
    if not target or not target.get("version"):
        return ""
    weights = target.get("weights") or {}
    if not weights:
        return str(target["version"])
    shares = {target["version"]: 1 - sum(weights.values()), **weights}
    return " and ".join(f"{label} ({share * 100:.4g} %)" for label, share in shares.items())
