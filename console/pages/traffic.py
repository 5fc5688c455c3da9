"""What the versions behind an alias did with their shares of its traffic, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from django.conf import settings

from console.pages.timerange import TimeRange, period
from console.templatetags.hearth import version as named
from functions.models import Alias
from monitoring.histogram import merge
from monitoring.queries import metrics
from monitoring.queries.metrics import Metric, Point

NAMES = ("Invocations", "Errors", "Duration", "InitDuration")
POINTS = 60
WIDTH, HEIGHT = 300, 34  # of a sparkline
FEW = 30  # requests, below which nothing is said about a difference
SURE = 2.0  # standard errors: what is beyond is hardly chance


@dataclass(frozen=True)
class Side:
    """One version's share and figures. Sparklines are SVG paths, their tops (`*_top`) the same on both sides."""

    label: str
    share: float
    requests: int
    errors: int
    p95: float | None
    cold_starts: int
    error_path: str
    p95_path: str
    error_top: float
    p95_top: float

    @property
    def name(self) -> str:
        return named(self.label)

    @property
    def error_rate(self) -> float | None:
        return self.errors / self.requests if self.requests else None

    @property
    def cold_rate(self) -> float | None:
        return self.cold_starts / self.requests if self.requests else None


@dataclass(frozen=True)
class Verdict:
    look: str  # ok, warn, err, info
    head: str
    text: str


@dataclass(frozen=True)
class Comparison:
    sides: list[Side]  # the alias's own version, then the candidate

    @property
    def candidate(self) -> Side | None:
        return self.sides[1] if len(self.sides) > 1 else None

    @property
    def rate_change(self) -> float | None:
        """In percentage points, the candidate against the other; None when one of them was not called."""
        rates = [side.error_rate for side in self.sides]
        return None if len(rates) < 2 or rates[0] is None or rates[1] is None else (rates[1] - rates[0]) * 100

    @property
    def p95_change(self) -> float | None:
        """Milliseconds."""
        values = [side.p95 for side in self.sides]
        return None if len(values) < 2 or values[0] is None or values[1] is None else values[1] - values[0]

    @property
    def verdict(self) -> Verdict | None:
        """Whether the candidate fails more often, as far as the number of requests can tell."""
        if self.candidate is None:
            return None
        old, new = self.sides
        if min(old.requests, new.requests) < FEW:
            return Verdict(
                "info",
                "Too few requests to tell.",
                f"{old.requests:,} to {old.name} and {new.requests:,} to {new.name}: {FEW} of each are the least.",
            )
        before, after = old.error_rate or 0.0, new.error_rate or 0.0
        pooled = (old.errors + new.errors) / (old.requests + new.requests)
        error = sqrt(max(pooled * (1 - pooled), 1e-6) * (1 / old.requests + 1 / new.requests))
        points = f"{SURE * error * 100:.2g} points"
        if after - before > SURE * error:
            return Verdict(
                "err",
                f"{new.name} fails more often than {old.name}.",
                f"By {(after - before) * 100:.2g} points; chance alone would hardly give more than {points}.",
            )
        if after - before > error:
            return Verdict(
                "info",
                f"{new.name} fails more often than {old.name} so far, maybe by chance.",
                f"By {(after - before) * 100:.2g} points; so few requests show no change below {points}.",
            )
        return Verdict(
            "ok",
            f"{new.name} fails no more often than {old.name}.",
            f"{new.requests:,} requests are enough to see a change of {points}.",
        )


def compare(alias: Alias, span: TimeRange) -> Comparison:
    """One query."""
    function = alias.function
    candidates = [(label, float(weight)) for label, weight in alias.routing.items()]
    shares = [(alias.version, 1 - sum(weight for _, weight in candidates)), *candidates]
    wanted = {(label, name): _metric(alias, label, name) for label, _ in shares for name in NAMES}
    every = period(span, POINTS)
    read = metrics.read(
        function.account_id, settings.HEARTH_REGION, list(wanted.values()), span.start_s, span.end_s, every
    )
    points = {key: {point.start: point for point in read[metric]} for key, metric in wanted.items()}
    times = list(range(span.start_s // every * every, span.end_s, every))
    rates: dict[str, list[float | None]] = {}
    p95s: dict[str, list[float | None]] = {}
    for label, _ in shares:
        rates[label] = _values(points[label, "Errors"], times, "Average")
        p95s[label] = _values(points[label, "Duration"], times, "p95")
    error_top = _top([value for values in rates.values() for value in values]) or 0.01
    p95_top = _top([value for values in p95s.values() for value in values]) or 1.0
    sides = []
    for label, share in shares:
        whole = {name: _whole(list(points[label, name].values())) for name in NAMES}
        sides.append(
            Side(
                label=label,
                share=share,
                requests=int(whole["Invocations"].total),
                errors=int(whole["Errors"].total),
                p95=whole["Duration"].value("p95"),
                cold_starts=int(whole["InitDuration"].count),
                error_path=path(rates[label], error_top),
                p95_path=path(p95s[label], p95_top),
                error_top=error_top,
                p95_top=p95_top,
            )
        )
    return Comparison(sides)


def counts(aliases: Sequence[Alias], span: TimeRange) -> dict[str, tuple[int, int]]:
    """Invocations and errors of several aliases of one function, by name. One query."""
    if not aliases:
        return {}
    function = aliases[0].function
    wanted = {(alias.name, name): _metric(alias, "", name) for alias in aliases for name in ("Invocations", "Errors")}
    found = metrics.totals(function.account_id, settings.HEARTH_REGION, list(wanted.values()), span.start_s, span.end_s)
    return {
        alias.name: (
            int(found[wanted[alias.name, "Invocations"]].total),
            int(found[wanted[alias.name, "Errors"]].total),
        )
        for alias in aliases
    }


def path(values: Sequence[float | None], top: float) -> str:
    """The line of a sparkline; a part without a value is drawn at the bottom. Empty without any."""
    if not any(value is not None for value in values):
        return ""
    step = WIDTH / max(len(values) - 1, 1)
    heights = [HEIGHT - 2 - (value or 0.0) / top * (HEIGHT - 4) for value in values]
    return "M" + " ".join(f"{number * step:.1f} {height:.1f}" for number, height in enumerate(heights))


def _metric(alias: Alias, label: str, name: str) -> Metric:
    dimensions = {"FunctionName": alias.function.name, "Resource": f"{alias.function.name}:{alias.name}"}
    return Metric.of(name, dimensions | ({"ExecutedVersion": label} if label else {}))


def _values(points: dict[int, Point], times: Sequence[int], statistic: str) -> list[float | None]:
    return [points[time].value(statistic) if time in points else None for time in times]


def _top(values: Sequence[float | None]) -> float:
    return max((value for value in values if value is not None), default=0.0)


def _whole(points: Sequence[Point]) -> Point:
    whole = Point(0)
    for point in points:
        whole.count += point.count
        whole.total += point.total
        whole.minimum = min(whole.minimum, point.minimum)
        whole.maximum = max(whole.maximum, point.maximum)
        merge(whole.histogram, point.histogram)
    return whole
