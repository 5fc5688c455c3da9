"""Outcomes on their way to destinations and dead-letter queues: tried again with back-off, then given up, visibly.

A try moves `due_at` beyond the longest it can take before it begins: nobody else tries meanwhile, and when the worker
dies another does later. So a delivery is made at least once.
"""

import logging
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from functions import aws
from functions.invoke import targets
from functions.models import Delivery
from monitoring.ingest.samples import emit
from monitoring.report import Sample

log = logging.getLogger(__name__)

# Longer than a try can take: connections, answers and retries of boto3.
TRY_SECONDS = 180
# Before each further try.
WAIT_SECONDS = (1, 10, 60, 300)
METRICS = {
    Delivery.Kind.DESTINATION: Sample.DESTINATION_FAILURES,
    Delivery.Kind.DEAD_LETTER: Sample.DEAD_LETTER_ERRORS,
}


def count_due(limit: int) -> int:
    """How many wait, counted up to `limit`."""
    return Delivery.objects.pending().filter(due_at__lte=timezone.now())[:limit].count()


def deliver_next() -> bool:
    """Try the delivery that is due longest. False when none is."""
    delivery = _take()
    if delivery is None:
        return False
    try:
        receipt = targets.send(delivery)
    except (aws.NoEndpoint, targets.Refused, *aws.ERRORS) as error:
        log.warning("the outcome of event %s: %s", delivery, error)
        event = delivery.event
        emit(
            METRICS[Delivery.Kind(delivery.kind)],
            event.account_id,
            event.region,
            event.function_name,
            qualifier=event.qualifier,
        )
        _write(delivery, error=str(error)[:1024], **_after_failure(delivery))
    else:
        _write(delivery, state=Delivery.State.DELIVERED, ended_at=timezone.now(), receipt=receipt, error="")
    return True


def _take() -> Delivery | None:
    now = timezone.now()
    waiting = Delivery.objects.pending().filter(due_at__lte=now).order_by("due_at")
    if not waiting.exists():  # outside the transaction: on SQLite that one would queue for the one writer's place
        return None
    if connection.features.has_select_for_update_skip_locked:
        waiting = waiting.select_for_update(skip_locked=True, of=("self",))
    with transaction.atomic():
        delivery = waiting.select_related("event").first()
        if delivery is not None:
            delivery.attempts += 1
            delivery.due_at = now + timedelta(seconds=TRY_SECONDS)
            delivery.save(update_fields=["attempts", "due_at"])
    return delivery


def _after_failure(delivery: Delivery) -> dict[str, object]:
    now = timezone.now()
    if delivery.attempts > len(WAIT_SECONDS):
        return {"state": Delivery.State.FAILED, "ended_at": now}
    return {"due_at": now + timedelta(seconds=WAIT_SECONDS[delivery.attempts - 1])}


def _write(delivery: Delivery, **values: object) -> None:
    """Unless another worker has it meanwhile: then that one's word counts."""
    Delivery.objects.pending().filter(pk=delivery.pk, attempts=delivery.attempts).update(**values)
