"""Metrics over time. Times are epoch seconds, ranges half-open; the finest resolution kept is one minute.

Buckets of all nodes are added up. The maximum of ConcurrentExecutions is therefore the highest of one node, which is
the function's own as long as one node runs it.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from monitoring.dimensions import canonical, of_function, parse
from monitoring.histogram import Histogram, merge, percentile
from monitoring.models import MetricBucket
from monitoring.models.metric import HOUR, MINUTE
from monitoring.queries import buckets
from monitoring.queries.buckets import Bucket, Part

LAMBDA = "AWS/Lambda"
PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?|100)")
STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")


class UnknownStatistic(ValueError):
    """Neither one of STATISTICS nor a percentile such as p95 or p99.9."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric by name and dimensions (canonical JSON, `monitoring.dimensions`)."""

    name: str
    dimensions: str = "{}"
    namespace: str = LAMBDA

    @classmethod
    def of(cls, name: str, dimensions: Mapping[str, str] | None = None, namespace: str = LAMBDA) -> "Metric":
        return cls(name, canonical(dimensions or {}), namespace)

    @classmethod
    def of_function(cls, name: str, function_name: str) -> "Metric":
        return cls(name, of_function(function_name))

    def dimension_map(self) -> dict[str, str]:
        return parse(self.dimensions)


@dataclass(slots=True)
class Point:
    """The samples of one period that begins at `start`."""

    start: int
    count: float = 0.0
    total: float = 0.0
    minimum: float = float("inf")
    maximum: float = float("-inf")
    unit: str = ""
    histogram: Histogram = field(default_factory=dict)

    def add(self, bucket: Bucket) -> None:
        self.count += bucket.samples
        self.total += bucket.total
        self.minimum = min(self.minimum, bucket.minimum)
        self.maximum = max(self.maximum, bucket.maximum)
        self.unit = bucket.unit
        if bucket.histogram != "{}":
            merge(self.histogram, orjson.loads(bucket.histogram))

    def value(self, statistic: str) -> float | None:
        """One of STATISTICS or a percentile. None without samples, or for a percentile of a metric that keeps none.

        A percentile is within 1 %. Raises UnknownStatistic.
        """
        if not self.count:
            return None
        if statistic == "Average":
            return self.total / self.count
        simple = {
            "SampleCount": self.count,
            "Sum": self.total,
            "Minimum": self.minimum,
            "Maximum": self.maximum,
        }
        if statistic in simple:
            return simple[statistic]
        percent = percent_of(statistic)
        if self.minimum == self.maximum:
            return self.minimum
        value = percentile(self.histogram, percent)
        return None if value is None else min(max(value, self.minimum), self.maximum)


def percent_of(statistic: str) -> float:
    found = PERCENTILE.fullmatch(statistic)
    if not found:
        raise UnknownStatistic(statistic)
    return float(found[1])


def check_statistic(statistic: str) -> None:
    if statistic not in STATISTICS:
        percent_of(statistic)


def read(
    account_id: str, region: str, metrics: Collection[Metric], start: int, end: int, period: int = MINUTE
) -> dict[Metric, list[Point]]:
    """The points of several metrics, in one query for each namespace. `period` is a multiple of 60 seconds.

    Periods are aligned to the epoch: the first begins at or before `start`. Those without samples are left out.
    """
    if period <= 0 or period % MINUTE:
        raise ValueError("period must be a multiple of 60 seconds")
    start = start // period * period
    source = HOUR if period % HOUR == 0 else MINUTE
    points: dict[Metric, dict[int, Point]] = {metric: {} for metric in metrics}
    for metric, bucket in _buckets(account_id, region, metrics, [Part(source, start, end)]):
        at = bucket.start // period * period
        found = points[metric]
        if at not in found:
            found[at] = Point(at)
        found[at].add(bucket)
    return {metric: [found[at] for at in sorted(found)] for metric, found in points.items()}


def series(account_id: str, region: str, metric: Metric, start: int, end: int, period: int = MINUTE) -> list[Point]:
    """The points of one metric: see `read`."""
    return read(account_id, region, [metric], start, end, period)[metric]


def total(account_id: str, region: str, metric: Metric, start: int, end: int) -> Point:
    """All samples of a range as one point, exact to the minute."""
    return totals(account_id, region, [metric], start, end)[metric]


def totals(account_id: str, region: str, metrics: Collection[Metric], start: int, end: int) -> dict[Metric, Point]:
    """The same of several metrics, in one query for each namespace."""
    points = {metric: Point(start) for metric in metrics}
    for metric, bucket in _buckets(account_id, region, metrics, buckets.whole(start, end)):
        points[metric].add(bucket)
    return points


def known(account_id: str, region: str, **filters: Any) -> Iterable[Metric]:
    """The metrics that have samples, in order of namespace, name and dimensions. `filters`: of MetricBucket."""
    rows = (
        MetricBucket.objects.filter(account_id=account_id, region=region, period=HOUR, **filters)
        .order_by("namespace", "name", "dimensions")
        .values_list("namespace", "name", "dimensions")
        .distinct()
    )
    return (Metric(name, dimensions, namespace) for namespace, name, dimensions in rows)


def _buckets(
    account_id: str, region: str, metrics: Collection[Metric], parts: Collection[Part]
) -> Iterator[tuple[Metric, Bucket]]:
    for namespace in {metric.namespace for metric in metrics}:
        wanted = {(metric.name, metric.dimensions): metric for metric in metrics if metric.namespace == namespace}
        names, dimensions = ({key[at] for key in wanted} for at in (0, 1))
        for bucket in buckets.of(account_id, region, namespace, names, dimensions, parts):
            metric = wanted.get((bucket.name, bucket.dimensions))
            if metric is not None:
                yield metric, bucket
