"""How functions do, many at once."""

import time
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from monitoring.queries import buckets, health
from monitoring.queries.buckets import Part
from monitoring.queries.troubles import Trouble, troubled
from monitoring.report import Kind, Outcome, Report
from tests.monitoring.conftest import ACCOUNT, REGION, START_MS, ingest, make_report

HOUR = START_MS // 1000 // 3600 * 3600

pytestmark = pytest.mark.django_db


def at(second: int, **changes: Any) -> Report:
    """A report of `second` seconds after the hour's begin."""
    return make_report(changes.pop("function", "hello"), at_ms=(HOUR + second) * 1000, **changes)


def test_a_summary_of_many_functions_is_one_query(
    directory: Path, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    names = [f"f{number}" for number in range(50)]
    reports = [at(n * 10, function=name, duration_ms=float(n + 1)) for n, name in enumerate(names)]
    reports += [at(n, function="f0", outcome=Outcome.ERROR, duration_ms=1.0) for n in range(3)]
    ingest(directory, *reports, at(5, function="f1", kind=Kind.THROTTLE, lines=[], outcome=""))
    with django_assert_num_queries(1):
        found = health.summary(ACCOUNT, REGION, [*names, "idle"], HOUR, HOUR + 3600, parts=6)
    assert (found["f0"].invocations, found["f0"].errors, found["f0"].error_rate) == (4, 3, 0.75)
    assert found["f0"].sparkline == [4, 0, 0, 0, 0, 0]
    assert found["f1"].invocations == 1
    assert found["f49"].p95_ms == 50
    assert sum(summary.invocations for summary in found.values()) == 53
    assert (found["idle"].invocations, found["idle"].p95_ms, sum(found["idle"].sparkline)) == (0, None, 0)
    assert health.summary(ACCOUNT, REGION, [], HOUR, HOUR + 60) == {}


def test_a_summary_of_days_is_exact_to_the_minute(directory: Path) -> None:
    ingest(directory, *[at(600 * n) for n in range(300)])
    start, end = HOUR + 1800, HOUR + 1800 + 24 * 3600
    found = health.summary(ACCOUNT, REGION, ["hello"], start, end)["hello"]
    assert found.invocations == 24 * 6
    assert sum(found.sparkline) == 24 * 6


def test_the_hour_that_runs_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    day = HOUR - 24 * 3600
    now = HOUR + 2000
    monkeypatch.setattr(time, "time", lambda: now + 0.5)
    assert buckets.whole(day, now + 1) == [Part(3600, day, HOUR + 3600)]
    assert buckets.whole(day, now - 60) == [Part(3600, day, HOUR), Part(60, HOUR, now - 60)]
    assert buckets.whole(now - 60, now + 1) == [Part(60, now - 60, HOUR + 3600)]


def test_all_functions_are_summed_in_one_query(
    directory: Path, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    half, day = HOUR + 1800, 24 * 3600
    reports = [at(second, function="f1") for second in (0, 1790, 1800, 4000, 1790 + day, 1800 + day)]
    reports += [at(5000, function="f2", outcome=Outcome.ERROR, qualifier="prod", version="1")]
    ingest(directory, *reports, make_report("f1", (HOUR + 5000) * 1000, account_id="999999999999"))
    with django_assert_num_queries(1):
        found = health.sums(ACCOUNT, REGION, health.COUNTS, half, half + day)
    assert found == {"Invocations": {"f1": 3, "f2": 1}, "Errors": {"f2": 1}}


def test_p95s_are_those_of_the_summary(directory: Path, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    reports = [at(60 * n, function="f1", duration_ms=float(n + 1)) for n in range(100)]
    ingest(directory, *reports, at(5, function="f2", duration_ms=7.0))
    with django_assert_num_queries(1):
        found = health.p95s(ACCOUNT, REGION, HOUR, HOUR + 7200)
    whole = health.summary(ACCOUNT, REGION, ["f1", "f2"], HOUR, HOUR + 7200)
    assert found == {name: each.p95_ms for name, each in whole.items()}
    assert found["f2"] == 7


def test_the_worst_come_first(directory: Path, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    errors = [at(n, function="failing", outcome=Outcome.ERROR) for n in range(3)]
    refused = at(9, function="refused", kind=Kind.THROTTLE, lines=[], outcome="")
    ingest(directory, *errors, at(5, function="failing"), refused, at(6, function="fine"))
    with django_assert_num_queries(2):
        found = troubled(ACCOUNT, REGION, HOUR, HOUR + 3600)
    assert found == [Trouble("failing", 4, 3, 0), Trouble("refused", 0, 0, 1)]
    assert troubled(ACCOUNT, REGION, HOUR, HOUR + 3600, limit=1) == found[:1]
