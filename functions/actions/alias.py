"""Aliases: names for a version, or for two with weights."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from functions import lookup
from functions.access.caller import Caller
from functions.actions.base import change, deployed
from functions.actions.provisioned_concurrency import check_alias
from functions.arn import FunctionReference
from functions.errors import (
    InvalidParameterValueException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from functions.models import LATEST, Alias, Function

MAX_WHY = 512


def create(
    caller: Caller,
    reference: FunctionReference,
    name: str,
    version: str,
    *,
    description: str = "",
    weights: Mapping[str, float] | None = None,
    why: str = "",
) -> Alias:
    """`weights`: at most one further version's label -> its share, 0.0 to 1.0. `why` is kept with the audit row."""
    arn = reference.qualified(name)
    _check_why(why)
    with change(caller, "CreateAlias", arn, **{"from": None}, why=why) as detail:
        try:
            function = lookup.function(reference, lock=True)
        except ResourceNotFoundException:
            raise lookup.not_found(reference.qualified(version)) from None
        _check_version(function, version)
        if function.aliases.filter(name=name).exists():
            raise ResourceConflictException(f"Alias already exists: {arn}", field="Name")
        alias = Alias.objects.create(
            function=function,
            name=name,
            version=version,
            routing=_routing(function, version, weights or {}),
            description=description,
            revision_id=uuid4(),
        )
        detail["to"] = _target(alias)
        deployed(caller, function, Function.Deploy.ALIAS)
        return alias


def update(
    caller: Caller,
    reference: FunctionReference,
    name: str,
    *,
    version: str | None = None,
    description: str | None = None,
    weights: Mapping[str, float] | None = None,
    revision_id: str | None = None,
    why: str = "",
    action: str = "UpdateAlias",
) -> Alias:
    """What is None stays; empty `weights` end the weighted routing. Every update gives a new revision."""
    arn = reference.qualified(name)
    _check_why(why)
    with change(caller, action, arn, why=why) as detail:
        function = lookup.function(reference, lock=True)
        alias = function.aliases.filter(name=name).first()
        if alias is None:
            raise ResourceNotFoundException(f"Alias not found: {arn}", field="Name")
        lookup.check_revision(alias, revision_id)
        before = _target(alias)
        if version is not None:
            _check_version(function, version)
            alias.version = version
        if description is not None:
            alias.description = description
        alias.routing = _routing(function, alias.version, alias.routing if weights is None else weights)
        if function.provisioned.filter(qualifier=name).exists():
            check_alias(function, alias)
        alias.revision_id = uuid4()
        alias.save()
        alias.function = function
        after = _target(alias)
        detail.update({"from": before, "to": after})
        if (before["version"], before["weights"]) != (after["version"], after["weights"]):
            deployed(caller, function, Function.Deploy.ALIAS)
        return alias


def rollback(
    caller: Caller,
    reference: FunctionReference,
    name: str,
    version: str,
    *,
    why: str = "",
    revision_id: str | None = None,
) -> Alias:
    """Point the alias at a version again, with all of its traffic: one of `functions.history.previous_targets`.

    Raises ResourceNotFoundException when the alias or the version is gone, PreconditionFailedException when the alias
    is no longer at `revision_id`.
    """
    return update(
        caller, reference, name, version=version, weights={}, why=why, revision_id=revision_id, action="RollbackAlias"
    )


def delete(caller: Caller, reference: FunctionReference, name: str, *, why: str = "") -> None:
    """Delete an alias with its URL and asynchronous configuration; one that is not there is no error, as with AWS."""
    _check_why(why)
    with change(caller, "DeleteAlias", reference.qualified(name), why=why) as detail:
        function = lookup.function(reference, lock=True)
        alias = function.aliases.filter(name=name).first()
        detail.update({"from": _target(alias), "to": None} if alias else {"unchanged": True})
        function.aliases.filter(name=name).delete()
        function.urls.filter(qualifier=name).delete()
        function.policies.filter(qualifier=name).delete()
        function.event_invoke_configs.filter(qualifier=name).delete()
        function.provisioned.filter(qualifier=name).delete()


def _target(alias: Alias) -> dict[str, Any]:
    return {"version": alias.version, "weights": dict(alias.routing), "description": alias.description}


def _check_why(why: str) -> None:
    if len(why) > MAX_WHY or "\0" in why:
        raise InvalidParameterValueException(
            f"A reason has at most {MAX_WHY} characters, none of them NUL.", field="why"
        )


def _check_version(function: Function, label: str) -> None:
    number = lookup.version_number(label)
    if number is None or not function.versions.filter(number=number).exists():
        raise lookup.not_found(f"{function.arn}:{label}")


def _routing(function: Function, version: str, weights: Mapping[str, float]) -> dict[str, float]:
    if len(weights) > 1:
        raise InvalidParameterValueException(
            "Number of items in AdditionalVersionWeights cannot be greater than 1", field="RoutingConfig"
        )
    for label in weights:
        if label == version:
            raise InvalidParameterValueException(
                f"Invalid function version {label}. Function version {label} is already included in routing "
                "configuration.",
                field="RoutingConfig",
            )
        if version == LATEST:
            raise InvalidParameterValueException(
                "$LATEST is not supported for an alias pointing to more than 1 version",
                field="FunctionVersion",
                Type=None,
            )
        _check_version(function, label)
    return dict(weights)
