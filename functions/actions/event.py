"""Asynchronous events that wait or have failed: purging and redriving them."""

import uuid
from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from functions import lookup
from functions.access.caller import Caller
from functions.actions.base import change
from functions.arn import FunctionReference
from functions.errors import InvalidParameterValueException
from functions.invoke import events
from functions.invoke.recursion import MARK
from functions.models import AsyncEvent

# Events of one call, so that its transaction stays short; the caller goes on while it gets this number.
AT_ONCE = 1_000
# Payloads that are in memory together.
BATCH = 50


def purge(caller: Caller, reference: FunctionReference, ids: Collection[str] | None = None) -> int:
    """End the function's waiting events without running them, or only those of `ids`. Returns how many.

    Events that are running are left alone. The purged ones stay to be seen, and can be redriven.
    """
    reference = reference.unqualified()
    with change(caller, "PurgeEvents", reference.function_arn) as detail:
        function = lookup.function(reference)
        rows = AsyncEvent.objects.of(function).waiting().order_by()
        if ids is not None:
            rows = rows.filter(pk__in=_uuids(ids))
        purged = rows.update(state=AsyncEvent.State.PURGED, finished_at=timezone.now())
        detail["events"] = purged
        return purged


def redrive(caller: Caller, reference: FunctionReference, ids: Collection[str] | None = None) -> int:
    """Queue anew the function's events that failed, grew too old or were purged, or only those of `ids`.

    Each comes back as an event of its own with a new request id, once, with all its attempts; the old row names it in
    `redriven_as`. At most AT_ONCE per call, the oldest first. Returns how many.
    """
    reference = reference.unqualified()
    with change(caller, "RedriveEvents", reference.function_arn) as detail:
        function = lookup.function(reference, lock=True)  # redrives of one function come one after the other
        rows = AsyncEvent.objects.of(function).redrivable().order_by("accepted_at")
        if ids is not None:
            rows = rows.filter(pk__in=_uuids(ids))
        found = list(rows.values_list("pk", flat=True)[:AT_ONCE])
        for start in range(0, len(found), BATCH):
            _redrive(found[start : start + BATCH])
        detail["events"] = len(found)
        if found:
            transaction.on_commit(events.wake)
        return len(found)


def _uuids(ids: Collection[str]) -> list[uuid.UUID]:
    try:
        found = [uuid.UUID(str(each)) for each in ids]
    except ValueError:
        raise InvalidParameterValueException("An event is named by its request id.", field="ids") from None
    if len(found) > AT_ONCE:
        raise InvalidParameterValueException(f"At most {AT_ONCE} events at once.", field="ids")
    return found


def _redrive(ids: list[uuid.UUID]) -> None:
    now = timezone.now()
    old = list(AsyncEvent.objects.filter(pk__in=ids).order_by("accepted_at"))
    new = [
        AsyncEvent(
            id=uuid.uuid4(),
            account_id=event.account_id,
            region=event.region,
            function_name=event.function_name,
            function_arn=event.function_arn,
            qualifier=event.qualifier,
            source=event.source,
            payload=event.payload,
            client_context=event.client_context,
            tenant_id=event.tenant_id,
            trace_id=event.trace_id.partition(MARK)[0],  # a new chain of calls
            accepted_at=now,
            due_at=now,
        )
        for event in old
    ]
    AsyncEvent.objects.bulk_create(new)
    for event, following in zip(old, new, strict=True):
        event.redriven_as = following.id
    AsyncEvent.objects.bulk_update(old, ["redriven_as"])
