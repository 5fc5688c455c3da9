"""Asynchronous invocations: durable before they are accepted, delivered at least once.

The AsyncEvent row is the truth: due time, attempts, a lease with an expiry. A Celery message only says that work is
due; whoever gets it leases the row that is due longest. Losing a message costs a second (a tick sends as many as there
is work), doubling it costs nothing. A worker renews its leases while it lives; when it dies they run out and another
takes over.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

import logging
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from functions.arn import FunctionReference
from functions.errors import (
    InvalidParameterValueException,
    InvalidRuntimeException,
    RecursiveInvocationException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from functions.execution.spec import InvocationRequest, InvocationResult, LaneError, Throttled
from functions.invoke import destinations, leases, recursion, routing, sync, tenancy
from functions.invoke.trace import trace_id as new_trace
from functions.models import AsyncEvent
from monitoring.ingest.samples import emit
from monitoring.report import Sample

log = logging.getLogger(__name__)

# A throttled event waits: this long at first, doubled each time up to AWS's five minutes.
THROTTLE_SECONDS = (1, 300)
# After a fault of the platform.
FAULT_SECONDS = 1
# Another attempt would end the same: no such function, no tenant where one is needed, a circle, no interpreter.
REFUSALS = (
    ResourceNotFoundException,
    InvalidParameterValueException,
    RecursiveInvocationException,
    InvalidRuntimeException,
)


def accept(
    route: routing.Route,
    payload: bytes,
    *,
    request_id: str,
    source: str = "api",
    client_context: str = "",
    trace_id: str = "",
    tenant_id: str = "",
) -> None:
    """Keep the event; when this returns it will run. Nothing is lost if Redis is away."""
    tenancy.check(route.spec, tenant_id)
    now = timezone.now()
    event = AsyncEvent.objects.create(
        id=uuid.UUID(request_id),
        account_id=route.spec.account_id,
        region=route.spec.region,
        function_name=route.spec.function_name,
        function_arn=route.invoked_arn,
        qualifier=route.qualifier,
        source=source,
        payload=payload,
        client_context=client_context,
        trace_id=trace_id,
        tenant_id=tenant_id,
        accepted_at=now,
        due_at=now,
    )
    transaction.on_commit(wake)
    _count(Sample.RECEIVED, event)


def wake(messages: int = 1) -> None:
    """Tell the workers that something is due."""
    from functions.tasks import deliver_due_events

    try:
        for _ in range(messages):
            deliver_due_events.apply_async(retry=False)
    except OperationalError as error:
        log.warning("the broker is away, the next tick wakes a worker: %s", error)


def _due(now: datetime) -> Q:
    """Events that may be run now: due, and leased by nobody who still lives."""
    return Q(state__in=("pending", "running"), due_at__lte=now) & (Q(lease_until=None) | Q(lease_until__lt=now))


def count_due(limit: int) -> int:
    """How many events wait, counted up to `limit`."""
    return AsyncEvent.objects.filter(_due(timezone.now()))[:limit].count()


def deliver_next() -> bool:
    """Lease the event that is due longest, run it, write down what came of it. False when nothing is due."""
    event = _lease()
    if event is None:
        return False
    try:
        with leases.renewer:
            outcome = _attempt(event)
    except Exception:
        # Whatever went wrong is ours, not the function's: give the event back at once.
        _write(event, state=AsyncEvent.State.PENDING, due_at=timezone.now() + timedelta(seconds=FAULT_SECONDS))
        raise
    _write(event, **outcome)
    return True


def expire() -> int:
    """Delete events that ended longer ago than logs are kept. Returns how many."""
    before = timezone.now() - timedelta(days=settings.HEARTH_RETENTION_DAYS)
    # Only their keys: rows that others hang on are read before they are deleted, and these may be large.
    return AsyncEvent.objects.filter(finished_at__lt=before).only("pk").delete()[0]


def _lease() -> AsyncEvent | None:
    now = timezone.now()
    waiting = AsyncEvent.objects.filter(_due(now)).order_by("due_at")
    if not waiting.exists():  # outside the transaction: on SQLite that one would queue for the one writer's place
        return None
    if connection.features.has_select_for_update_skip_locked:
        waiting = waiting.select_for_update(skip_locked=True)
    with transaction.atomic():
        event = waiting.first()
        if event is not None:
            event.state = AsyncEvent.State.RUNNING
            event.lease_owner = leases.OWNER
            event.lease_until = leases.until()
            event.save(update_fields=["state", "lease_owner", "lease_until"])
    return event


def _write(event: AsyncEvent, **values: object) -> None:
    """End this worker's turn with the event. Nothing is written when the lease was lost to another worker.

    An event's end and what it leads to are one transaction: there is one of these for one of those.
    """
    rows = AsyncEvent.objects.filter(pk=event.pk, lease_owner=leases.OWNER, state=AsyncEvent.State.RUNNING)
    for name, value in values.items():
        setattr(event, name, value)
    following = destinations.following(event, timezone.now())
    with transaction.atomic():
        written = rows.update(lease_owner="", lease_until=None, **values)
        if written:
            for row in following:
                row.save(force_insert=True)
            if following:
                transaction.on_commit(wake)
    if written and event.state in (AsyncEvent.State.FAILED, AsyncEvent.State.EXPIRED):
        _count(Sample.DROPPED, event)


def _attempt(event: AsyncEvent) -> dict[str, object]:
    """One attempt: the values of the row after it."""
    now = timezone.now()
    if now - event.accepted_at >= destinations.policy(event).age:
        return {"state": AsyncEvent.State.EXPIRED, "finished_at": now}
    reference = FunctionReference(event.account_id, event.region, event.function_name, event.qualifier or None)
    try:
        route = routing.resolve(reference)
        tenancy.check(route.spec, event.tenant_id)
        trace = recursion.advance(event.trace_id or new_trace(), route)
    except REFUSALS as error:
        return _refused(error.code)
    except ResourceConflictException:
        return {"state": AsyncEvent.State.PENDING, "due_at": now + timedelta(seconds=FAULT_SECONDS)}
    if route.spec.reserved_concurrency == 0:
        return _refused(destinations.NO_CONCURRENCY)
    request = InvocationRequest(
        request_id=str(event.id),
        spec=route.spec,
        invoked_arn=route.invoked_arn,
        qualifier=route.qualifier,
        source=event.source,
        client_context=event.client_context,
        trace_id=trace,
        tenant_id=event.tenant_id,
        attempt=event.attempts + 1,
    )
    _count(Sample.AGE, event, (now - event.accepted_at).total_seconds() * 1000)
    try:
        result = sync.run(request, bytes(event.payload))
    except Throttled as refusal:
        due_at = _retry_at(event, _throttle_delay(event))
        return {"state": AsyncEvent.State.PENDING, "due_at": due_at, "error_type": refusal.reason}
    except LaneError as error:
        log.warning("event %s goes back to the queue: %s", event.id, error)
        return {"state": AsyncEvent.State.PENDING, "due_at": timezone.now() + timedelta(seconds=FAULT_SECONDS)}
    return _after(event, result, trace)


def _refused(error_type: str) -> dict[str, object]:
    """The values of an event that ends without being run."""
    return {"state": AsyncEvent.State.FAILED, "finished_at": timezone.now(), "error_type": error_type}


def _after(event: AsyncEvent, result: InvocationResult, trace: str) -> dict[str, object]:
    """The values of an event that was run in `trace`, which goes on with the outcome: a retry is no further turn."""
    now = timezone.now()
    attempts = event.attempts + 1
    ended = {
        "attempts": attempts,
        "result": result.payload,
        "error_type": result.error_type,
        "version": result.version,
    }
    if not result.function_error:
        return {**ended, "state": AsyncEvent.State.SUCCEEDED, "finished_at": now, "trace_id": trace}
    if attempts >= destinations.policy(event).attempts:
        return {**ended, "state": AsyncEvent.State.FAILED, "finished_at": now, "trace_id": trace}
    delay = timedelta(seconds=settings.HEARTH_RETRY_SECONDS[attempts - 1])
    return {**ended, "state": AsyncEvent.State.PENDING, "due_at": _retry_at(event, delay)}


def _count(metric: Sample, event: AsyncEvent, value: float = 1.0) -> None:
    emit(metric, event.account_id, event.region, event.function_name, qualifier=event.qualifier, value=value)


def _retry_at(event: AsyncEvent, delay: timedelta) -> datetime:
    """After the delay, or when the event is too old: then it is only ended."""
    return min(timezone.now() + delay, event.accepted_at + destinations.policy(event).age)


def _throttle_delay(event: AsyncEvent) -> timedelta:
    """Twice as long as the event has waited so far, within bounds: back-off without a counter."""
    first, longest = THROTTLE_SECONDS
    waited = (timezone.now() - event.accepted_at).total_seconds()
    return timedelta(seconds=min(max(first, waited), longest))
