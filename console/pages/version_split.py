"""The figures of a function by the version that ran.

A call that names a version counts for it, one through an alias for the version that the alias chose; the rest is
$LATEST. Durations of $LATEST alone are not kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from console.pages.function_head import Head
from console.templatetags.hearth import version as named
from monitoring.histogram import merge
from monitoring.queries import metrics
from monitoring.queries.metrics import Metric, Point

NAMES = ("Invocations", "Errors", "Duration")
MOST = 6  # versions with a colour of their own
SEARCHED = 20  # the newest versions


@dataclass(frozen=True)
class Part:
    """One version: its points by metric and time."""

    label: str
    points: dict[str, dict[int, Point]]

    @property
    def name(self) -> str:
        return named(self.label)

    def values(self, name: str, statistic: str, times: Sequence[int], empty: float | None = None) -> list[float | None]:
        points = self.points[name]
        return [points[time].value(statistic) if time in points else empty for time in times]


def read(head: Head, start: int, end: int, period: int) -> list[Part]:
    """The versions that ran, at most MOST: of an alias its own first, else the newest first. One query."""
    function, name = head.function, head.function.name
    labels = [version.label for version in head.versions[:SEARCHED]]
    if head.alias:
        first = [head.alias.version, *head.alias.routing]
        labels = [*first, *(label for label in labels if label not in first)]
    wanted: dict[Metric, tuple[str, str]] = {}
    for label in labels:
        places = [{"Resource": f"{name}:{alias.name}", "ExecutedVersion": label} for alias in head.aliases]
        if head.alias:
            places = [{"Resource": f"{name}:{head.alias.name}", "ExecutedVersion": label}]
        else:
            places.append({"Resource": f"{name}:{label}"})
        for place in places:
            for each in NAMES:
                wanted[Metric.of(each, {"FunctionName": name, **place})] = (label, each)
    found = metrics.read(function.account_id, settings.HEARTH_REGION, list(wanted), start, end, period)
    parts = {label: Part(label, {each: {} for each in NAMES}) for label in labels}
    for metric, points in found.items():
        label, each = wanted[metric]
        for point in points:
            _add(parts[label].points[each], point)
    return [part for part in parts.values() if part.points["Invocations"]][:MOST]


def _add(into: dict[int, Point], point: Point) -> None:
    whole = into.setdefault(point.start, Point(point.start))
    whole.count += point.count
    whole.total += point.total
    whole.minimum = min(whole.minimum, point.minimum)
    whole.maximum = max(whole.maximum, point.maximum)
    merge(whole.histogram, point.histogram)
