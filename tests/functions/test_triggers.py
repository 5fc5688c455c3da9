"""Kinds of triggers, as pages see them: without knowing any."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from functions.access.caller import Caller
from functions.actions import alias, schedule, version
from functions.arn import FunctionReference, parse
from functions.errors import InvalidParameterValueException, ResourceNotFoundException, ServiceError
from functions.models import AsyncEvent, Function
from functions.triggers import registry
from functions.triggers.base import FieldKind, Outcome
from monitoring.models import Invocation
from tests.functions.world import ACCOUNT, REGION, create


@pytest.fixture
def thumbs(alice: Caller) -> FunctionReference:
    create(alice, "thumbs")
    reference = parse("thumbs", None, alice)
    version.publish(alice, reference)
    alias.create(alice, reference, "live", "1")
    return reference


# What a filled-in form of each kind gives.
VALUES: dict[str, dict[str, Any]] = {
    "function_url": {"Qualifier": "live", "AuthType": "NONE"},
    "schedule": {
        "Name": "nightly",
        "ScheduleExpression": "cron(0 2 * * ? *)",
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "Qualifier": "live",
        "Input": "",
        "Description": "",
        "Enabled": True,
    },
}
CHANGES: dict[str, dict[str, Any]] = {
    "function_url": {"AuthType": "AWS_IAM"},
    "schedule": {"ScheduleExpression": "rate(5 minutes)", "Input": "{}"},
}


def test_the_kinds_are_the_folders() -> None:
    assert list(registry.kinds()) == ["function_url", "schedule"]
    with pytest.raises(ResourceNotFoundException):
        registry.kind("carrier-pigeon")


@pytest.mark.parametrize("name", VALUES)
def test_every_kind_is_made_changed_and_deleted_by_its_form(
    alice: Caller, thumbs: FunctionReference, name: str
) -> None:
    kind, function = registry.kind(name), Function.objects.get()
    fields = {field.name: field for field in kind.fields(function)}
    assert set(VALUES[name]) == set(fields)
    for field in fields.values():
        if field.kind == FieldKind.SELECT:
            assert VALUES[name][field.name] in dict(field.choices)
    identifier = kind.create(alice, thumbs, VALUES[name])
    (row,) = registry.rows(function)
    assert (row.kind, row.id, row.qualifier, row.is_enabled) == (name, identifier, "live", True)
    assert row.title
    assert row.detail
    assert row.address
    assert row.values == VALUES[name]
    kind.update(alice, thumbs, identifier, CHANGES[name])
    (row,) = kind.rows(function)
    assert row.values == VALUES[name] | CHANGES[name]
    kind.delete(alice, thumbs, identifier)
    assert registry.rows(function) == []


@pytest.mark.parametrize("name", VALUES)
def test_errors_name_a_field_of_the_form(alice: Caller, thumbs: FunctionReference, name: str) -> None:
    kind = registry.kind(name)
    names = {field.name for field in kind.fields(Function.objects.get())}
    wrong = {field: "<not this>" for field in VALUES[name] if field not in ("Description", "Enabled", "Qualifier")}
    for field, value in wrong.items():
        with pytest.raises(ServiceError) as refused:
            kind.create(alice, thumbs, {**VALUES[name], field: value})
        assert refused.value.field == field
        assert field in names
    assert registry.rows(Function.objects.get()) == []


def test_a_row_of_a_schedule(alice: Caller, thumbs: FunctionReference) -> None:
    kind, function = registry.kind("schedule"), Function.objects.get()
    kind.create(alice, thumbs, VALUES["schedule"])
    (row,) = kind.rows(function)
    assert row.detail == "At 02:00, every day (Europe/Berlin)"
    assert [each.hour for each in row.next_times] == [2] * 5
    assert row.last_outcome == Outcome.NONE
    request_id = kind.fire(alice, thumbs, "nightly")
    for state, error, outcome, text in [
        ("pending", "", Outcome.WAITING, "Waiting"),
        ("succeeded", "", Outcome.OK, "Succeeded"),
        ("failed", "ValueError", Outcome.ERROR, "Failed: ValueError"),
    ]:
        AsyncEvent.objects.filter(pk=request_id).update(state=state, error_type=error)
        (row,) = kind.rows(function)
        assert (row.last_outcome, row.last_text, row.last_request_id) == (outcome, text, request_id)
    AsyncEvent.objects.all().delete()  # over its retention
    (row,) = kind.rows(function)
    assert (row.last_outcome, row.last_request_id) == (Outcome.NONE, request_id)
    kind.enable(alice, thumbs, "nightly", enabled=False)
    (row,) = kind.rows(function)
    assert not row.is_enabled


def test_a_row_of_a_url_shows_its_last_call(alice: Caller, thumbs: FunctionReference) -> None:
    kind, function = registry.kind("function_url"), Function.objects.get()
    kind.create(alice, thumbs, {"AuthType": "NONE"})
    now = timezone.now()
    for source, outcome, age in [("url", "success", 3), ("url", "error", 2), ("api", "success", 1)]:
        Invocation.objects.create(
            request_id=uuid.uuid4(),
            account_id=ACCOUNT,
            region=REGION,
            function_name="thumbs",
            version="$LATEST",
            source=source,
            started_at=now - timedelta(minutes=age),
            outcome=outcome,
            error_type="ValueError" if outcome == "error" else "",
            duration_ms=1,
            billed_ms=1,
            memory_mb=128,
            max_memory_mb=30,
            log_group="/aws/lambda/thumbs",
            log_stream="s",
        )
    (row,) = kind.rows(function)
    assert (row.id, row.last_outcome, row.last_text) == ("$LATEST", Outcome.ERROR, "ValueError")
    assert row.last_at == now - timedelta(minutes=2)
    assert row.address.startswith("http://")
    with pytest.raises(InvalidParameterValueException):
        kind.enable(alice, thumbs, row.id, enabled=False)
    with pytest.raises(InvalidParameterValueException):
        kind.fire(alice, thumbs, row.id)


def test_a_page_of_one_function_leaves_those_of_another(alice: Caller, thumbs: FunctionReference) -> None:
    create(alice, "other")
    kind = registry.kind("schedule")
    schedule.create(alice, parse("other", None, alice), "nightly", "rate(1 day)")
    with pytest.raises(ResourceNotFoundException):
        kind.delete(alice, thumbs, "nightly")
    with pytest.raises(ResourceNotFoundException):
        kind.fire(alice, thumbs, "nightly")


def test_queries_do_not_grow_with_the_triggers(
    alice: Caller, thumbs: FunctionReference, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    function = Function.objects.get()
    for name in ("a", "b", "c"):
        schedule.create(alice, thumbs, name, "rate(1 day)")
        schedule.fire_now(alice, name)
    for qualifier in ("", "live"):
        registry.kind("function_url").create(alice, thumbs, {"Qualifier": qualifier})
    with django_assert_num_queries(4):
        assert len(registry.rows(function)) == 5


def test_the_triggers_of_an_account(
    alice: Caller, thumbs: FunctionReference, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for name in ("clock", "both", "idle"):
        create(alice, name)
    for name in ("clock", "both"):
        schedule.create(alice, parse(name, None, alice), f"{name}-hourly", "rate(1 hour)")
        schedule.create(alice, parse(name, None, alice), f"{name}-daily", "rate(1 day)")
    for name in ("both", "thumbs"):
        registry.kind("function_url").create(alice, parse(name, None, alice), {})
    everything = Function.objects.order_by("name")

    def having(kind: str = "") -> list[str]:
        return [function.name for function in registry.having_triggers(everything, kind)]

    assert (having(), having("schedule")) == (["both", "clock", "thumbs"], ["both", "clock"])
    assert (having("function_url"), having("absent")) == (["both", "thumbs"], [])
    functions = list(registry.having_triggers(everything))
    with django_assert_num_queries(3):
        rows = registry.rows_of(functions)
    assert [(function.name, row.title) for function, row in rows] == [
        ("both", "Function URL"),
        ("both", "both-daily"),
        ("both", "both-hourly"),
        ("clock", "clock-daily"),
        ("clock", "clock-hourly"),
        ("thumbs", "Function URL"),
    ]
    assert [row.kind for _, row in registry.rows_of(functions, "schedule")] == ["schedule"] * 4
    assert registry.rows_of([]) == []
