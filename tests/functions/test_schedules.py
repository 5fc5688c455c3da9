"""Schedules: made, changed, fired when due, once for each due time."""

import json
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.utils import timezone

from console.launch.family import redis_server
from functions.access.caller import Caller
from functions.actions import alias, function, schedule, version
from functions.arn import parse
from functions.cache import generation
from functions.errors import (
    ResourceConflictException,
    ResourceNotFoundException,
    ServiceError,
    ValidationException,
)
from functions.models import AsyncEvent, AuditEntry, Schedule
from functions.triggers.schedule import firing
from tests.functions.world import arn, create

NIGHTLY = "cron(0 2 * * ? *)"


@pytest.fixture
def thumbs(alice: Caller) -> Caller:
    create(alice, "thumbs")
    generation().bump()  # what other tests left in memory
    return alice


@pytest.fixture
def broker() -> Iterator[None]:
    """Redis where the settings say that it is: each event that is queued sends a message."""
    socket = Path(settings.HEARTH_RUN) / "redis.sock"
    program, _ = redis_server()
    options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(socket.parent)]
    with subprocess.Popen([program, *options], stdout=subprocess.DEVNULL) as process:
        try:
            while not socket.exists():
                assert process.poll() is None
                time.sleep(0.01)
            yield
        finally:
            process.terminate()


def make(caller: Caller, name: str = "nightly", expression: str = NIGHTLY, **values: Any) -> Schedule:
    return schedule.create(caller, parse("thumbs", values.pop("qualifier", None), caller), name, expression, **values)


def due(at: datetime | None = None, **names: Any) -> datetime:
    """Let the schedules be due at a moment, by default just now."""
    at = at or timezone.now() - timedelta(seconds=1)
    Schedule.objects.filter(**names).update(next_fire_at=at)
    return at


def test_a_schedule_knows_when_it_is_due(thumbs: Caller) -> None:
    row = make(thumbs, zone="Asia/Tokyo")
    assert row.next_fire_at is not None
    assert (row.next_fire_at.astimezone(UTC).hour, row.next_fire_at > timezone.now()) == (17, True)
    assert row.arn == "arn:aws:events:us-east-1:111111111111:rule/nightly"
    assert make(thumbs, "off", enabled=False).next_fire_at is None
    assert make(thumbs, "over", "cron(0 0 1 1 ? 2020)").next_fire_at is None
    entry = AuditEntry.objects.get(resource=row.arn)
    assert (entry.action, entry.actor, entry.detail["function"]) == ("CreateSchedule", "alice", arn("thumbs"))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "Name"),
        ({"name": "a b"}, "Name"),
        ({"name": "a" * 65}, "Name"),
        ({"expression": ""}, "ScheduleExpression"),
        ({"expression": "rate(1 minutes)"}, "ScheduleExpression"),
        ({"expression": "cron(0 0 * * * *)"}, "ScheduleExpression"),
        ({"expression": f"cron({'0,' * 200}0 0 * * ? *)"}, "ScheduleExpression"),
        ({"zone": "Europe/Nowhere"}, "ScheduleExpressionTimezone"),
        ({"input": "{"}, "Input"),
        ({"input": '"' + "a" * 300_000 + '"'}, "Input"),
        ({"input": "[" * 100_000}, "Input"),
        ({"description": "a" * 513}, "Description"),
        ({"qualifier": "absent"}, "Qualifier"),
    ],
)
def test_what_is_refused_says_where(thumbs: Caller, values: dict[str, Any], field: str) -> None:
    with pytest.raises(ServiceError) as refused:
        make(thumbs, **values)
    assert refused.value.field == field
    assert refused.value.message
    assert not Schedule.objects.exists()


def test_aws_words_a_bad_expression(thumbs: Caller) -> None:
    with pytest.raises(ValidationException) as refused:
        make(thumbs, expression="rate(0 days)")
    assert str(refused.value) == "Parameter ScheduleExpression is not valid. The number of a rate is at least 1."


def test_names_are_the_accounts(thumbs: Caller, mallory: Caller) -> None:
    create(thumbs, "other")
    make(thumbs)
    with pytest.raises(ResourceConflictException):
        schedule.create(thumbs, parse("other", None, thumbs), "nightly", "rate(1 day)")
    with pytest.raises(ResourceNotFoundException):
        schedule.disable(mallory, "nightly")
    with pytest.raises(ResourceNotFoundException):
        schedule.fire_now(mallory, "nightly")


def test_a_change_keeps_what_it_does_not_name(thumbs: Caller) -> None:
    make(thumbs, input='{"a": 1}', description="every night")
    row = schedule.update(thumbs, "nightly", expression="rate(1 hour)")
    assert (row.expression, row.input, row.description) == ("rate(1 hour)", '{"a": 1}', "every night")
    assert row.next_fire_at == row.created_at + timedelta(hours=1)
    row = schedule.update(thumbs, "nightly", input="")
    assert row.input == ""
    with pytest.raises(ValidationException):
        schedule.update(thumbs, "nightly", zone="Mars")


