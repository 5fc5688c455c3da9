"""What is older than its retention goes, and nothing else."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from monitoring.ingest import retention
from monitoring.ingest.retention import expire
from monitoring.models import Invocation, LogChunk, LogGroup, LogStream, MetricBucket
from monitoring.report import Report
from tests.monitoring.conftest import START_MS, ingest, make_report

NOW = datetime.fromtimestamp(START_MS / 1000, UTC)

pytestmark = pytest.mark.django_db


def aged(days: float, function: str = "hello") -> Report:
    return make_report(function, at_ms=START_MS - days * 86_400_000, log_stream=f"{function} {days}")


def names() -> tuple[list[str], list[str]]:
    streams = LogStream.objects.order_by("name").values_list("name", flat=True)
    records = Invocation.objects.order_by("log_stream").values_list("log_stream", flat=True)
    assert set(LogChunk.objects.values_list("stream__name", flat=True)) == set(streams)
    return list(streams), list(records)


@pytest.fixture(autouse=True)
def thirty_days(settings: Settings) -> None:
    settings.HEARTH_RETENTION_DAYS = 30


def test_the_default_holds_where_a_group_says_nothing(directory: Path) -> None:
    ingest(directory, aged(29), aged(31), aged(400))
    assert expire(NOW) > 0
    assert names() == (["hello 29"], ["hello 29"])
    assert {bucket.start for bucket in MetricBucket.objects.filter(period=60)} == {START_MS // 1000 - 29 * 86_400}
    assert expire(NOW) == 0


def test_a_groups_own_retention_is_shorter_or_longer(directory: Path) -> None:
    for function in ("short", "long", "plain"):
        ingest(directory, *[aged(days, function) for days in (3, 20, 50)])
    LogGroup.objects.filter(name="/aws/lambda/short").update(retention_days=7)
    LogGroup.objects.filter(name="/aws/lambda/long").update(retention_days=365)
    expire(NOW)
    kept = ["long 20", "long 3", "long 50", "plain 20", "plain 3", "short 3"]
    assert names() == (kept, kept)


def test_it_stops_at_its_limit_and_goes_on_next_time(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 7)
    ingest(directory, *[aged(60 + number) for number in range(20)])
    assert expire(NOW, limit=10) == 10
    while expire(NOW, limit=10):
        pass
    assert names() == ([], [])
    assert not MetricBucket.objects.exists()
    assert LogGroup.objects.count() == 1


def test_a_stream_without_lines_yet_is_kept() -> None:
    group = LogGroup.objects.create(account_id="0" * 12, region="us-east-1", name="g")
    LogStream.objects.create(group=group, name="s")
    assert expire(NOW + timedelta(days=400)) == 0
    assert LogStream.objects.count() == 1
