"""Rows of MetricBucket in a range of time. Times are epoch seconds, ranges half-open.

A range is read by parts of one period each, put together by UNION ALL. With an OR of them no index would serve the
times, and a read would cost what is kept, not what is asked for.
"""

import time
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from monitoring.models import MetricBucket
from monitoring.models.metric import HOUR, MINUTE


class Bucket(NamedTuple):
    """One row, as light as can be: a page reads thousands."""

    name: str
    dimensions: str
    start: int
    unit: str
    samples: float
    total: float
    minimum: float
    maximum: float
    histogram: str  # JSON text


class Part(NamedTuple):
    """The buckets of one period that begin in a range."""

    period: int
    start: int
    end: int

    @property
    def q(self) -> Q:
        return Q(period=self.period, start__gte=self.start, start__lt=self.end)


def whole(start: int, end: int) -> list[Part]:
    """The fewest buckets that make up a range: whole hours, and minutes at both ends.

    Of a range that ends now, the hour that runs is whole too: its bucket holds what came until now.
    """
    now = int(time.time())
    if now <= end < now // HOUR * HOUR + HOUR:
        end = now // HOUR * HOUR + HOUR
    first, last = -(-start // HOUR) * HOUR, end // HOUR * HOUR
    if first >= last:
        return [Part(MINUTE, start, end)]
    parts = [Part(HOUR, first, last), Part(MINUTE, start, first), Part(MINUTE, last, end)]
    return [part for part in parts if part.start < part.end]


def of(
    account_id: str,
    region: str,
    namespace: str,
    names: Collection[str],
    dimensions: Collection[str] | None,
    parts: Iterable[Part],
) -> Iterator[Bucket]:
    """The buckets of some metrics, in no order. One query. `dimensions` of None: of all there are."""
    rows = MetricBucket.objects.filter(account_id=account_id, region=region, namespace=namespace, name__in=names)
    if dimensions is not None:
        rows = rows.filter(dimensions__in=dimensions)
    columns = ("name", "dimensions", "start", "unit", "count", "total", "minimum", "maximum", "text")
    light = rows.annotate(text=Cast("histogram", TextField())).values_list(*columns)
    for row in together(light.filter(part.q) for part in parts):
        yield Bucket(*row)


def together(some: Iterable[QuerySet[Any, Any]]) -> QuerySet[Any, Any]:
    """The rows of several reads of the same columns, in one query."""
    first, *others = some
    return first.union(*others, all=True) if others else first
