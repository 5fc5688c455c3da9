"""Aliases: names for a version, or for two with weights."""

from collections.abc import Mapping
from uuid import uuid4

from functions import lookup
from functions.access.caller import Caller
from functions.actions.base import change
from functions.arn import FunctionReference
from functions.errors import (
    InvalidParameterValueException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from functions.models import LATEST, Alias, Function


def create(
    caller: Caller,
    reference: FunctionReference,
    name: str,
    version: str,
    *,
    description: str = "",
    weights: Mapping[str, float] | None = None,
) -> Alias:
    """`weights`: at most one further version's label -> its share, 0.0 to 1.0."""
    arn = reference.qualified(name)
    with change(caller, "CreateAlias", arn, version=version, weights=dict(weights or {})):
        try:
            function = lookup.function(reference, lock=True)
        except ResourceNotFoundException:
            raise lookup.not_found(reference.qualified(version)) from None
        _check_version(function, version)
        if function.aliases.filter(name=name).exists():
            raise ResourceConflictException(f"Alias already exists: {arn}", field="Name")
        return Alias.objects.create(
            function=function,
            name=name,
            version=version,
            routing=_routing(function, version, weights or {}),
            description=description,
            revision_id=uuid4(),
        )


def update(
    caller: Caller,
    reference: FunctionReference,
    name: str,
    *,
    version: str | None = None,
    description: str | None = None,
    weights: Mapping[str, float] | None = None,
    revision_id: str | None = None,
) -> Alias:
    """What is None stays; empty `weights` end the weighted routing. Every update gives a new revision."""
    arn = reference.qualified(name)
    with change(caller, "UpdateAlias", arn, version=version, weights=None if weights is None else dict(weights)):
        function = lookup.function(reference, lock=True)
        alias = function.aliases.filter(name=name).first()
        if alias is None:
            raise ResourceNotFoundException(f"Alias not found: {arn}", field="Name")
        lookup.check_revision(alias, revision_id)
        if version is not None:
            _check_version(function, version)
            alias.version = version
        if description is not None:
            alias.description = description
        alias.routing = _routing(function, alias.version, alias.routing if weights is None else weights)
        alias.revision_id = uuid4()
        alias.save()
        alias.function = function
        return alias


def delete(caller: Caller, reference: FunctionReference, name: str) -> None:
    """Delete an alias and its URL; one that is not there is no error, as with AWS."""
    with change(caller, "DeleteAlias", reference.qualified(name)):
        function = lookup.function(reference, lock=True)
        function.aliases.filter(name=name).delete()
        function.urls.filter(qualifier=name).delete()
        function.event_invoke_configs.filter(qualifier=name).delete()


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
