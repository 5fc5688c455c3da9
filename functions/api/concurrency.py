"""PutFunctionConcurrency, GetFunctionConcurrency, DeleteFunctionConcurrency."""

from typing import Any

from functions import lookup
from functions.access.caller import Caller
from functions.actions import concurrency as actions
from functions.arn import parse


def put_function_concurrency(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    reserved = request["ReservedConcurrentExecutions"]
    actions.reserve(caller, parse(request["FunctionName"], None, caller), reserved)
    return {"ReservedConcurrentExecutions": reserved}


def get_function_concurrency(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    function = lookup.function(parse(request["FunctionName"], None, caller).unqualified())
    if function.reserved_concurrency is None:
        return {}
    return {"ReservedConcurrentExecutions": function.reserved_concurrency}


def delete_function_concurrency(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    actions.release(caller, parse(request["FunctionName"], None, caller))
    return {}
