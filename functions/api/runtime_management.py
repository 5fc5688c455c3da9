"""PutRuntimeManagementConfig and GetRuntimeManagementConfig."""

from typing import Any

from functions import lookup
from functions.access.caller import Caller
from functions.actions import runtime_management as actions
from functions.arn import FunctionReference, parse
from functions.models import FunctionVersion


def put_runtime_management_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    version = actions.put(
        caller, _reference(caller, request), request["UpdateRuntimeOn"], request.get("RuntimeVersionArn")
    )
    return _show(version)


def get_runtime_management_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    return _show(lookup.version(_reference(caller, request)))


def _reference(caller: Caller, request: dict[str, Any]) -> FunctionReference:
    return parse(request["FunctionName"], request.get("Qualifier"), caller)


def _show(version: FunctionVersion) -> dict[str, Any]:
    shown = {"UpdateRuntimeOn": version.update_runtime_on, "FunctionArn": version.arn}
    if version.update_runtime_on == FunctionVersion.UpdateRuntimeOn.MANUAL:
        shown["RuntimeVersionArn"] = actions.arn(version)
    return shown
