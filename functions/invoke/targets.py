"""Sending the outcome of an event to a queue, a topic, an event bus or a bucket, as AWS Lambda does.

Each function returns what names the message over there. Raises NoEndpoint, aws.ERRORS or Refused.
Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-async-destinations
and https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq
"""

import json
import uuid
from collections.abc import Callable
from typing import Any

from functions import aws
from functions.invoke.destinations import envelope
from functions.models import AsyncEvent, Delivery

# Bytes of one message.
MOST = {"events": 262_144, "sns": 262_144, "sqs": 1_048_576}
# Of a function's error message in a dead letter.
MESSAGE_CHARACTERS = 1024
REFUSALS = {"ZeroReservedConcurrency": 429, "RecursiveInvocationException": 400, "ResourceNotFoundException": 404}


class Refused(Exception):
    """The service took the call and not the message."""


def send(delivery: Delivery) -> str:
    event, target = delivery.event, delivery.target
    service, region = target.split(":")[2:4]
    if delivery.kind == Delivery.Kind.DEAD_LETTER:
        body, attributes = bytes(event.payload).decode(errors="replace"), _dead_letter_attributes(event)
    else:
        body, attributes = _record(event, service), {}
    return SENDERS[service](event, target, region or event.region, body, attributes)


def _record(event: AsyncEvent, service: str) -> str:
    """As AWS: a record that the service would not take loses its payloads."""
    record = envelope(event)
    if len(record) > MOST.get(service, len(record)):
        record = envelope(event, payloads=False)
    return record.decode()


def _sqs(event: AsyncEvent, target: str, region: str, body: str, attributes: dict[str, Any]) -> str:
    client = aws.client("sqs", region)
    *_, owner, name = target.split(":")
    url = client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=owner)["QueueUrl"]
    system = {}
    if event.trace_id:  # with its lineage, so that a circle of functions and queues is seen
        system["AWSTraceHeader"] = {"DataType": "String", "StringValue": event.trace_id}
    answer = client.send_message(
        QueueUrl=url, MessageBody=body, MessageAttributes=attributes, MessageSystemAttributes=system
    )
    return str(answer["MessageId"])


def _sns(event: AsyncEvent, target: str, region: str, body: str, attributes: dict[str, Any]) -> str:
    answer = aws.client("sns", region).publish(TopicArn=target, Message=body, MessageAttributes=attributes)
    return str(answer["MessageId"])


def _events(event: AsyncEvent, target: str, region: str, body: str, attributes: dict[str, Any]) -> str:
    succeeded = event.state == AsyncEvent.State.SUCCEEDED
    context = json.loads(body)["requestContext"]
    entry = {
        "Source": "lambda",
        "DetailType": f"Lambda Function Invocation Result - {'Success' if succeeded else 'Failure'}",
        "Resources": [target, context["functionArn"]],
        "Detail": body,
        "EventBusName": target,
    }
    answer = aws.client("events", region).put_events(Entries=[entry])
    taken = answer["Entries"][0]
    if answer["FailedEntryCount"]:
        raise Refused(f"{taken.get('ErrorCode')}: {taken.get('ErrorMessage')}")
    return str(taken["EventId"])


def _s3(event: AsyncEvent, target: str, region: str, body: str, attributes: dict[str, Any]) -> str:
    ended = event.finished_at or event.accepted_at
    key = f"aws/lambda/async/{event.function_name}/{ended:%Y/%m/%d}/{ended:%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
    aws.client("s3", region).put_object(
        Bucket=target.rpartition(":")[2], Key=key, Body=body.encode(), ContentType="application/json"
    )
    return key


SENDERS: dict[str, Callable[[AsyncEvent, str, str, str, dict[str, Any]], str]] = {
    "events": _events,
    "s3": _s3,
    "sns": _sns,
    "sqs": _sqs,
}


def _dead_letter_attributes(event: AsyncEvent) -> dict[str, Any]:
    """ErrorCode is an HTTP status: 200 for an error of the function itself."""
    values = {
        "RequestID": ("String", str(event.id)),
        "ErrorCode": ("Number", str(200 if event.attempts else REFUSALS.get(event.error_type, 429))),
        "ErrorMessage": ("String", _error_message(event)),
    }
    return {name: {"DataType": kind, "StringValue": value} for name, (kind, value) in values.items()}


def _error_message(event: AsyncEvent) -> str:
    try:
        message = str(json.loads(bytes(event.result or b"null"))["errorMessage"])
    except (ValueError, KeyError, TypeError):
        message = ""
    return (message or event.error_type or "The event was dropped.")[:MESSAGE_CHARACTERS]
