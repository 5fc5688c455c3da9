"""PutFunctionRecursionConfig and GetFunctionRecursionConfig."""

from typing import Any

from functions import lookup
from functions.access.caller import Caller
from functions.actions import recursion as actions
from functions.arn import parse


def put_function_recursion_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    reference = parse(request["FunctionName"], None, caller)
    return {"RecursiveLoop": actions.put(caller, reference, request["RecursiveLoop"]).recursive_loop}


def get_function_recursion_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    return {"RecursiveLoop": lookup.function(parse(request["FunctionName"], None, caller)).recursive_loop}
