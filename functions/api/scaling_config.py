"""PutFunctionScalingConfig and GetFunctionScalingConfig."""

from typing import Any

from functions import lookup
from functions.access.caller import Caller
from functions.actions import scaling_config as actions
from functions.arn import FunctionReference, parse


def put_function_scaling_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    version = actions.put(caller, _reference(caller, request), request.get("FunctionScalingConfig") or {})
    return {"FunctionState": version.state}


def get_function_scaling_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    version = lookup.version(_reference(caller, request))
    config = version.function.scaling_configs.filter(qualifier=version.label).first()
    bounds = {
        "MinExecutionEnvironments": config.minimum if config else None,
        "MaxExecutionEnvironments": config.maximum if config else None,
    }
    shown = {member: value for member, value in bounds.items() if value is not None}
    # What was asked for is applied when it was answered.
    return {
        "FunctionArn": version.arn,
        "AppliedFunctionScalingConfig": shown,
        "RequestedFunctionScalingConfig": shown,
    }


def _reference(caller: Caller, request: dict[str, Any]) -> FunctionReference:
    return parse(request["FunctionName"], request["Qualifier"], caller)
