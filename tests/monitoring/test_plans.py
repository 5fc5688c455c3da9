"""What lists show is found along an index: read is what is asked for, not what is kept."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from monitoring.queries import failures, health, invocations
from monitoring.report import Outcome
from tests.monitoring.conftest import ACCOUNT, REGION

END = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
START = END - timedelta(days=1)
RANGE = (int(START.timestamp()), int(END.timestamp()))
FAILED = [each for each in Outcome if each is not Outcome.SUCCESS]

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="the plans are SQLite's"),
]


def plans(read: Callable[[], Any]) -> list[str]:
    """How each of its queries is answered, with the values bound as they are in earnest."""
    asked: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        asked.append((sql, values))
        return execute(sql, values, many, context)

    with connection.execute_wrapper(note):
        read()
    with connection.cursor() as cursor:
        return [
            "; ".join(row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall())
            for sql, values in asked
        ]


@pytest.mark.parametrize(("function", "index"), [(None, "failure_by_account"), ("f", "failure_by_function")])
def test_failures_are_found_without_the_successes(function: str | None, index: str) -> None:
    grouped = plans(lambda: failures.grouped(ACCOUNT, REGION, START, END, function_name=function))
    listed = plans(lambda: invocations.recent(ACCOUNT, REGION, function_name=function, outcomes=FAILED, start=START))
    timeouts = plans(lambda: invocations.recent(ACCOUNT, REGION, function_name=function, outcomes=["timeout"]))
    for plan in (grouped[0], listed[0], timeouts[0]):
        assert f"INDEX {index} " in plan


@pytest.mark.parametrize(("function", "index"), [(None, "invocation_by_account"), ("f", "invocation_by_function")])
def test_invocations_are_found_in_their_order(function: str | None, index: str) -> None:
    (newest,) = plans(lambda: invocations.recent(ACCOUNT, REGION, function_name=function, start=START))
    assert f"INDEX {index} " in newest
    (dearest,) = plans(
        lambda: invocations.recent(ACCOUNT, REGION, function_name=function, start=START, most_expensive=True)
    )
    assert f"COVERING INDEX {index} " in dearest


def test_sums_read_no_row() -> None:
    (plan,) = plans(lambda: health.sums(ACCOUNT, REGION, ("Errors", "Throttles"), *RANGE))
    assert plan.count("COVERING INDEX metric_by_time ") == 6
    assert plan.count("period=? AND start>? AND start<?") == 6


def test_figures_of_functions_are_found_by_function_and_time() -> None:
    (plan,) = plans(lambda: health.summary(ACCOUNT, REGION, ["f", "g"], *RANGE))
    assert plan.count("dimensions=? AND period=? AND start>? AND start<?") == 6
    (plan,) = plans(lambda: health.p95s(ACCOUNT, REGION, *RANGE))
    assert plan.count("INDEX metric_by_time (account_id=? AND region=? AND namespace=? AND name=? AND period=?") == 3
