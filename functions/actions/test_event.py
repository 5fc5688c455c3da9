"""Saved test events of a function."""

import json

from functions.access.caller import Caller
from functions.actions.base import change
from functions.errors import InvalidParameterValueException, ResourceNotFoundException
from functions.models import Function, TestEvent

MAX_PAYLOAD = 6 * 1024 * 1024  # what a synchronous invocation takes
MAX_NAME = 64


def save_test_event(caller: Caller, function: Function, name: str, payload: str) -> TestEvent:
    """Keep an event under a name, in place of the one that had it. Everybody in the account sees it."""
    if not name.isprintable() or not 1 <= len(name) <= MAX_NAME:
        raise InvalidParameterValueException(
            f"A test event has a name of 1 to {MAX_NAME} characters, none of them a control character.", field="name"
        )
    if len(payload.encode()) > MAX_PAYLOAD:
        raise InvalidParameterValueException(f"A test event has at most {MAX_PAYLOAD} bytes.", field="payload")
    try:
        json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise InvalidParameterValueException(f"The event is not JSON: {error}.", field="payload") from None
    with change(caller, "SaveTestEvent", function.arn, name=name):
        event, _ = TestEvent.objects.update_or_create(
            function=function, name=name, defaults={"payload": payload, "owner_id": caller.user_id, "is_shared": True}
        )
    return event


def delete_test_event(caller: Caller, function: Function, name: str) -> None:
    with change(caller, "DeleteTestEvent", function.arn, name=name):
        deleted, _ = TestEvent.objects.filter(function=function, name=name).delete()
        if not deleted:
            raise ResourceNotFoundException(f"There is no test event {name}.", field="name")
