"""Tags of functions, and of the other resources that have them."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from django.db.models import Model, QuerySet

from functions import egress, lookup
from functions.access.caller import Caller
from functions.actions.base import change
from functions.arn import FunctionReference
from functions.errors import InvalidParameterValueException, ResourceNotFoundException
from functions.limits import limits
from functions.models import CapacityProvider, CodeSigningConfig, EventSourceMapping, FunctionVersion

# Kind in the ARN -> how AWS names it, and the field that the ARN ends with. Functions are apart: they have revisions.
RESOURCES: dict[str, tuple[str, type[Model] | None, str]] = {
    "capacity-provider": ("Capacity provider", CapacityProvider, "name"),
    "code-signing-config": ("Code signing config", CodeSigningConfig, "pk"),
    "event-source-mapping": ("Event source mapping", EventSourceMapping, "pk"),
    "layer": ("Layer", None, ""),  # named by the model's pattern; no operation gives a layer tags
}


def add(caller: Caller, reference: FunctionReference, tags: Mapping[str, str]) -> None:
    """Add tags to a function; one that is there takes the new value."""
    with change(caller, "TagResource", reference.function_arn, tags=sorted(tags)):
        latest = lookup.locked_latest(reference)
        _check_some(tags)
        egress.check(tags)
        _save(latest, {**latest.function.tags, **tags})


def remove(caller: Caller, reference: FunctionReference, keys: Iterable[str]) -> None:
    """Remove tags of a function; one that is not there is no error."""
    gone = frozenset(keys)
    with change(caller, "UntagResource", reference.function_arn, tags=sorted(gone)):
        latest = lookup.locked_latest(reference)
        _save(latest, {key: value for key, value in latest.function.tags.items() if key not in gone})


def add_to(caller: Caller, arn: str, tags: Mapping[str, str]) -> None:
    """As `add`, for any other resource that has tags."""
    with change(caller, "TagResource", arn, tags=sorted(tags)):
        row = find(caller, arn, lock=True)
        _check_some(tags)
        row.tags = {**row.tags, **tags}
        check_count(row.tags)
        row.save(update_fields=["tags"])


def remove_from(caller: Caller, arn: str, keys: Iterable[str]) -> None:
    """As `remove`, for any other resource that has tags."""
    gone = frozenset(keys)
    with change(caller, "UntagResource", arn, tags=sorted(gone)):
        row = find(caller, arn, lock=True)
        row.tags = {key: value for key, value in row.tags.items() if key not in gone}
        row.save(update_fields=["tags"])


def find(caller: Caller, arn: str, *, lock: bool = False) -> Any:
    """The resource other than a function that has this ARN: a row with `tags`. Raises ResourceNotFoundException."""
    kind, name = arn.split(":")[5:7]
    title, model, field = RESOURCES[kind]
    row = None
    if model is not None:
        rows: QuerySet[Any] = model._default_manager.filter(
            account_id=caller.account_id, region=caller.region, **{field: name}
        )
        row = (rows.select_for_update(no_key=True) if lock else rows).first()
    if row is None or row.arn != arn:
        raise ResourceNotFoundException(f"{title} not found: {arn}", field="Resource")
    return row


def check_count(tags: Mapping[str, str]) -> None:
    if len(tags) > limits().tags:
        raise InvalidParameterValueException("Number of tags exceeds resource tag limit.", field="Tags")


def _check_some(tags: Mapping[str, str]) -> None:
    if not tags:
        raise InvalidParameterValueException("An error occurred and the request cannot be processed.", field="Tags")


def _save(latest: FunctionVersion, tags: dict[str, str]) -> None:
    check_count(tags)
    latest.function.tags = tags
    latest.function.save(update_fields=["tags"])
    latest.revision_id = uuid4()
    latest.save(update_fields=["revision_id"])
