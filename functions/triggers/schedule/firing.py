"""What is due becomes an asynchronous event: exactly one for each due time.

The event is written in the transaction that moves the schedule on to its next time, so a tick that dies has done both
or nothing. Ticks may run at once, on several machines: PostgreSQL's row locks share the schedules out among them, and
SQLite has one writer. Times that passed while nothing ran fire once.
"""

import json
import logging
import uuid
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from functions.arn import FunctionReference
from functions.errors import ServiceError
from functions.invoke import events, routing
from functions.models import Schedule
from functions.triggers.schedule.expression import next_time

log = logging.getLogger(__name__)

# In one tick; the rest waits for the next.
BATCH = 500


def fire_due(limit: int = BATCH) -> int:
    """Fire the schedules that are due. Returns how many there were."""
    fired = 0
    while fired < limit and _fire_next():
        fired += 1
    return fired


def fire(schedule: Schedule, due: datetime) -> None:
    """Queue one event and note on the schedule what came of it. Within a transaction; does not save."""
    event_id = str(uuid.uuid4())
    reference = FunctionReference(
        schedule.account_id, schedule.region, schedule.function.name, schedule.qualifier or None
    )
    schedule.last_fired_at = timezone.now()
    try:
        route = routing.resolve(reference)
        events.accept(route, payload(schedule, due, event_id), request_id=event_id, source="schedule")
    except ServiceError as error:  # the version or alias is gone, or each invocation needs a tenant
        log.warning("schedule %s could not fire: %s", schedule.arn, error)
        schedule.last_result = Schedule.Result.REFUSED
        schedule.last_problem = f"{error.code}: {error}"[:1024]
        schedule.last_request_id = None
        return
    schedule.last_result = Schedule.Result.ACCEPTED
    schedule.last_problem = ""
    schedule.last_request_id = uuid.UUID(event_id)


def next_fire(schedule: Schedule, after: datetime) -> datetime | None:
    """When it is due after a moment; None when it is disabled or its time-table has ended."""
    if not schedule.is_enabled:
        return None
    return next_time(schedule.expression, after, schedule.zone, anchor=schedule.created_at)


def payload(schedule: Schedule, due: datetime, event_id: str) -> bytes:
    """The schedule's own input, or the event that AWS sends.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html
    """
    if schedule.input:
        return schedule.input.encode()
    event: dict[str, Any] = {
        "version": "0",
        "id": event_id,
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": schedule.account_id,
        "time": due.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": schedule.region,
        "resources": [schedule.arn],
        "detail": {},
    }
    return json.dumps(event).encode()


def _fire_next() -> bool:
    """Fire the schedule that is due longest. False when there is none that another tick does not have."""
    now = timezone.now()
    rows = Schedule.objects.due(now)
    if not rows.exists():  # outside the transaction: on SQLite that one would queue for the one writer's place
        return False
    with transaction.atomic():
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True, of=("self",))
        schedule = rows.select_related("function").first()
        if schedule is None or schedule.next_fire_at is None:
            return False
        fire(schedule, schedule.next_fire_at)
        schedule.next_fire_at = next_fire(schedule, now)
        schedule.save(update_fields=["next_fire_at", "last_fired_at", "last_result", "last_problem", "last_request_id"])
    return True
