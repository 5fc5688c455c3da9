"""The Celery tasks. Thin: each calls one function of the domain, and may run twice."""

from celery import shared_task
from django.conf import settings
from django.db import close_old_connections

from functions.actions import browser_session, code_reference, image, invitation
from functions.code import store
from functions.invoke import deliveries, events, nodes
from functions.triggers.schedule import firing
from monitoring.ingest import retention


@shared_task(ignore_result=True, acks_late=True)
def deliver_due_events() -> int:
    """Run asynchronous events, and deliver the outcomes of those that ended, until nothing is due or the
    node is drained."""
    close_old_connections()
    delivered = 0
    while not nodes.resting.is_set() and any([events.deliver_next(), deliveries.deliver_next()]):
        delivered += 1
    return delivered


@shared_task(ignore_result=True)
def wake_due_events() -> None:
    """The tick: as many messages as there is work, at most one per thread of a worker."""
    close_old_connections()
    limit = settings.HEARTH_ASYNC_THREADS
    due = min(limit, events.count_due(limit) + deliveries.count_due(limit))
    if due:
        events.wake(due)


@shared_task(ignore_result=True)
def fire_due_schedules() -> None:
    """The tick of schedules. Two at once do not fire one due time twice."""
    close_old_connections()
    firing.fire_due()


@shared_task(ignore_result=True)
def remove_unused_packages() -> int:
    close_old_connections()
    return store.collect()


@shared_task(ignore_result=True)
def fetch_images() -> int:
    """When one was asked for, and as a tick."""
    close_old_connections()
    return image.settle_all()


@shared_task(ignore_result=True)
def check_code_references() -> int:
    close_old_connections()
    return code_reference.check_all()


@shared_task(ignore_result=True)
def remove_expired() -> None:
    """Log lines, invocation records and ended events that are over their retention; sessions and links that ended."""
    close_old_connections()
    retention.expire()
    events.expire()
    browser_session.expire()
    invitation.expire()
