"""Provisioned concurrency of a version, or of an alias and so of the version it points to."""

from functions import lookup, reservations
from functions.access.caller import Caller
from functions.actions.base import change
from functions.actions.concurrency import check_rest
from functions.arn import FunctionReference
from functions.errors import (
    InvalidParameterValueException,
    ProvisionedConcurrencyConfigNotFoundException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from functions.models import LATEST, Account, Alias, Function, ProvisionedConcurrency

UNPUBLISHED = "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
NEITHER = "The function resource provided must be an alias or a published version."


def put(caller: Caller, reference: FunctionReference, requested: int) -> ProvisionedConcurrency:
    """Ask for so many environments that stand initialised. The nodes make them soon after."""
    with change(caller, "PutProvisionedConcurrencyConfig", reference.arn, requested=requested) as detail:
        # As with reservations: those of one account are decided one after the other.
        Account.objects.select_for_update(no_key=True).filter(pk=reference.account_id).first()
        function = _function(reference, UNPUBLISHED, lock=True)
        _check_tenancy(function, reference)
        others = function.provisioned.exclude(qualifier=reference.qualifier)
        _check_room(function, requested, sum(other.requested for other in others))
        alias = function.aliases.filter(name=reference.qualifier).first()
        if alias is None:
            _check_version(function, str(reference.qualifier))
        else:
            if alias.routing:
                raise InvalidParameterValueException(
                    "Invalid alias configuration for Provisioned Concurrency", field="Qualifier"
                )
            check_alias(function, alias)
        config, is_new = function.provisioned.get_or_create(
            qualifier=reference.qualifier, defaults={"requested": requested}
        )
        if not is_new:
            detail["from"] = config.requested
            config.requested = requested
            config.save(update_fields=["requested", "modified_at"])
        return config


def find(reference: FunctionReference) -> ProvisionedConcurrency:
    """Raises ProvisionedConcurrencyConfigNotFoundException when nothing was asked for."""
    config = _function(reference, NEITHER).provisioned.filter(qualifier=reference.qualifier).first()
    if config is None:
        raise ProvisionedConcurrencyConfigNotFoundException("No Provisioned Concurrency Config found for this function")
    return config


def delete(caller: Caller, reference: FunctionReference) -> None:
    """Without a configuration this is no error."""
    with change(caller, "DeleteProvisionedConcurrencyConfig", reference.arn):
        _function(reference, NEITHER, lock=True).provisioned.filter(qualifier=reference.qualifier).delete()


def check_alias(function: Function, alias: Alias) -> None:
    """A published version is provisioned once: by itself, or by one alias. Refuse an alias that would be a second one,
    or that leads to `$LATEST`."""
    if LATEST in alias.targets:
        raise InvalidParameterValueException(UNPUBLISHED, field="Qualifier")
    others = set(function.provisioned.exclude(qualifier=alias.name).values_list("qualifier", flat=True))
    taken = others.union(*(other.targets for other in function.aliases.filter(name__in=others)))
    if taken & set(alias.targets):
        raise ResourceConflictException(
            "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version",
            field="Qualifier",
        )


def _check_version(function: Function, label: str) -> None:
    names = function.provisioned.values("qualifier")
    if any(label in alias.targets for alias in function.aliases.filter(name__in=names)):
        raise ResourceConflictException("Version is pointed by a Provisioned Concurrency alias", field="Qualifier")


def _check_room(function: Function, requested: int, others: int) -> None:
    """What a function reserves holds what it provisions; without a reservation the account's rest has to."""
    if function.reserved_concurrency is not None:
        if others + requested > function.reserved_concurrency:
            raise InvalidParameterValueException(
                "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for "
                "function",
                field="ProvisionedConcurrentExecutions",
            )
        return
    free = reservations.unreserved(function.account_id, function.region, but=function) - others
    if requested > free:
        raise InvalidParameterValueException(
            f"Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [{free}].",
            field="ProvisionedConcurrentExecutions",
            Type=None,
        )
    check_rest(free - requested, "ConcurrentExecutions", "ProvisionedConcurrentExecutions")


def _check_tenancy(function: Function, reference: FunctionReference) -> None:
    if lookup.version(reference).tenant_isolation:
        raise InvalidParameterValueException(
            "Provisioned concurrency is not supported for functions with tenant isolation.", field="Qualifier"
        )


def _function(reference: FunctionReference, refusal: str, *, lock: bool = False) -> Function:
    """The function, if the qualifier is a published version or an alias of it."""
    qualifier = reference.qualifier
    if not qualifier or qualifier == LATEST:
        raise InvalidParameterValueException(refusal, field="Qualifier")
    number = lookup.version_number(qualifier)
    missing = (
        ResourceNotFoundException(f"Cannot find alias arn: {reference.arn}", field="Qualifier")
        if number is None
        else lookup.not_found(reference.arn)
    )
    try:
        function = lookup.function(reference, lock=lock)
    except ResourceNotFoundException:
        raise missing from None
    named = function.aliases.filter(name=qualifier) if number is None else function.versions.filter(number=number)
    if not named.exists():
        raise missing
    return function
