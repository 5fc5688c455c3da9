"""How functions do, many at once: for lists of functions. Times are epoch seconds, ranges half-open."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import CharField, Max, Min, QuerySet, Sum, TextField, Value
from django.db.models.functions import Cast

from monitoring.dimensions import of_function, parse
from monitoring.models import MetricBucket
from monitoring.models.metric import HOUR, MINUTE
from monitoring.queries import buckets
from monitoring.queries.buckets import Part
from monitoring.queries.durations import Durations, Joined
from monitoring.queries.metrics import LAMBDA

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

    Over half a day and more the sparkline has a part for each hour at most: hours are what is read then. A duration is
    a sample of each invocation: their buckets count these too.
    """
    if not functions:
        return {}
    if end - start >= 12 * HOUR:
        parts = min(parts, (end - start) // HOUR)
    width = (end - start) / parts
    errors = dict.fromkeys(map(of_function, functions), 0)
    durations = {key: Durations() for key in errors}
    sparklines = {key: [0] * parts for key in errors}
    rows = _rows(account_id, region).filter(dimensions__in=errors)
    calls = rows.filter(name="Duration").values_list(
        "dimensions", "start", "count", "minimum", "maximum", Cast("histogram", TextField())
    )
    failed = rows.filter(name="Errors", total__gt=0).values_list(
        "dimensions", "start", "total", "minimum", "maximum", Value("", TextField())
    )
    when = buckets.whole(start, end) if width >= HOUR else [Part(MINUTE, start, end)]
    for key, at, count, low, high, histogram in buckets.together(
        some.filter(part.q) for some in (calls, failed) for part in when
    ):
        if not histogram:
            errors[key] += int(count)
            continue
        durations[key].add(low, high, histogram)
        part = int((at - start) / width)
        sparklines[key][min(max(part, 0), parts - 1)] += int(count)
    return {
        function: FunctionSummary(sum(sparklines[key]), errors[key], durations[key].percentile(95), sparklines[key])
        for function, key in ((function, of_function(function)) for function in functions)
    }


def sums(account_id: str, region: str, names: Collection[str], start: int, end: int) -> dict[str, dict[str, int]]:
    """The totals above 0 of counting metrics: by metric, then by function. One query for all functions."""
    found: dict[str, dict[str, int]] = {name: {} for name in names}
    rows = _rows(account_id, region).filter(total__gt=0)
    for name, dimensions, total in buckets.together(
        rows.filter(part.q, name=name)
        .values("dimensions")
        .annotate(sum=Sum("total"))
        .values_list(Value(name, CharField()), "dimensions", "sum")
        for name in names
        for part in buckets.whole(start, end)
    ):
        function = _function(dimensions)
        if function:
            found[name][function] = found[name].get(function, 0) + int(total)
    return found


def p95s(account_id: str, region: str, start: int, end: int) -> dict[str, float]:
    """The p95 of the duration in milliseconds, of every function that was invoked. One query."""
    found: dict[str, Durations] = {}
    rows = _rows(account_id, region).filter(name="Duration")
    for dimensions, low, high, histograms in buckets.together(
        rows.filter(part.q)
        .values("dimensions")
        .annotate(low=Min("minimum"), high=Max("maximum"), histograms=Joined("histogram"))
        .values_list("dimensions", "low", "high", "histograms")
        for part in buckets.whole(start, end)
    ):
        function = _function(dimensions)
        if function:
            found.setdefault(function, Durations()).add(low, high, histograms)
    values = ((function, durations.percentile(95)) for function, durations in found.items())
    return {function: value for function, value in values if value is not None}


def _rows(account_id: str, region: str) -> QuerySet[MetricBucket]:
    return MetricBucket.objects.filter(account_id=account_id, region=region, namespace=LAMBDA).order_by()


def _function(dimensions: str) -> str:
    """The function whose own figures these are; empty for those of the account or of a qualifier."""
    found = parse(dimensions)
    return found["FunctionName"] if found.keys() == {"FunctionName"} else ""
