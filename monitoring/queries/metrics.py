"""Metrics over time. Times are epoch seconds, ranges half-open; the finest resolution kept is one minute.

Buckets of all nodes are added up. The maximum of ConcurrentExecutions is therefore the highest of one node, which is
the function's own as long as one node runs it.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from monitoring.dimensions import canonical, of_function, parse
from monitoring.histogram import Histogram, merge, percentile
from monitoring.models import MetricBucket
from monitoring.models.metric import HOUR, MINUTE

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


class Bucket(NamedTuple):
    """One row of MetricBucket, as light as can be: a page reads thousands."""

    name: str
    dimensions: str
    start: int
    unit: str
    samples: float
    total: float
    minimum: float
    maximum: float
    histogram: str  # JSON text


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


@dataclass(frozen=True, slots=True)
class FunctionSummary:
    """What a list of functions shows of each. `sparkline`: invocations in equal parts of the range, oldest first."""

    invocations: int
    errors: int
    throttles: int
    average_ms: float | None
    p95_ms: float | None
    sparkline: list[int]

    @property
    def error_rate(self) -> float:
        """0 to 1."""
        return self.errors / self.invocations if self.invocations else 0.0


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
    for namespace in {metric.namespace for metric in metrics}:
        some = [metric for metric in metrics if metric.namespace == namespace]
        for bucket in buckets(account_id, region, some, Q(period=source, start__gte=start, start__lt=end)):
            found = points.get(Metric(bucket.name, bucket.dimensions, namespace))
            if found is not None:
                at = bucket.start // period * period
                found.setdefault(at, Point(at)).add(bucket)
    return {metric: [found[at] for at in sorted(found)] for metric, found in points.items()}


def series(account_id: str, region: str, metric: Metric, start: int, end: int, period: int = MINUTE) -> list[Point]:
    """The points of one metric: see `read`."""
    return read(account_id, region, [metric], start, end, period)[metric]


def total(account_id: str, region: str, metric: Metric, start: int, end: int) -> Point:
    """All samples of a range as one point, exact to the minute."""
    return totals(account_id, region, [metric], start, end)[metric]


def totals(account_id: str, region: str, metrics: Collection[Metric], start: int, end: int) -> dict[Metric, Point]:
    """The same of several metrics, in one query."""
    points = {metric: Point(start) for metric in metrics}
    for bucket in buckets(account_id, region, metrics, whole_range(start, end)):
        found = points.get(Metric(bucket.name, bucket.dimensions))
        if found is not None:
            found.add(bucket)
    return points


def summary(
    account_id: str, region: str, functions: Sequence[str], start: int, end: int, parts: int = 24
) -> dict[str, FunctionSummary]:
    """Figures for a list of functions, in one query whatever their number.

    Over half a day and more the sparkline has a part for each hour at most: hours are what is read then.
    """
    names = ("Invocations", "Errors", "Throttles", "Duration")
    metrics = [Metric.of_function(name, function) for function in functions for name in names]
    points = {metric: Point(start) for metric in metrics}
    if end - start >= 12 * HOUR:
        parts = min(parts, (end - start) // HOUR)
    sparklines: dict[str, list[int]] = {of_function(function): [0] * parts for function in functions}
    width = (end - start) / parts
    when = whole_range(start, end) if width >= HOUR else Q(period=MINUTE, start__gte=start, start__lt=end)
    for bucket in buckets(account_id, region, metrics, when):
        points[Metric(bucket.name, bucket.dimensions)].add(bucket)
        if bucket.name == "Invocations":
            part = min(max(int((bucket.start - start) / width), 0), parts - 1)
            sparklines[bucket.dimensions][part] += int(bucket.total)

    def figures(function: str) -> FunctionSummary:
        found = {name: points[Metric.of_function(name, function)] for name in names}
        return FunctionSummary(
            invocations=int(found["Invocations"].total),
            errors=int(found["Errors"].total),
            throttles=int(found["Throttles"].total),
            average_ms=found["Duration"].value("Average"),
            p95_ms=found["Duration"].value("p95"),
            sparkline=sparklines[of_function(function)],
        )

    return {function: figures(function) for function in functions}


def known(account_id: str, region: str, **filters: Any) -> Iterable[Metric]:
    """The metrics that have samples, in order of namespace, name and dimensions. `filters`: of MetricBucket."""
    rows = (
        MetricBucket.objects.filter(account_id=account_id, region=region, period=HOUR, **filters)
        .order_by("namespace", "name", "dimensions")
        .values_list("namespace", "name", "dimensions")
        .distinct()
    )
    return (Metric(name, dimensions, namespace) for namespace, name, dimensions in rows)


def buckets(account_id: str, region: str, metrics: Collection[Metric], when: Q) -> Iterator[Bucket]:
    if not metrics:
        return
    rows = (
        MetricBucket.objects.filter(
            when,
            account_id=account_id,
            region=region,
            namespace__in={metric.namespace for metric in metrics},
            name__in={metric.name for metric in metrics},
            dimensions__in={metric.dimensions for metric in metrics},
        )
        .annotate(text=Cast("histogram", TextField()))
        .values_list("name", "dimensions", "start", "unit", "count", "total", "minimum", "maximum", "text")
    )
    for row in rows:
        yield Bucket(*row)


def whole_range(start: int, end: int) -> Q:
    """The fewest buckets that make up a range: whole hours, and minutes at both ends."""
    first, last = -(-start // HOUR) * HOUR, end // HOUR * HOUR
    if first >= last:
        return Q(period=MINUTE, start__gte=start, start__lt=end)
    return (
        Q(period=HOUR, start__gte=first, start__lt=last)
        | Q(period=MINUTE, start__gte=start, start__lt=first)
        | Q(period=MINUTE, start__gte=last, start__lt=end)
    )
