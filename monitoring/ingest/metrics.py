"""Reports to minute and hour buckets of AWS/Lambda metrics, by the dimensions AWS uses.

Every invocation counts for the account (no dimension) and its function; one that named a version or alias also for that
resource, and one through an alias for the version that ran. Errors and Throttles have a sample for each invocation, so
that their average is a rate. ConcurrentExecutions is the function's on one node; the account's is the highest of these.
Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import NamedTuple

from monitoring.dimensions import canonical
from monitoring.histogram import Histogram, histogram, merge
from monitoring.ingest.bulk import upsert
from monitoring.models import MetricBucket
from monitoring.models.metric import MINUTE, PERIODS
from monitoring.report import Kind, Outcome, Report, Sample

NAMESPACE = "AWS/Lambda"
KEPT = 3  # periods whose buckets are remembered: earlier ones are read from the database again when they change
AT_ONCE = 200  # dimension sets in one query
UNITS = {
    "Invocations": "Count",
    "Errors": "Count",
    "Throttles": "Count",
    "Duration": "Milliseconds",
    "InitDuration": "Milliseconds",
    "ConcurrentExecutions": "Count",
    "MaxMemoryUsed": "Megabytes",
    "ProvisionedConcurrencyInvocations": "Count",
    "ProvisionedConcurrencySpilloverInvocations": "Count",
    "ProvisionedConcurrencyUtilization": "None",
    "ProvisionedConcurrentExecutions": "Count",
    **{str(name): "Count" for name in Sample},
    Sample.AGE.value: "Milliseconds",
}
KEY = ("account_id", "region", "namespace", "name", "dimensions", "period", "start", "node")
COLUMNS = (*KEY, "unit", "count", "total", "minimum", "maximum", "histogram")


class Place(NamedTuple):
    """What the reports of one tally have in common."""

    account_id: str
    region: str
    function_name: str
    version: str
    qualifier: str
    start: int


class BucketKey(NamedTuple):
    account_id: str
    region: str
    period: int
    start: int
    dimensions: str
    name: str


@dataclass(slots=True)
class Statistics:
    count: float
    total: float
    minimum: float
    maximum: float
    histogram: Histogram = field(default_factory=dict)

    def add(self, other: "Statistics") -> None:
        self.count += other.count
        self.total += other.total
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)
        merge(self.histogram, other.histogram)


@dataclass(slots=True)
class Tally:
    """The samples of one place in a batch."""

    errors: list[float] = field(default_factory=list)  # 0 or 1 for each invocation
    durations: list[float] = field(default_factory=list)
    inits: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    concurrency: list[float] = field(default_factory=list)
    throttles: int = 0
    provisioned: list[float] = field(default_factory=list)  # 1 where a provisioned environment served, 0 for spillover
    provisioned_in_use: list[float] = field(default_factory=list)
    utilization: list[float] = field(default_factory=list)  # 0 to 1
    samples: dict[str, list[float]] = field(default_factory=dict)  # of Kind.SAMPLE

    def add(self, report: Report) -> None:
        if report.kind == Kind.SAMPLE:
            self.samples.setdefault(report.metric, []).append(report.value)
            return
        if report.kind == Kind.THROTTLE:
            self.throttles += 1
            return
        self.errors.append(0.0 if report.outcome == Outcome.SUCCESS else 1.0)
        self.durations.append(report.duration_ms)
        self.memory.append(report.max_memory_mb)
        self.concurrency.append(report.concurrency)
        if report.init_ms is not None:
            self.inits.append(report.init_ms)
        if report.provisioned is not None:
            self.provisioned.append(float(report.provisioned))
            self.provisioned_in_use.append(report.provisioned_in_use)
            self.utilization.append(report.provisioned_in_use / max(1, report.provisioned_wanted))

    def statistics(self) -> Iterator[tuple[str, Statistics]]:
        runs = len(self.errors)
        if runs:
            yield "Invocations", flat([1.0] * runs)
            yield "Errors", flat(self.errors)
        if runs or self.throttles:
            yield "Throttles", flat([1.0] * self.throttles + [0.0] * runs)
        for name, values in (
            ("Duration", self.durations),
            ("InitDuration", self.inits),
            ("MaxMemoryUsed", self.memory),
            ("ConcurrentExecutions", [value for value in self.concurrency if value]),
            *self.samples.items(),
        ):
            if values:
                statistics = flat(values)
                statistics.histogram = histogram(values)
                yield name, statistics
        served = [value for value in self.provisioned if value]
        for name, values in (
            ("ProvisionedConcurrencyInvocations", served),
            ("ProvisionedConcurrencySpilloverInvocations", [1.0] * (len(self.provisioned) - len(served))),
            ("ProvisionedConcurrencyUtilization", self.utilization),
            ("ProvisionedConcurrentExecutions", self.provisioned_in_use),
        ):
            if values:
                yield name, flat(values)


def flat(values: Sequence[float]) -> Statistics:
    """Without a histogram."""
    return Statistics(len(values), sum(values), min(values), max(values))


def dimension_sets(place: Place) -> list[str]:
    function = {"FunctionName": place.function_name}
    sets = [canonical({}), canonical(function)]
    if place.qualifier:
        resource = {**function, "Resource": f"{place.function_name}:{place.qualifier}"}
        sets.append(canonical(resource))
        if place.version and place.qualifier not in (place.version, "$LATEST"):
            sets.append(canonical({**resource, "ExecutedVersion": place.version}))
    return sets


class BucketTable:
    """The buckets of one spool, which nobody else writes: those of the last minutes are remembered."""

    def __init__(self, node: str) -> None:
        self._node = node
        self._known: dict[BucketKey, Statistics] = {}

    def add(self, reports: Iterable[Report]) -> None:
        """Add reports, in the caller's transaction. After a failure: `forget`."""
        changes = collect(reports)
        if not changes:
            return
        self._load([key for key in changes if key not in self._known])
        for key, statistics in changes.items():
            known = self._known.get(key)
            if known is None:
                self._known[key] = statistics
            else:
                known.add(statistics)
        upsert(MetricBucket, COLUMNS, KEY, [row(self._node, key, self._known[key]) for key in changes])
        newest = max(key.start for key in self._known)
        self._known = {k: value for k, value in self._known.items() if k.start + KEPT * k.period >= newest}

    def forget(self) -> None:
        self._known.clear()

    def _load(self, keys: list[BucketKey]) -> None:
        places: dict[tuple[str, str, int, int], set[str]] = {}
        for key in keys:
            places.setdefault(key[:4], set()).add(key.dimensions)
        for (account_id, region, period, start), dimensions in places.items():
            remaining = iter(sorted(dimensions))
            while some := list(islice(remaining, AT_ONCE)):
                for bucket in MetricBucket.objects.filter(
                    account_id=account_id,
                    region=region,
                    namespace=NAMESPACE,
                    name__in=UNITS,
                    dimensions__in=some,
                    period=period,
                    start=start,
                    node=self._node,
                ):
                    key = BucketKey(account_id, region, period, start, bucket.dimensions, bucket.name)
                    self._known[key] = Statistics(
                        bucket.count, bucket.total, bucket.minimum, bucket.maximum, bucket.histogram
                    )


