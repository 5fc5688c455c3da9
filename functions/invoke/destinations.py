"""What an asynchronous event's configuration says, and the event that its outcome becomes.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

import json
import logging
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.access.caller import Caller
from functions.arn import FunctionReference, parse
from functions.cache import GenerationCache
from functions.models import LATEST, AsyncEvent, EventInvokeConfig

log = logging.getLogger(__name__)

# AWS stops a chain of functions that invoke each other after about as many steps.
# Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
MAX_HOPS = 16
RECURSION = "RecursiveInvocationException"
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


def next_event(event: AsyncEvent, now: datetime) -> AsyncEvent | None:
    """The event, not yet saved, that tells of `event`'s end, if it has ended and there is a destination for it."""
    state = AsyncEvent.State(event.state)
    if state not in CONDITIONS:
        return None
    known = policy(event)
    arn = known.on_success if state == AsyncEvent.State.SUCCEEDED else known.on_failure
    if not arn:
        return None
    target = _target(event, arn)
    following = AsyncEvent(
        id=uuid.uuid4(),
        account_id=target.account_id,
        region=target.region,
        function_name=target.name,
        function_arn=target.arn,
        qualifier=target.qualifier or "",
        source="destination",
        payload=envelope(event, now),
        hops=event.hops + 1,
        accepted_at=now,
        due_at=now,
    )
    if following.hops > MAX_HOPS:
        log.error("event %s came through %s destinations: the chain ends here", event.id, MAX_HOPS)
        following.state = AsyncEvent.State.FAILED
        following.error_type = RECURSION
        following.finished_at = now
    return following


def envelope(event: AsyncEvent, now: datetime) -> bytes:
    """The record of an ended event that AWS sends to a destination."""
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "requestContext": {
            "requestId": str(event.id),
            "functionArn": event.function_arn if event.qualifier else f"{event.function_arn}:{LATEST}",
            "condition": CONDITIONS[AsyncEvent.State(event.state)],
            "approximateInvokeCount": event.attempts,
        },
        "requestPayload": _document(event.payload),
    }
    if event.attempts and event.version:
        context: dict[str, Any] = {"statusCode": 200, "executedVersion": event.version}
        if event.error_type:
            context["functionError"] = "Unhandled"
        record["responseContext"] = context
        record["responsePayload"] = _document(event.result)
    return json.dumps(record).encode()


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


def _target(event: AsyncEvent, arn: str) -> FunctionReference:
    return parse(arn, None, Caller(event.account_id, event.region, None, "destination", "system"))


def _document(raw: bytes | memoryview | None) -> Any:
    try:
        return json.loads(bytes(raw or b"null"))
    except ValueError:
        return bytes(raw or b"").decode(errors="replace")
