"""Metrics over time, by the queries and by the CloudWatch API."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from monitoring.models import MetricBucket
from monitoring.queries import metrics
from monitoring.queries.metrics import Metric, UnknownStatistic
from monitoring.report import Report
from tests.monitoring.conftest import ACCOUNT, REGION, START_MS, ingest, make_report

START = START_MS // 1000
HOUR = START // 3600 * 3600
DURATION = Metric.of_function("Duration", "hello")
INVOCATIONS = Metric.of_function("Invocations", "hello")

pytestmark = pytest.mark.django_db


def at(second: int, **changes: Any) -> Report:
    """A report of `second` seconds after the hour's begin."""
    return make_report(changes.pop("function", "hello"), at_ms=(HOUR + second) * 1000, **changes)


def series(metric: Metric, start: int, end: int, period: int, statistic: str) -> list[tuple[int, float | None]]:
    points = metrics.series(ACCOUNT, REGION, metric, HOUR + start, HOUR + end, period)
    return [(point.start - HOUR, point.value(statistic)) for point in points]


def test_statistics_of_a_period(directory: Path) -> None:
    ingest(directory, *[at(n % 50, duration_ms=float(n)) for n in range(1, 101)])
    (point,) = metrics.series(ACCOUNT, REGION, DURATION, HOUR, HOUR + 60)
    assert [point.value(name) for name in metrics.STATISTICS] == [100, 50.5, 5050, 1, 100]
    assert point.value("p50") == pytest.approx(50, rel=0.01)
    assert point.value("p99") == pytest.approx(99, rel=0.01)
    assert point.value("p100") == pytest.approx(100, rel=0.01)
    assert point.unit == "Milliseconds"
    with pytest.raises(UnknownStatistic):
        point.value("tm90")


def test_nodes_are_added_up_and_periods_joined(directory: Path) -> None:
    ingest(directory, at(10), at(70), at(130), at(3700))
    ingest(directory / "another", at(10), at(75))
    assert series(INVOCATIONS, 0, 3600, 60, "Sum") == [(0, 2), (60, 2), (120, 1)]
    assert series(INVOCATIONS, 0, 3600, 120, "Sum") == [(0, 4), (120, 1)]
    assert series(INVOCATIONS, 0, 7200, 3600, "Sum") == [(0, 5), (3600, 1)]
    assert series(INVOCATIONS, 90, 7200, 60, "Sum") == [(60, 2), (120, 1), (3660, 1)]
    assert series(INVOCATIONS, 60, 120, 60, "Sum") == [(60, 2)]
    assert metrics.total(ACCOUNT, REGION, INVOCATIONS, HOUR + 60, HOUR + 7200).total == 4


def test_what_provisioned_environments_did(directory: Path) -> None:
    ingest(
        directory,
        at(1),  # of a version without
        at(2, provisioned=True, provisioned_in_use=1, provisioned_wanted=4),
        at(3, provisioned=True, provisioned_in_use=4, provisioned_wanted=4),
        at(4, provisioned=False, provisioned_in_use=4, provisioned_wanted=4),
    )

    def value(name: str, statistic: str) -> float | None:
        ((_, found),) = series(Metric.of_function(f"Provisioned{name}", "hello"), 0, 60, 60, statistic)
        return found

    assert value("ConcurrencyInvocations", "Sum") == 2
    assert value("ConcurrencySpilloverInvocations", "Sum") == 1
    assert value("ConcurrencyUtilization", "Minimum") == 0.25
    assert value("ConcurrencyUtilization", "Maximum") == 1
    assert value("ConcurrentExecutions", "Maximum") == 4
    assert value("ConcurrentExecutions", "SampleCount") == 3


@pytest.mark.parametrize("period", [0, 30, 90, -60])
def test_a_period_is_whole_minutes(period: int) -> None:
    with pytest.raises(ValueError, match="multiple of 60"):
        metrics.series(ACCOUNT, REGION, DURATION, START, START + 60, period)


@pytest.fixture
def cloudwatch(boto: Callable[..., Any]) -> Any:
    return boto("cloudwatch")


def when(second: int) -> datetime:
    return datetime.fromtimestamp(HOUR + second, UTC)


def query(key: str, name: str, stat: str = "Sum", period: int = 60, **members: Any) -> dict[str, Any]:
    metric = {
        "Namespace": "AWS/Lambda",
        "MetricName": name,
        "Dimensions": [{"Name": "FunctionName", "Value": "hello"}],
    }
    return {"Id": key, "MetricStat": {"Metric": metric, "Period": period, "Stat": stat}, **members}


def test_get_metric_data(cloudwatch: Any, directory: Path) -> None:
    ingest(directory, *[at(30 * n, duration_ms=float(n + 1)) for n in range(10)])
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[
            query("count", "Invocations"),
            query("slow", "Duration", "p99", Label="slow ones"),
            query("hidden", "Errors", ReturnData=False),
            {"Id": "good", "Expression": "100 * (count - hidden) / count"},
        ],
        StartTime=when(0),
        EndTime=when(600),
        ScanBy="TimestampAscending",
    )
    count, slow, good = answer["MetricDataResults"]
    assert count["Timestamps"] == [when(60 * n) for n in range(5)]
    assert count["Values"] == [2.0] * 5
    assert (count["Label"], count["StatusCode"], slow["Label"]) == ("Invocations", "Complete", "slow ones")
    assert slow["Values"] == pytest.approx([2, 4, 6, 8, 10], rel=0.01)
    assert good["Values"] == [100.0] * 5


def test_get_metric_data_gives_the_newest_first(cloudwatch: Any, directory: Path) -> None:
    ingest(directory, at(0), at(60))
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[query("a", "Invocations")], StartTime=when(0), EndTime=when(600)
    )
    assert answer["MetricDataResults"][0]["Timestamps"] == [when(60), when(0)]