def collect(reports: Iterable[Report]) -> dict[BucketKey, Statistics]:
    tallies: dict[Place, Tally] = {}
    for report in reports:
        if report.kind == Kind.LOG:
            continue
        start = int(report.at_ms // 1000) // MINUTE * MINUTE
        place = Place(
            report.account_id[:12],
            report.region[:32],
            report.function_name[:64],
            report.version[:16],
            report.qualifier[:128],
            start,
        )
        tally = tallies.get(place)
        if tally is None:
            tally = tallies[place] = Tally()
        tally.add(report)
    changes: dict[BucketKey, Statistics] = {}
    for place, tally in tallies.items():
        sets = dimension_sets(place)
        for name, statistics in tally.statistics():
            for period in PERIODS:
                start = place.start // period * period
                for dimensions in sets:
                    key = BucketKey(place.account_id, place.region, period, start, dimensions, name)
                    if key in changes:
                        changes[key].add(statistics)
                    else:
                        changes[key] = replace(statistics, histogram=dict(statistics.histogram))
    return changes


def row(node: str, key: BucketKey, statistics: Statistics) -> tuple[object, ...]:
    return (
        key.account_id,
        key.region,
        NAMESPACE,
        key.name,
        key.dimensions,
        key.period,
        key.start,
        node,
        UNITS[key.name],
        statistics.count,
        statistics.total,
        statistics.minimum,
        statistics.maximum,
        json.dumps(statistics.histogram, separators=(",", ":")),
    )
