"""How asynchronous events of a function, version or alias are retried, and where their outcome goes."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from functions import lookup
from functions.access.caller import Caller
from functions.actions import destination
from functions.actions.base import change
from functions.arn import FunctionReference
from functions.errors import InvalidParameterValueException, ResourceNotFoundException
from functions.models import LATEST, EventInvokeConfig, Function

Destinations = Mapping[str, Any]  # the model's DestinationConfig: OnSuccess and OnFailure, each with a Destination


def put(
    caller: Caller,
    reference: FunctionReference,
    *,
    retries: int | None = None,
    age: int | None = None,
    destinations: Destinations | None = None,
) -> EventInvokeConfig:
    """The configuration of the function (`$LATEST`), version or alias; what is None takes AWS's default.

    `retries`: 0 to 2. `age`: seconds, 60 to 21,600. Fields of errors: MaximumRetryAttempts, MaximumEventAgeInSeconds,
    OnSuccess, OnFailure, FunctionName.
    """
    _check(retries, age, destinations)
    with change(caller, "PutFunctionEventInvokeConfig", _arn(reference)) as detail:
        function = _owner(reference)
        config, _ = EventInvokeConfig.objects.update_or_create(
            function=function,
            qualifier=reference.qualifier or LATEST,
            defaults={
                "maximum_retry_attempts": retries,
                "maximum_event_age": age,
                "on_success": _destination(caller, function, destinations, "OnSuccess"),
                "on_failure": _destination(caller, function, destinations, "OnFailure"),
                "modified_at": timezone.now(),
            },
        )
        detail.update(_detail(config))
        return config


def update(
    caller: Caller,
    reference: FunctionReference,
    *,
    retries: int | None = None,
    age: int | None = None,
    destinations: Destinations | None = None,
) -> EventInvokeConfig:
    """What is None, and a destination that is not mentioned, stays. An empty destination ends it."""
    _check(retries, age, destinations)
    with change(caller, "UpdateFunctionEventInvokeConfig", _arn(reference)) as detail:
        function = _owner(reference)
        config = find(reference)
        config.maximum_retry_attempts = config.maximum_retry_attempts if retries is None else retries
        config.maximum_event_age = config.maximum_event_age if age is None else age
        if destinations and destinations.get("OnSuccess") is not None:
            config.on_success = _destination(caller, function, destinations, "OnSuccess")
        if destinations and destinations.get("OnFailure") is not None:
            config.on_failure = _destination(caller, function, destinations, "OnFailure")
        config.modified_at = timezone.now()
        config.save()
        detail.update(_detail(config))
        return config


def delete(caller: Caller, reference: FunctionReference) -> None:
    """Back to AWS's defaults. Raises ResourceNotFoundException when there is no configuration."""
    with change(caller, "DeleteFunctionEventInvokeConfig", _arn(reference)):
        find(reference).delete()


def find(reference: FunctionReference) -> EventInvokeConfig:
    """The configuration of exactly this function, version or alias, its function loaded.

    A missing function and a missing configuration are the same error, as at AWS.
    """
    config = (
        EventInvokeConfig.objects.select_related("function")
        .filter(
            function__account_id=reference.account_id,
            function__region=reference.region,
            function__name=reference.name,
            qualifier=reference.qualifier or LATEST,
        )
        .first()
    )
    if config is None:
        raise ResourceNotFoundException(
            f"The function {_arn(reference)} doesn't have an EventInvokeConfig", field="FunctionName"
        )
    return config


def no_function() -> ResourceNotFoundException:
    return ResourceNotFoundException("The function doesn't exist.", field="FunctionName")


def _check(retries: int | None, age: int | None, destinations: Destinations | None) -> None:
    if retries is None and age is None and destinations is None:
        raise InvalidParameterValueException(
            "You must specify at least one of error handling or destination setting.", field="MaximumRetryAttempts"
        )
    if retries is not None and not 0 <= retries <= 2:
        raise InvalidParameterValueException("MaximumRetryAttempts is 0 to 2.", field="MaximumRetryAttempts")
    if age is not None and not 60 <= age <= 21_600:
        raise InvalidParameterValueException(
            "MaximumEventAgeInSeconds is 60 to 21600.", field="MaximumEventAgeInSeconds"
        )


def _owner(reference: FunctionReference) -> Function:
    """The function, locked; its version or alias, if one is named, exists."""
    try:
        function = lookup.function(reference, lock=True)
        lookup.version(reference)
    except ResourceNotFoundException:
        raise no_function() from None
    return function


def _destination(caller: Caller, function: Function, destinations: Destinations | None, member: str) -> str:
    """The checked ARN of one destination; empty for none."""
    arn = ((destinations or {}).get(member) or {}).get("Destination") or ""
    if not arn:
        return ""
    # Of successes a bucket keeps no records.
    allowed = destination.SERVICES if member == "OnFailure" else set(destination.SERVICES) - {"s3"}
    if destination.service(arn) not in allowed:
        parts = [_java(destinations or {}, each) for each in ("OnSuccess", "OnFailure")]
        raise InvalidParameterValueException(
            f"The provided destination config DestinationConfig(onSuccess={parts[0]}, onFailure={parts[1]}) is "
            "invalid.",
            field=member,
        )
    destination.check(caller, function, arn, member)
    return str(arn)


def _java(destinations: Destinations, member: str) -> str:
    """A destination as AWS prints it."""
    arn = (destinations.get(member) or {}).get("Destination")
    return f"{member}(destination={arn})" if arn else "null"


def _arn(reference: FunctionReference) -> str:
    return reference.qualified(reference.qualifier or LATEST)


def _detail(config: EventInvokeConfig) -> dict[str, Any]:
    return {
        "retries": config.maximum_retry_attempts,
        "age": config.maximum_event_age,
        "on_success": config.on_success,
        "on_failure": config.on_failure,
    }
