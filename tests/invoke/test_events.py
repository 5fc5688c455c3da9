"""Asynchronous events: leases, retries, back-off. The lane is exercised by the tests of the whole family."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from functions.execution.spec import InvocationResult
from functions.invoke import events
from functions.models import AsyncEvent

pytestmark = pytest.mark.django_db


def make_event(**values: object) -> AsyncEvent:
    now = timezone.now()
    row = {
        "id": uuid.uuid4(),
        "account_id": "000000000000",
        "region": "us-east-1",
        "function_name": "absent",
        "function_arn": "arn:aws:lambda:us-east-1:000000000000:function:absent",
        "payload": b"{}",
        "accepted_at": now,
        "due_at": now,
    }
    return AsyncEvent.objects.create(**(row | values))


TRACE = "Root=1-0-0;Lineage=a87bd80c:3"


def result(function_error: str = "") -> InvocationResult:
    return InvocationResult(
        "id", b'{"ok": true}', "1", function_error, error_type="ValueError" if function_error else ""
    )


def test_a_lease_keeps_others_away_until_it_runs_out() -> None:
    event = make_event()
    leased = events._lease()
    assert leased is not None
    assert leased.pk == event.pk
    assert events._lease() is None
    AsyncEvent.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    again = events._lease()
    assert again is not None
    assert again.pk == event.pk


def test_the_event_that_is_due_longest_comes_first_and_a_later_one_waits() -> None:
    now = timezone.now()
    make_event(due_at=now + timedelta(minutes=1))
    second = make_event(due_at=now - timedelta(seconds=1))
    first = make_event(due_at=now - timedelta(seconds=2))
    order = [events._lease(), events._lease(), events._lease()]
    assert [event.pk if event else None for event in order] == [first.pk, second.pk, None]


def test_what_a_worker_writes_after_it_lost_its_lease_is_not_written() -> None:
    make_event()
    event = events._lease()
    assert event is not None
    AsyncEvent.objects.update(lease_owner="another worker")
    events._write(event, state=AsyncEvent.State.SUCCEEDED)
    event.refresh_from_db()
    assert event.state == AsyncEvent.State.RUNNING


@pytest.mark.parametrize(("attempts", "state"), [(0, "pending"), (1, "pending"), (2, "failed")])
def test_a_failed_event_is_tried_three_times(attempts: int, state: str, settings: object) -> None:
    settings.HEARTH_RETRY_SECONDS = (60, 120)  # type: ignore[attr-defined]
    event = make_event(attempts=attempts)
    before = timezone.now()
    values = events._after(event, result("Unhandled"), TRACE)
    assert values["state"] == state
    assert values["attempts"] == attempts + 1
    assert values["result"] == b'{"ok": true}'
    assert values["error_type"] == "ValueError"
    assert values.get("trace_id", "") == ("" if state == "pending" else TRACE)  # a retry is no further turn
    if state == "pending":
        due_at = values["due_at"]
        assert isinstance(due_at, type(before))
        wait = (due_at - before).total_seconds()
        assert 60 * (attempts + 1) <= wait < 60 * (attempts + 1) + 5


def test_success_ends_the_event() -> None:
    values = events._after(make_event(), result(), TRACE)
    assert values["state"] == AsyncEvent.State.SUCCEEDED
    assert values["finished_at"] is not None


def test_throttling_backs_off_with_the_age_of_the_event_up_to_five_minutes() -> None:
    now = timezone.now()
    delays = [
        events._throttle_delay(make_event(accepted_at=now - timedelta(seconds=age))).total_seconds()
        for age in (0, 40, 4000)
    ]
    assert delays[0] == 1
    assert 40 <= delays[1] < 45
    assert delays[2] == 300


def test_an_event_of_a_function_that_is_gone_fails_and_one_too_old_expires() -> None:
    gone = make_event()
    assert events.deliver_next() is True
    gone.refresh_from_db()
    assert (gone.state, gone.error_type, gone.lease_owner) == ("failed", "ResourceNotFoundException", "")
    old = make_event(accepted_at=timezone.now() - timedelta(hours=7))
    assert events.deliver_next() is True
    old.refresh_from_db()
    assert old.state == AsyncEvent.State.EXPIRED
    assert events.deliver_next() is False