def test_get_metric_statistics(cloudwatch: Any, directory: Path) -> None:
    ingest(directory, at(0, duration_ms=10.0), at(1, duration_ms=30.0))
    where = {
        "Namespace": "AWS/Lambda",
        "MetricName": "Duration",
        "Dimensions": [{"Name": "FunctionName", "Value": "hello"}],
        "StartTime": when(0),
        "EndTime": when(3600),
        "Period": 300,
    }
    answer = cloudwatch.get_metric_statistics(**where, Statistics=["Average", "Maximum"], ExtendedStatistics=["p50"])
    assert answer["Label"] == "Duration"
    (point,) = answer["Datapoints"]
    assert (point["Average"], point["Maximum"], point["Unit"]) == (20.0, 30.0, "Milliseconds")
    assert point["ExtendedStatistics"]["p50"] == pytest.approx(10, rel=0.01)
    assert set(point) == {"Timestamp", "Average", "Maximum", "Unit", "ExtendedStatistics"}
    assert cloudwatch.get_metric_statistics(**where, Statistics=["Sum"], Unit="Count")["Datapoints"] == []


def test_list_metrics(cloudwatch: Any, directory: Path) -> None:
    now = time.time() * 1000
    ingest(directory, make_report("a", at_ms=now), make_report("b", at_ms=now, qualifier="live", version="1"))
    ingest(directory, make_report("old", at_ms=now - 20 * 86_400_000))
    listed = cloudwatch.list_metrics(Namespace="AWS/Lambda", MetricName="Duration")["Metrics"]
    found = [{item["Name"]: item["Value"] for item in metric["Dimensions"]} for metric in listed]
    expected: list[dict[str, str]] = [
        {},
        {"FunctionName": "a"},
        {"FunctionName": "b"},
        {"FunctionName": "b", "Resource": "b:live"},
        {"FunctionName": "b", "Resource": "b:live", "ExecutedVersion": "1"},
    ]
    assert sorted(found, key=str) == sorted(expected, key=lambda item: str(dict(sorted(item.items()))))
    by_value = cloudwatch.list_metrics(Dimensions=[{"Name": "FunctionName", "Value": "a"}], RecentlyActive="PT3H")
    assert {metric["MetricName"] for metric in by_value["Metrics"]} >= {"Invocations", "Errors", "Duration"}
    assert cloudwatch.list_metrics(Namespace="Mine")["Metrics"] == []


def test_list_metrics_is_paged(cloudwatch: Any, directory: Path) -> None:
    now = time.time() * 1000
    ingest(directory, *[make_report(f"f{n:03}", at_ms=now) for n in range(130)])
    pages = list(cloudwatch.get_paginator("list_metrics").paginate(Namespace="AWS/Lambda"))
    names = [str(metric) for page in pages for metric in page["Metrics"]]
    assert len(pages) == 2
    assert len(set(names)) == len(names) == MetricBucket.objects.filter(period=3600).count()


def refused(call: Callable[..., Any], **members: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**members)
    code: str = caught.value.response["Error"]["Code"]
    return code


@pytest.mark.parametrize(
    "queries",
    [
        [{"Id": "a"}],
        [{"Id": "a", "Expression": "1 +"}],
        [{"Id": "a", "Expression": "b"}],
        [{"Id": "a", "Expression": "a + 1"}],
        [{"Id": "a", "Expression": "b"}, {"Id": "b", "Expression": "a"}],
        [{"Id": "a", "Expression": "1 + 2"}],
        [{"Id": "a", "Expression": "__import__('os')"}],
        [{"Id": "a", "Expression": "SUM(METRICS())"}],
        [{"Id": "a", "Expression": "2 ** 3"}],
        [{"Id": "a", "Expression": "(" * 500 + "1" + ")" * 500}],
        [query("a", "Errors", "p101")],
        [query("a", "Errors", period=30)],
        [query("a", "Errors"), query("a", "Errors")],
    ],
)
def test_queries_that_cannot_be_answered_are_refused(cloudwatch: Any, queries: list[dict[str, Any]]) -> None:
    code = refused(cloudwatch.get_metric_data, MetricDataQueries=queries, StartTime=when(0), EndTime=when(60))
    assert code == "ValidationError"


def test_expressions_that_build_on_each_other_are_each_worked_out_once(cloudwatch: Any, directory: Path) -> None:
    ingest(directory, at(0))
    chain = [{"Id": f"e{n}", "Expression": f"e{n - 1} + e{n - 1}"} for n in range(1, 60)]
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[*reversed(chain), query("e0", "Invocations")], StartTime=when(0), EndTime=when(60)
    )
    assert answer["MetricDataResults"][0]["Values"] == [2.0**59]


def test_statistics_that_cannot_be_answered_are_refused(cloudwatch: Any) -> None:
    where = {"Namespace": "AWS/Lambda", "MetricName": "Errors", "StartTime": when(0), "EndTime": when(86_400)}
    call = cloudwatch.get_metric_statistics
    assert refused(call, **where, Period=60) == "MissingParameter"
    assert refused(call, **where, Period=90, Statistics=["Sum"]) == "InvalidParameterValue"
    assert refused(call, **where, Period=60, ExtendedStatistics=["p"]) == "InvalidParameterValue"
    assert refused(call, **{**where, "EndTime": when(0)}, Period=60, Statistics=["Sum"]) == "InvalidParameterValue"
    assert (
        refused(call, **{**where, "EndTime": when(86_460)}, Period=60, Statistics=["Sum"])
        == "InvalidParameterCombination"
    )
