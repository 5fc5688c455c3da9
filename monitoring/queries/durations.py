"""Many functions' durations: no more of each bucket than what a percentile takes, for there are thousands."""

from dataclasses import dataclass, field
from typing import Any

import orjson
from django.db.models import Aggregate, TextField

from monitoring.histogram import Histogram, merge, percentile


class Joined(Aggregate):
    """The values of a group as one text, with commas between."""

    function = "GROUP_CONCAT"
    output_field = TextField()
    allow_distinct = False

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="STRING_AGG((%(expressions)s)::text, ',')", **context)


@dataclass(slots=True)
class Durations:
    """Put together from buckets, each with its lowest and highest value and its histogram as JSON text."""

    low: float = float("inf")
    high: float = float("-inf")
    histograms: list[str] = field(default_factory=list)

    def add(self, low: float, high: float, histograms: str) -> None:
        """`histograms`: one, or several with commas between."""
        self.low, self.high = min(self.low, low), max(self.high, high)
        self.histograms.append(histograms)

    def percentile(self, percent: float) -> float | None:
        """None without samples."""
        if not self.histograms:
            return None
        if self.low == self.high:
            return self.low
        whole: Histogram = {}
        for each in orjson.loads(f"[{','.join(self.histograms)}]"):
            merge(whole, each)
        value = percentile(whole, percent)
        return None if value is None else min(max(value, self.low), self.high)