def test_the_switch(thumbs: Caller) -> None:
    make(thumbs)
    due()
    assert schedule.disable(thumbs, "nightly").next_fire_at is None
    assert firing.fire_due() == 0
    row = schedule.enable(thumbs, "nightly")
    assert row.next_fire_at is not None
    assert row.next_fire_at > timezone.now()  # what passed meanwhile is not made up for
    schedule.delete(thumbs, "nightly")
    with pytest.raises(ResourceNotFoundException):
        schedule.enable(thumbs, "nightly")


def test_what_is_due_becomes_an_event_as_aws_sends_it(thumbs: Caller) -> None:
    make(thumbs)
    make(thumbs, "later")
    at = due(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), name="nightly")
    assert firing.fire_due() == 1
    event = AsyncEvent.objects.get()
    assert (event.function_name, event.source, event.state) == ("thumbs", "schedule", "pending")
    assert json.loads(bytes(event.payload)) == {
        "version": "0",
        "id": str(event.pk),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "111111111111",
        "time": "2026-01-02T03:04:05Z",
        "region": "us-east-1",
        "resources": ["arn:aws:events:us-east-1:111111111111:rule/nightly"],
        "detail": {},
    }
    row = Schedule.objects.get(name="nightly")
    assert (row.last_result, row.last_request_id) == (Schedule.Result.ACCEPTED, event.pk)
    assert row.last_fired_at is not None
    assert row.last_fired_at > at


def test_its_own_input_goes_as_it_was_written(thumbs: Caller) -> None:
    make(thumbs, input='{ "ä":  1 }')
    due()
    firing.fire_due()
    assert bytes(AsyncEvent.objects.get().payload) == '{ "ä":  1 }'.encode()


def test_missed_times_fire_once(thumbs: Caller) -> None:
    row = make(thumbs, expression="rate(1 minute)")
    Schedule.objects.update(created_at=row.created_at - timedelta(days=1))
    due(row.created_at - timedelta(days=1))
    assert [firing.fire_due(), firing.fire_due()] == [1, 0]
    following = Schedule.objects.get().next_fire_at
    assert following is not None
    assert timezone.now() < following <= timezone.now() + timedelta(minutes=1)
    assert (following - row.created_at) % timedelta(minutes=1) == timedelta()  # still on its beat


def test_one_that_cannot_fire_says_why_and_goes_on(thumbs: Caller) -> None:
    reference = parse("thumbs", None, thumbs)
    version.publish(thumbs, reference)
    alias.create(thumbs, reference, "live", "1")
    make(thumbs, qualifier="live")
    make(thumbs, "other")
    alias.delete(thumbs, reference, "live")
    generation().bump()
    due()
    assert firing.fire_due() == 2
    row = Schedule.objects.get(name="nightly")
    assert row.last_result == Schedule.Result.REFUSED
    assert row.last_problem == f"ResourceNotFoundException: Function not found: {arn('thumbs', 'live')}"
    assert row.next_fire_at is not None
    assert AsyncEvent.objects.count() == 1
    with pytest.raises(ResourceNotFoundException):
        schedule.fire_now(thumbs, "nightly")


def test_a_test_fire_leaves_the_time_table(thumbs: Caller) -> None:
    before = make(thumbs).next_fire_at
    schedule.disable(thumbs, "nightly")
    request_id = schedule.fire_now(thumbs, "nightly")
    assert str(AsyncEvent.objects.get().pk) == request_id
    row = schedule.enable(thumbs, "nightly")
    assert row.next_fire_at == before
    assert str(row.last_request_id) == request_id


def test_a_deleted_function_takes_its_schedules_with_it(thumbs: Caller) -> None:
    make(thumbs)
    function.delete(thumbs, parse("thumbs", None, thumbs))
    assert not Schedule.objects.exists()


def test_a_tick_without_work_is_one_query(thumbs: Caller, django_assert_num_queries: Any) -> None:
    make(thumbs)
    with django_assert_num_queries(1):
        assert firing.fire_due() == 0


@pytest.mark.django_db(transaction=True)
def test_ticks_at_once_fire_each_due_time_once(thumbs: Caller, broker: None) -> None:
    for number in range(10):
        make(thumbs, f"n{number}")
    due()
    start = Barrier(4)
    fired: list[int] = []

    def tick() -> None:
        try:
            start.wait()
            fired.append(firing.fire_due())
        finally:
            connections.close_all()

    threads = [Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(fired) == AsyncEvent.objects.count() == 10
    assert set(AsyncEvent.objects.values_list("pk", flat=True)) == set(
        Schedule.objects.values_list("last_request_id", flat=True)
    )
