"""Tags of a function."""

from collections.abc import Iterable, Mapping
from uuid import uuid4

from functions import lookup
from functions.access.caller import Caller
from functions.actions.base import change
from functions.arn import FunctionReference
from functions.errors import InvalidParameterValueException
from functions.limits import limits
from functions.models import FunctionVersion


def add(caller: Caller, reference: FunctionReference, tags: Mapping[str, str]) -> None:
    """Add tags; one that is there takes the new value."""
    with change(caller, "TagResource", reference.function_arn, tags=sorted(tags)):
        latest = lookup.locked_latest(reference)
        if not tags:
            raise InvalidParameterValueException("An error occurred and the request cannot be processed.", field="Tags")
        _save(latest, {**latest.function.tags, **tags})


def remove(caller: Caller, reference: FunctionReference, keys: Iterable[str]) -> None:
    """Remove tags; one that is not there is no error."""
    gone = frozenset(keys)
    with change(caller, "UntagResource", reference.function_arn, tags=sorted(gone)):
        latest = lookup.locked_latest(reference)
        _save(latest, {key: value for key, value in latest.function.tags.items() if key not in gone})


def check_count(tags: Mapping[str, str]) -> None:
    if len(tags) > limits().tags:
        raise InvalidParameterValueException("Number of tags exceeds resource tag limit.", field="Tags")


def _save(latest: FunctionVersion, tags: dict[str, str]) -> None:
    check_count(tags)
    latest.function.tags = tags
    latest.function.save(update_fields=["tags"])
    latest.revision_id = uuid4()
    latest.save(update_fields=["revision_id"])
