"""The pages change things through the operations of the AWS API: the same validation, actions and errors."""

from typing import Any

from console.gateway import authorization, operations, validate
from console.gateway.wire import catalogue
from functions.access.caller import Caller


def call(caller: Caller, operation: str, **members: Any) -> dict[str, Any]:
    """Run an operation of Lambda with the members of its request; None leaves one out. Raises ServiceError."""
    run = operations.find("lambda", operation)
    if run is None:
        raise LookupError(operation)
    return run(caller, check(caller, operation, **members))


def check(caller: Caller, operation: str, **members: Any) -> dict[str, Any]:
    """The request without what is None, if the caller may make it and the model takes it. Raises ServiceError.

    For pages that run an action itself, as they tell it more than the operation can.
    """
    model = catalogue.get("lambda").operation(operation)
    if model is None:
        raise LookupError(operation)
    authorization.check(caller, "lambda", operation, members)
    request = {name: value for name, value in members.items() if value is not None}
    validate.members(model, request)
    return request
