"""What an asynchronous event's configuration says, and what follows when the event has ended.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from functions import lookup
from functions.access.caller import Caller
from functions.arn import FunctionReference, parse
from functions.cache import GenerationCache
from functions.errors import ServiceError
from functions.models import LATEST, AsyncEvent, Delivery, EventInvokeConfig

# An event that was dropped without a run has this `error_type`, and this condition in its record.
NO_CONCURRENCY = "ZeroReservedConcurrency"
CONDITIONS = {
    AsyncEvent.State.SUCCEEDED: "Success",
    AsyncEvent.State.FAILED: "RetriesExhausted",
    AsyncEvent.State.EXPIRED: "EventAgeExceeded",
}


@dataclass(frozen=True, slots=True)
class Policy:
    """How an event is retried, and the ARNs of its destinations (empty: none)."""

    attempts: int = 3
    age: timedelta = timedelta(hours=6)
    on_success: str = ""
    on_failure: str = ""


_policies: GenerationCache[Policy] = GenerationCache()


def policy(event: AsyncEvent) -> Policy:
    """Of the function, version or alias that was invoked. From memory until something changes."""
    key = (event.account_id, event.region, event.function_name, event.qualifier or LATEST)
    return _policies.get(key, lambda: _read(*key))


def following(event: AsyncEvent, now: datetime) -> Sequence[AsyncEvent | Delivery]:
    """The rows, not yet saved, that `event` leads to if it has ended: deliveries of its outcome, and for a function as
    destination the event that invokes it."""
    state = AsyncEvent.State(event.state)
    if state not in CONDITIONS:
        return []
    known = policy(event)
    arn = known.on_success if state == AsyncEvent.State.SUCCEEDED else known.on_failure
    rows: list[AsyncEvent | Delivery] = []
    if arn:
        delivery = Delivery(event=event, kind=Delivery.Kind.DESTINATION, target=arn, due_at=now)
        rows.append(delivery)
        if arn.split(":")[2] == "lambda":
            invoked = _invocation(event, arn, now)
            rows.insert(0, invoked)
            delivery.state, delivery.attempts, delivery.ended_at = Delivery.State.DELIVERED, 1, now
            delivery.receipt = str(invoked.id)
    if state != AsyncEvent.State.SUCCEEDED and (queue := dead_letter_target(event)):
        rows.append(Delivery(event=event, kind=Delivery.Kind.DEAD_LETTER, target=queue, due_at=now))
    return rows


def condition(event: AsyncEvent) -> str:
    """AWS's word for how it ended."""
    return NO_CONCURRENCY if event.error_type == NO_CONCURRENCY else CONDITIONS[AsyncEvent.State(event.state)]


def envelope(event: AsyncEvent, *, payloads: bool = True) -> bytes:
    """The record of an ended event that AWS sends to a destination, with or without the payloads of both ways."""
    ended = event.finished_at or event.accepted_at
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": ended.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "requestContext": {
            "requestId": str(event.id),
            "functionArn": event.function_arn if event.qualifier else f"{event.function_arn}:{LATEST}",
            "condition": condition(event),
            "approximateInvokeCount": event.attempts,
        },
    }
    if payloads:
        record["requestPayload"] = _document(event.payload)
    if event.attempts and event.version:
        context: dict[str, Any] = {"statusCode": 200, "executedVersion": event.version}
        if event.error_type:
            context["functionError"] = "Unhandled"
        record["responseContext"] = context
        if payloads:
            record["responsePayload"] = _document(event.result)
    return json.dumps(record).encode()


def dead_letter_target(event: AsyncEvent) -> str:
    """The queue or topic of the version that ran last, or would have run; empty for none."""
    qualifier = event.version or event.qualifier or None
    reference = FunctionReference(event.account_id, event.region, event.function_name, qualifier)
    try:
        extras = lookup.version(reference).extras
    except ServiceError:  # deleted meanwhile, and its configuration with it
        return ""
    return (extras.get("DeadLetterConfig") or {}).get("TargetArn") or ""


def _read(account_id: str, region: str, name: str, qualifier: str) -> Policy:
    config = EventInvokeConfig.objects.filter(
        function__account_id=account_id, function__region=region, function__name=name, qualifier=qualifier
    ).first()
    if config is None:
        return Policy()
    usual = Policy()
    retries, age = config.maximum_retry_attempts, config.maximum_event_age
    return Policy(
        attempts=usual.attempts if retries is None else retries + 1,
        age=usual.age if age is None else timedelta(seconds=age),
        on_success=config.on_success,
        on_failure=config.on_failure,
    )


def _invocation(event: AsyncEvent, arn: str, now: datetime) -> AsyncEvent:
    caller = Caller(event.account_id, event.region, None, "destination", "system")
    target = parse(arn, None, caller)
    return AsyncEvent(
        id=uuid.uuid4(),
        account_id=target.account_id,
        region=target.region,
        function_name=target.name,
        function_arn=target.arn,
        qualifier=target.qualifier or "",
        source="destination",
        payload=envelope(event),
        trace_id=event.trace_id,
        accepted_at=now,
        due_at=now,
    )


def _document(raw: bytes | memoryview | None) -> Any:
    try:
        return json.loads(bytes(raw or b"null"))
    except ValueError:
        return bytes(raw or b"").decode(errors="replace")
