"""Retries, age and destinations of asynchronous events. Running them is tested with the whole family."""

import json
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from functions.access.caller import Caller
from functions.actions import alias, event_invoke_config, function, version
from functions.arn import parse
from functions.errors import InvalidParameterValueException
from functions.execution.spec import InvocationResult
from functions.invoke import destinations, events, routing
from functions.models import AsyncEvent, AuditEntry, EventInvokeConfig, Function
from tests.functions.world import arn, create
from tests.invoke.conftest import forget

State = AsyncEvent.State


@pytest.fixture
def thumbs(alice: Caller) -> Caller:
    """Two functions, `thumbs` and `after`."""
    create(alice, "thumbs")
    create(alice, "after")
    return alice


def configure(caller: Caller, name: str = "thumbs", **settings: Any) -> EventInvokeConfig:
    config = event_invoke_config.put(caller, parse(name, None, caller), **settings)
    forget()
    return config


def accepted(caller: Caller, name: str = "thumbs", payload: bytes = b'{"n": 1}', **values: Any) -> AsyncEvent:
    """An event that this worker has leased."""
    request_id = str(uuid.uuid4())
    events.accept(routing.resolve(parse(name, None, caller)), payload, request_id=request_id)
    AsyncEvent.objects.filter(pk=request_id).update(**values)
    event = events._lease()
    assert event is not None
    assert str(event.pk) == request_id
    return event


TRACE = "Root=1-0-0;Lineage=a87bd80c:3"  # of a run


def result(error: str = "") -> InvocationResult:
    return InvocationResult(
        "id", b'"bad"' if error else b'{"ok": true}', "$LATEST", "Unhandled" if error else "", error_type=error
    )


def end(event: AsyncEvent, error: str = "", trace: str = TRACE) -> list[AsyncEvent]:
    """Write the end of an attempt; the events that it led to."""
    events._write(event, **events._after(event, result(error), trace))
    return list(AsyncEvent.objects.filter(source="destination").order_by("accepted_at"))


def test_without_configuration_everything_is_as_aws_has_it(thumbs: Caller) -> None:
    assert destinations.policy(accepted(thumbs)) == destinations.Policy(3, timedelta(hours=6), "", "")


@pytest.mark.parametrize(("retries", "states"), [(0, ["failed"]), (1, ["pending", "failed"])])
def test_as_many_retries_as_are_configured(thumbs: Caller, retries: int, states: list[str]) -> None:
    configure(thumbs, retries=retries)
    event = accepted(thumbs)
    for attempts, state in enumerate(states):
        event.attempts = attempts
        assert events._after(event, result("ValueError"), TRACE)["state"] == state


def test_an_event_ends_when_it_reaches_its_age(thumbs: Caller) -> None:
    configure(thumbs, age=60)
    young = accepted(thumbs)
    retry_at = events._after(young, result("ValueError"), TRACE)["due_at"]
    assert isinstance(retry_at, datetime)
    assert retry_at == young.accepted_at + timedelta(seconds=60)  # not later, though the retry would be
    old = accepted(thumbs, accepted_at=timezone.now() - timedelta(seconds=61))
    assert events._attempt(old)["state"] == State.EXPIRED


def test_a_configuration_is_of_one_qualifier(thumbs: Caller) -> None:
    version.publish(thumbs, parse("thumbs", None, thumbs))
    alias.create(thumbs, parse("thumbs", None, thumbs), "live", "1")
    configure(thumbs, "thumbs:live", retries=0)
    configure(thumbs, "thumbs:1", retries=1)
    attempts = [
        destinations.policy(accepted(thumbs, name)).attempts
        for name in ("thumbs", "thumbs:$LATEST", "thumbs:1", "thumbs:live")
    ]
    assert attempts == [3, 3, 2, 1]
    alias.delete(thumbs, parse("thumbs", None, thumbs), "live")
    assert [config.qualifier for config in EventInvokeConfig.objects.all()] == ["1"]
    version.delete(thumbs, parse("thumbs", "1", thumbs))
    assert not EventInvokeConfig.objects.exists()


def test_a_success_goes_on_as_an_event_of_the_destination(thumbs: Caller) -> None:
    configure(thumbs, destinations={"OnSuccess": {"Destination": arn("after")}})
    event = accepted(thumbs)
    (following,) = end(event)
    assert (following.function_name, following.function_arn, following.state) == ("after", arn("after"), "pending")
    record = json.loads(bytes(following.payload))
    datetime.strptime(record.pop("timestamp"), "%Y-%m-%dT%H:%M:%S.%fZ")
    assert record == {
        "version": "1.0",
        "requestContext": {
            "requestId": str(event.pk),
            "functionArn": arn("thumbs", "$LATEST"),
            "condition": "Success",
            "approximateInvokeCount": 1,
        },
        "requestPayload": {"n": 1},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": {"ok": True},
    }


