"""Outcomes of asynchronous events at SQS, SNS, EventBridge and S3, over HTTP."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from functions.access.caller import Caller
from functions.api import function
from functions.invoke import deliveries, events
from functions.models import AsyncEvent, Delivery
from tests.functions.world import ACCOUNT, REGION, arn, create
from tests.invoke.aws import Elsewhere
from tests.invoke.conftest import forget
from tests.invoke.test_destinations import TRACE, accepted, configure, result


@pytest.fixture
def thumbs(alice: Caller) -> Caller:
    create(alice, "thumbs")
    return alice


def end(event: AsyncEvent, error: str = "") -> Delivery:
    """End the event for good; what becomes of its outcome."""
    event.attempts = 2
    events._write(event, **events._after(event, result(error), TRACE))
    assert deliveries.deliver_next() is True
    assert deliveries.deliver_next() is False
    return event.deliveries.get()


def to(condition: str, target: str) -> dict[str, Any]:
    return {"destinations": {condition: {"Destination": target}}}


def test_a_queue_gets_the_record(thumbs: Caller, aws: Elsewhere) -> None:
    configure(thumbs, **to("OnSuccess", aws.queue("done")))
    event = accepted(thumbs, trace_id="Root=1-0-0")
    delivery = end(event)
    (message,) = aws.messages("done")
    assert message["Attributes"]["AWSTraceHeader"] == TRACE  # of the run: a circle through the queue is seen
    assert (delivery.state, delivery.receipt, delivery.attempts) == ("delivered", message["MessageId"], 1)
    record = message["Body"]
    assert record["requestContext"] == {
        "requestId": str(event.pk),
        "functionArn": arn("thumbs", "$LATEST"),
        "condition": "Success",
        "approximateInvokeCount": 3,
    }
    assert (record["version"], record["requestPayload"], record["responsePayload"]) == ("1.0", {"n": 1}, {"ok": True})


def test_a_topic_gets_the_record(thumbs: Caller, aws: Elsewhere) -> None:
    sns = aws.client("sns")
    topic = sns.create_topic(Name="failed")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=aws.queue("of-topic"))
    configure(thumbs, **to("OnFailure", topic))
    delivery = end(accepted(thumbs), "ValueError")
    (message,) = aws.messages("of-topic")
    assert message["Body"]["MessageId"] == delivery.receipt
    record = json.loads(message["Body"]["Message"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }


def test_a_record_that_is_too_large_loses_its_payloads(thumbs: Caller, aws: Elsewhere) -> None:
    configure(thumbs, **to("OnSuccess", aws.queue("large")))
    end(accepted(thumbs, payload=b'"%s"' % (b"x" * 1_048_500)))
    (message,) = aws.messages("large")
    assert message["Body"]["requestContext"]["condition"] == "Success"
    assert set(message["Body"]) == {"version", "timestamp", "requestContext", "responseContext"}


@pytest.mark.parametrize(("condition", "error", "word"), [("OnSuccess", "", "Success"), ("OnFailure", "E", "Failure")])
def test_an_event_bus_gets_an_event(thumbs: Caller, aws: Elsewhere, condition: str, error: str, word: str) -> None:
    events_, name = aws.client("events"), f"bus-{word}"
    bus = events_.create_event_bus(Name=name)["EventBusArn"]
    events_.put_rule(Name="all", EventBusName=name, EventPattern=json.dumps({"source": ["lambda"]}))
    events_.put_targets(Rule="all", EventBusName=name, Targets=[{"Id": "1", "Arn": aws.queue(f"of-{name}")}])
    configure(thumbs, **to(condition, bus))
    delivery = end(accepted(thumbs), error)
    assert delivery.state == Delivery.State.DELIVERED
    (message,) = aws.messages(f"of-{name}")
    event = message["Body"]
    assert event["detail-type"] == f"Lambda Function Invocation Result - {word}"
    assert event["resources"] == [bus, arn("thumbs", "$LATEST")]
    assert event["detail"]["requestPayload"] == {"n": 1}


def test_a_bucket_gets_an_object(thumbs: Caller, aws: Elsewhere) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="failures")
    configure(thumbs, **to("OnFailure", "arn:aws:s3:::failures"))
    delivery = end(accepted(thumbs), "ValueError")
    date, moment = r"\d{4}/\d\d/\d\d", r"\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d"
    assert re.fullmatch(rf"aws/lambda/async/thumbs/{date}/{moment}-[0-9a-f-]{{36}}", delivery.receipt)
    record = json.loads(s3.get_object(Bucket="failures", Key=delivery.receipt)["Body"].read())
    assert record["requestContext"]["condition"] == "RetriesExhausted"


@pytest.mark.parametrize("kind", ["sqs", "sns"])
def test_a_dead_letter_is_the_event_itself(thumbs: Caller, aws: Elsewhere, kind: str) -> None:
    target = queue = aws.queue(f"dead-{kind}")
    if kind == "sns":
        sns = aws.client("sns")
        target = sns.create_topic(Name="dead")["TopicArn"]
        raw = {"RawMessageDelivery": "true"}
        sns.subscribe(TopicArn=target, Protocol="sqs", Endpoint=queue, Attributes=raw)
    function.update_function_configuration(
        thumbs, {"FunctionName": "thumbs", "DeadLetterConfig": {"TargetArn": target}}
    )
    event = accepted(thumbs)
    delivery = end(event, "ValueError")
    assert (delivery.kind, delivery.state) == ("dead_letter", "delivered")
    (message,) = aws.messages(f"dead-{kind}")
    assert message["Body"] == {"n": 1}
    attributes = {name: (each["DataType"], each["StringValue"]) for name, each in message["MessageAttributes"].items()}
    assert attributes == {
        "RequestID": ("String", str(event.pk)),
        "ErrorCode": ("Number", "200"),
        "ErrorMessage": ("String", "ValueError"),
    }


def test_what_cannot_be_delivered_is_tried_again_and_given_up(thumbs: Caller, aws: Elsewhere) -> None:
    configure(thumbs, **to("OnSuccess", f"arn:aws:sqs:{REGION}:{ACCOUNT}:absent"))
    delivery = end(accepted(thumbs))
    assert (delivery.state, delivery.attempts) == ("pending", 1)
    assert "does not exist" in delivery.error
    waits = []
    while delivery.state == Delivery.State.PENDING:
        waits.append(round((delivery.due_at - timezone.now()).total_seconds()))
        Delivery.objects.update(due_at=timezone.now())
        assert deliveries.deliver_next() is True
        delivery.refresh_from_db()
    assert waits == list(deliveries.WAIT_SECONDS)
    assert (delivery.state, delivery.attempts) == ("failed", len(waits) + 1)
    assert delivery.ended_at is not None


def test_without_an_endpoint_the_event_says_so(thumbs: Caller, settings: Settings) -> None:
    settings.HEARTH_AWS_ENDPOINTS = {"s3": "http://127.0.0.1:1"}
    configure(thumbs, **to("OnSuccess", f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue"))
    delivery = end(accepted(thumbs))
    assert delivery.error == "No SQS endpoint is configured here: HEARTH_AWS_ENDPOINTS names none."


def test_a_try_whose_worker_died_is_made_again(thumbs: Caller, aws: Elsewhere) -> None:
    configure(thumbs, **to("OnSuccess", aws.queue("again")))
    event = accepted(thumbs)
    events._write(event, **events._after(event, result(), TRACE))
    assert deliveries._take() is not None
    assert deliveries.deliver_next() is False  # somebody tries
    late = timezone.now() - timedelta(seconds=1)
    assert Delivery.objects.update(due_at=late) == 1
    assert deliveries.deliver_next() is True
    assert (event.deliveries.get().state, event.deliveries.get().attempts) == ("delivered", 2)
    forget()


def test_a_delivery_goes_with_its_event(thumbs: Caller, aws: Elsewhere) -> None:
    configure(thumbs, **to("OnSuccess", aws.queue("kept")))
    event = accepted(thumbs)
    end(event)
    AsyncEvent.objects.filter(pk=event.pk).update(finished_at=timezone.now() - timedelta(days=4000))
    events.expire()
    assert not Delivery.objects.exists()
