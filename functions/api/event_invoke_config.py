"""PutFunctionEventInvokeConfig, Update..., Get..., Delete..., ListFunctionEventInvokeConfigs."""

from typing import Any

from functions import lookup
from functions.access.caller import Caller
from functions.actions import event_invoke_config as actions
from functions.api.paging import page
from functions.arn import FunctionReference, parse
from functions.errors import ResourceNotFoundException
from functions.models import EventInvokeConfig


def put_function_event_invoke_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    return show(actions.put(caller, _reference(caller, request), **_settings(request)))


def update_function_event_invoke_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    return show(actions.update(caller, _reference(caller, request), **_settings(request)))


def get_function_event_invoke_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    return show(actions.find(_reference(caller, request)))


def delete_function_event_invoke_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    actions.delete(caller, _reference(caller, request))
    return {}


def list_function_event_invoke_configs(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    try:
        function = lookup.function(parse(request["FunctionName"], None, caller))
    except ResourceNotFoundException:
        raise actions.no_function() from None
    rows = function.event_invoke_configs.select_related("function")
    found, more = page(rows, {"qualifier": lambda row: row.qualifier}, request)
    return {"FunctionEventInvokeConfigs": [show(config) for config in found], **more}


def show(config: EventInvokeConfig) -> dict[str, Any]:
    """The `FunctionEventInvokeConfig` shape."""
    shown: dict[str, Any] = {
        "LastModified": config.modified_at,
        "FunctionArn": config.arn,
        "DestinationConfig": {
            "OnSuccess": {"Destination": config.on_success} if config.on_success else {},
            "OnFailure": {"Destination": config.on_failure} if config.on_failure else {},
        },
    }
    if config.maximum_retry_attempts is not None:
        shown["MaximumRetryAttempts"] = config.maximum_retry_attempts
    if config.maximum_event_age is not None:
        shown["MaximumEventAgeInSeconds"] = config.maximum_event_age
    return shown


def _reference(caller: Caller, request: dict[str, Any]) -> FunctionReference:
    return parse(request["FunctionName"], request.get("Qualifier"), caller)


def _settings(request: dict[str, Any]) -> dict[str, Any]:
    return {
        "retries": request.get("MaximumRetryAttempts"),
        "age": request.get("MaximumEventAgeInSeconds"),
        "destinations": request.get("DestinationConfig"),
    }
