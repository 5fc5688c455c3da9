"""What becomes of a call that runs in a circle through the function."""

from functions import lookup
from functions.access.caller import Caller
from functions.actions.base import change
from functions.arn import FunctionReference
from functions.models import Function


def put(caller: Caller, reference: FunctionReference, recursive_loop: str) -> Function:
    """`recursive_loop`: Terminate, as it is from the beginning, or Allow."""
    with change(caller, "PutFunctionRecursionConfig", reference.function_arn, recursive_loop=recursive_loop) as detail:
        function = lookup.function(reference, lock=True)
        detail["from"] = function.recursive_loop
        function.recursive_loop = recursive_loop
        function.save(update_fields=["recursive_loop"])
        return function
