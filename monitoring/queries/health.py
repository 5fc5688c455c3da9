"""How functions do, many at once: for lists of functions. Times are epoch seconds, ranges half-open."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Sum

from monitoring.dimensions import of_function, parse
from monitoring.models import MetricBucket
from monitoring.models.metric import HOUR, MINUTE
from monitoring.queries import buckets
from monitoring.queries.buckets import Part
from monitoring.queries.metrics import LAMBDA, Point

COUNTS = ("Invocations", "Errors")


@dataclass(frozen=True, slots=True)
class FunctionSummary:
    """What a list of functions shows of each. `sparkline`: invocations in equal parts of the range, oldest first."""

    invocations: int
    errors: int
    p95_ms: float | None
    sparkline: list[int]

    @property
    def error_rate(self) -> float:
        """0 to 1."""
        return self.errors / self.invocations if self.invocations else 0.0


def summary(
    account_id: str, region: str, functions: Sequence[str], start: int, end: int, parts: int = 24
) -> dict[str, FunctionSummary]:
    """Figures for a list of functions, in one query whatever their number.

    Over half a day and more the sparkline has a part for each hour at most: hours are what is read then.
    """
    if end - start >= 12 * HOUR:
        parts = min(parts, (end - start) // HOUR)
    width = (end - start) / parts
    counts = {name: dict.fromkeys(map(of_function, functions), 0) for name in COUNTS}
    durations = {of_function(function): Point(start) for function in functions}
    sparklines = {of_function(function): [0] * parts for function in functions}
    when = buckets.whole(start, end) if width >= HOUR else [Part(MINUTE, start, end)]
    for bucket in buckets.of(account_id, region, LAMBDA, (*COUNTS, "Duration"), list(durations), when):
        if bucket.name == "Duration":
            durations[bucket.dimensions].add(bucket)
            continue
        counts[bucket.name][bucket.dimensions] += int(bucket.total)
        if bucket.name == "Invocations":
            part = min(max(int((bucket.start - start) / width), 0), parts - 1)
            sparklines[bucket.dimensions][part] += int(bucket.total)
    return {
        function: FunctionSummary(
            invocations=counts["Invocations"][key],
            errors=counts["Errors"][key],
            p95_ms=durations[key].value("p95"),
            sparkline=sparklines[key],
        )
        for function, key in ((function, of_function(function)) for function in functions)
    }


def sums(account_id: str, region: str, names: Collection[str], start: int, end: int) -> dict[str, dict[str, int]]:
    """The totals above 0 of counting metrics: by metric, then by function. One query for all functions."""
    found: dict[str, dict[str, int]] = {name: {} for name in names}
    rows = MetricBucket.objects.filter(account_id=account_id, region=region, namespace=LAMBDA, total__gt=0).order_by()
    for name, dimensions, total in buckets.together(
        rows.filter(part.q, name=name).values_list("name", "dimensions").annotate(Sum("total"))
        for name in names
        for part in buckets.whole(start, end)
    ):
        function = _function(dimensions)
        if function:
            found[name][function] = found[name].get(function, 0) + int(total)
    return found


def p95s(account_id: str, region: str, start: int, end: int) -> dict[str, float]:
    """The p95 of the duration in milliseconds, of every function that was invoked. One query."""
    points: dict[str, Point] = {}
    for bucket in buckets.of(account_id, region, LAMBDA, ["Duration"], None, buckets.whole(start, end)):
        if bucket.dimensions not in points:
            points[bucket.dimensions] = Point(start)
        points[bucket.dimensions].add(bucket)
    values = ((_function(dimensions), point.value("p95")) for dimensions, point in points.items())
    return {function: value for function, value in values if function and value is not None}


def _function(dimensions: str) -> str:
    """The function whose own figures these are; empty for those of the account or of a qualifier."""
    found = parse(dimensions)
    return found["FunctionName"] if found.keys() == {"FunctionName"} else ""
