"""Events that end without a run, and the metrics of asynchronous events."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from functions.access.caller import Caller
from functions.actions import concurrency
from functions.arn import parse
from functions.execution.spec import Throttled
from functions.invoke import destinations, events, sync
from functions.models import AsyncEvent, Delivery
from monitoring.ingest.metrics import collect
from monitoring.report import Kind, Report, Sample, decode
from tests.functions.world import ACCOUNT, REGION, create
from tests.invoke.conftest import forget
from tests.invoke.test_destinations import TRACE, accepted, configure, result


@pytest.fixture
def name(alice: Caller, request: pytest.FixtureRequest) -> str:
    """A function of the test's own: the spool is not."""
    found = str(request.node.name)[5:60]
    create(alice, found)
    return found


def samples(name: str) -> list[tuple[str, float]]:
    lines = [line for path in sorted(settings.HEARTH_SPOOL.glob("*.jsonl")) for line in path.read_bytes().splitlines()]
    reports = [report for report in map(decode, lines) if report.function_name == name and report.kind == Kind.SAMPLE]
    return [(report.metric, report.value) for report in reports]


def test_an_event_of_a_function_without_concurrency_is_dropped(alice: Caller, name: str) -> None:
    concurrency.reserve(alice, parse(name, None, alice), 0)
    configure(alice, name, destinations={"OnFailure": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue"}})
    event = accepted(alice, name)
    events._write(event, **events._attempt(event))
    assert (event.state, event.error_type, event.attempts) == ("failed", "ZeroReservedConcurrency", 0)
    assert destinations.condition(event) == "ZeroReservedConcurrency"
    assert event.deliveries.get().kind == Delivery.Kind.DESTINATION
    assert [metric for metric, _ in samples(name)] == [Sample.RECEIVED, Sample.DROPPED]


def test_an_event_that_is_too_old_is_dropped(alice: Caller, name: str) -> None:
    event = accepted(alice, name, accepted_at=timezone.now() - timedelta(hours=7))
    events._write(event, **events._attempt(event))
    assert event.state == AsyncEvent.State.EXPIRED
    assert samples(name)[-1] == (Sample.DROPPED, 1.0)


def test_a_throttled_event_says_why_it_waits(alice: Caller, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise Throttled("ReservedFunctionConcurrentInvocationLimitExceeded")

    monkeypatch.setattr(sync, "run", refuse)
    event = accepted(alice, name, accepted_at=timezone.now() - timedelta(seconds=40))
    events._write(event, **events._attempt(event))
    event.refresh_from_db()
    assert (event.state, event.attempts) == ("pending", 0)
    assert event.error_type == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert 39 < (event.due_at - timezone.now()).total_seconds() < 42  # as long again as it has waited
    metric, age_ms = samples(name)[-1]
    assert metric == Sample.AGE
    assert age_ms >= 40_000
    AsyncEvent.objects.update(due_at=timezone.now())
    again = events._lease()
    assert again is not None
    events._write(again, **events._after(again, result(), TRACE))
    assert again.error_type == ""
    forget()


def test_samples_become_metrics() -> None:
    reports = [
        Report(kind=Kind.SAMPLE, account_id="1", region="r", function_name="f", metric=metric, value=value, at_ms=1.0)
        for metric, value in ((Sample.AGE, 10.0), (Sample.AGE, 30.0), (Sample.DROPPED, 1.0))
    ]
    found = {
        (key.name, key.dimensions): (value.count, value.total, value.maximum)
        for key, value in collect(reports).items()
        if key.period == 60
    }
    of_function = '{"FunctionName":"f"}'
    assert found == {
        (name, dimensions): values
        for dimensions in ("{}", of_function)
        for name, values in (("AsyncEventAge", (2, 40.0, 30.0)), ("AsyncEventsDropped", (1, 1.0, 1.0)))
    }