def test_only_the_last_failure_goes_on(thumbs: Caller) -> None:
    configure(thumbs, retries=1, destinations={"OnFailure": {"Destination": arn("after", "$LATEST")}})
    assert end(accepted(thumbs), "ValueError") == []
    AsyncEvent.objects.update(due_at=timezone.now())
    event = events._lease()
    assert event is not None
    (following,) = end(event, "ValueError")
    assert following.qualifier == "$LATEST"
    delivery = event.deliveries.get()
    assert (delivery.state, delivery.target, delivery.receipt) == (
        "delivered",
        arn("after", "$LATEST"),
        str(following.pk),
    )
    record = json.loads(bytes(following.payload))
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"] == "bad"


def test_an_event_that_is_too_old_goes_to_the_failures(thumbs: Caller) -> None:
    configure(thumbs, age=60, destinations={"OnFailure": {"Destination": arn("after")}})
    event = accepted(thumbs, accepted_at=timezone.now() - timedelta(minutes=2))
    events._write(event, **events._attempt(event))
    record = json.loads(bytes(AsyncEvent.objects.get(source="destination").payload))
    assert record["requestContext"]["condition"] == "EventAgeExceeded"
    assert record["requestContext"]["approximateInvokeCount"] == 0
    assert "responseContext" not in record


def test_who_has_lost_the_lease_sends_nothing_on(thumbs: Caller) -> None:
    configure(thumbs, destinations={"OnSuccess": {"Destination": arn("after")}})
    event = accepted(thumbs)
    AsyncEvent.objects.update(lease_owner="another worker")
    assert end(event) == []
    event.refresh_from_db()
    assert event.state == State.RUNNING


def test_a_destination_that_was_deleted_is_seen_as_a_failed_event(thumbs: Caller) -> None:
    configure(thumbs, destinations={"OnSuccess": {"Destination": arn("after")}})
    event = accepted(thumbs)
    function.delete(thumbs, parse("after", None, thumbs))
    (following,) = end(event)
    assert events.deliver_next() is True
    following.refresh_from_db()
    assert (following.state, following.error_type) == ("failed", "ResourceNotFoundException")


@pytest.mark.parametrize(
    "destination",
    [
        "arn:aws:sqs:us-east-1:222222222222:queue",
        "arn:aws:sqs:us-east-1:111111111111:queue.fifo",
        "arn:aws:sqs:us-east-1:111111111111:",
        "arn:aws:events:us-east-1:111111111111:rule/default",
        "arn:aws:s3:::bucket/folder",
        "arn:aws:dynamodb:us-east-1:111111111111:table/queue",
        "arn:aws:lambda:us-east-1:222222222222:function:after",
        "arn:aws:lambda:eu-west-1:111111111111:function:after",
        arn("after", "absent"),
        "after",
    ],
)
def test_other_destinations_are_refused(thumbs: Caller, destination: str) -> None:
    with pytest.raises(InvalidParameterValueException) as refused:
        configure(thumbs, destinations={"OnFailure": {"Destination": destination}})
    assert destination in str(refused.value)
    assert refused.value.field == "OnFailure"
    assert not EventInvokeConfig.objects.exists()


def test_an_update_names_what_it_changes(thumbs: Caller) -> None:
    reference = parse("thumbs", None, thumbs)
    configure(thumbs, retries=1, destinations={"OnSuccess": {"Destination": arn("after")}})
    event_invoke_config.update(thumbs, reference, destinations={"OnFailure": {"Destination": arn("after", "$LATEST")}})
    row = event_invoke_config.update(thumbs, reference, age=90)
    assert (row.maximum_retry_attempts, row.maximum_event_age) == (1, 90)
    assert (row.on_success, row.on_failure) == (arn("after"), arn("after", "$LATEST"))
    row = event_invoke_config.update(thumbs, reference, destinations={"OnSuccess": {}})
    assert (row.on_success, row.on_failure) == ("", arn("after", "$LATEST"))
    assert AuditEntry.objects.filter(action="UpdateFunctionEventInvokeConfig").count() == 3


def test_who_leads_to_a_function(thumbs: Caller) -> None:
    create(thumbs, "after-2")
    configure(thumbs, destinations={"OnFailure": {"Destination": arn("after", "$LATEST")}})
    configure(thumbs, "after-2", destinations={"OnSuccess": {"Destination": arn("after")}})
    after, after_2 = Function.objects.get(name="after"), Function.objects.get(name="after-2")
    leading = EventInvokeConfig.objects.leading_to(after)
    assert sorted(config.function.name for config in leading) == ["after-2", "thumbs"]
    assert not EventInvokeConfig.objects.leading_to(after_2).exists()
