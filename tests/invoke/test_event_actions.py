"""Purging and redriving asynchronous events, and listing them."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from functions.access.caller import Caller
from functions.actions import event as actions
from functions.arn import FunctionReference, parse
from functions.errors import InvalidParameterValueException, ResourceNotFoundException
from functions.models import AsyncEvent, AuditEntry, Function
from tests.functions.world import ACCOUNT, REGION, arn, create

State = AsyncEvent.State


@pytest.fixture
def thumbs(alice: Caller) -> FunctionReference:
    create(alice, "thumbs")
    return parse("thumbs", None, alice)


def make(state: State, **values: Any) -> AsyncEvent:
    now = timezone.now()
    row = {
        "id": uuid.uuid4(),
        "account_id": ACCOUNT,
        "region": REGION,
        "function_name": "thumbs",
        "function_arn": arn("thumbs"),
        "payload": b'{"n": 1}',
        "state": state,
        "accepted_at": now,
        "due_at": now,
    }
    return AsyncEvent.objects.create(**(row | values))


def test_purging_ends_what_waits(alice: Caller, thumbs: FunctionReference) -> None:
    rows = {state: make(state) for state in State}
    other = make(State.PENDING, function_name="other")
    assert actions.purge(alice, thumbs) == 1
    assert AsyncEvent.objects.get(pk=rows[State.PENDING].pk).state == State.PURGED
    assert AsyncEvent.objects.get(pk=rows[State.RUNNING].pk).state == State.RUNNING
    assert AsyncEvent.objects.get(pk=other.pk).state == State.PENDING
    assert AuditEntry.objects.get(action="PurgeEvents").detail == {"events": 1}


def test_what_failed_comes_back_once_as_an_event_of_its_own(alice: Caller, thumbs: FunctionReference) -> None:
    for state in State:
        make(state, attempts=3, client_context="{}", trace_id="Root=1;Lineage=a87bd80c:16")
    assert actions.redrive(alice, thumbs) == 3
    assert actions.redrive(alice, thumbs) == 0
    old = AsyncEvent.objects.exclude(redriven_as=None)
    assert {each.state for each in old} == {State.FAILED, State.EXPIRED, State.PURGED}
    new = AsyncEvent.objects.filter(pk__in=[each.redriven_as for each in old])
    assert {(each.state, each.attempts, bytes(each.payload), each.client_context, each.trace_id) for each in new} == {
        (State.PENDING, 0, b'{"n": 1}', "{}", "Root=1")
    }


def test_only_the_named_events(alice: Caller, thumbs: FunctionReference) -> None:
    waiting = [make(State.PENDING) for _ in range(3)]
    failed = [make(State.FAILED) for _ in range(3)]
    foreign = make(State.FAILED, function_name="other")
    assert actions.purge(alice, thumbs, [str(waiting[0].pk), str(failed[0].pk)]) == 1
    assert actions.redrive(alice, thumbs, [str(failed[1].pk), str(foreign.pk)]) == 1
    assert actions.redrive(alice, thumbs, []) == 0
    with pytest.raises(InvalidParameterValueException):
        actions.purge(alice, thumbs, ["not an id"])


def test_events_of_a_function_that_is_not_there(alice: Caller) -> None:
    with pytest.raises(ResourceNotFoundException):
        actions.redrive(alice, parse("absent", None, alice))


def test_the_list_is_newest_first_and_leaves_the_payloads(
    alice: Caller, thumbs: FunctionReference, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    now = timezone.now()
    old = make(State.FAILED, accepted_at=now - timedelta(hours=1), qualifier="live")
    new = make(State.PENDING, accepted_at=now)
    make(State.PENDING, region="eu-west-1")
    function = Function.objects.get()
    with django_assert_num_queries(1):
        rows = list(AsyncEvent.objects.of(function).light())
        assert [row.pk for row in rows] == [new.pk, old.pk]
    assert {"payload", "result"} <= rows[0].get_deferred_fields()
    assert list(AsyncEvent.objects.of(function, "live")) == [old]
    assert list(AsyncEvent.objects.of(function, "")) == [new]
    assert (new.next_try_at, old.next_try_at) == (new.due_at, None)
    assert AsyncEvent.objects.of(function).counts() == {State.PENDING: 1, State.FAILED: 1}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the plan is SQLite's")
def test_what_did_not_succeed_is_counted_without_the_rest(alice: Caller, thumbs: FunctionReference) -> None:
    for state in State:
        make(state)
    events = AsyncEvent.objects.of(Function.objects.get())
    assert events.without_success().counts() == {state: 1 for state in State if state is not State.SUCCEEDED}
    assert events.redrivable().count() == 3
    for rows in (events.without_success().values("state"), events.redrivable().values("pk")):
        assert "async_event_without_success" in rows.order_by().explain()
