"""Schedule expressions: `rate(5 minutes)` and `cron(0 9 ? * MON-FRI *)`.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from itertools import islice
from zoneinfo import ZoneInfo, available_timezones

from functions.triggers.schedule.cron import Cron, ExpressionError

FORM = re.compile(r"(rate|cron)\((.*)\)")
RATE = re.compile(r"([0-9]{1,9})\s+(minute|hour|day)(s?)")
LONGEST = timedelta(days=365 * 200)


@dataclass(frozen=True, slots=True)
class Rate:
    """Every so often, counted from when the schedule was made."""

    number: int
    unit: str  # minute, hour, day

    @classmethod
    def parse(cls, text: str) -> "Rate":
        """`text` is what stands between the parentheses. Raises ExpressionError."""
        form = RATE.fullmatch(text.strip())
        if form is None:
            raise ExpressionError("rate takes a number and a unit: rate(5 minutes), rate(1 hour), rate(7 days).")
        number, unit, plural = int(form[1]), form[2], form[3]
        if number == 0:
            raise ExpressionError("The number of a rate is at least 1.")
        if (number == 1) == bool(plural):
            raise ExpressionError(f"The unit is {unit} with 1 and {unit}s with any other number.")
        rate = cls(number, unit)
        if timedelta(**{f"{unit}s": number}) > LONGEST:
            raise ExpressionError("The rate is too long.")
        return rate

    @property
    def period(self) -> timedelta:
        return timedelta(**{f"{self.unit}s": self.number})

    def after(self, moment: datetime, zone: ZoneInfo, anchor: datetime | None = None) -> Iterator[datetime]:
        """Every time after `moment`, in the zone. Without an anchor the first is one period later."""
        start = moment if anchor is None else anchor
        done = max((moment - start) // self.period, 0)
        while True:
            done += 1
            yield (start + done * self.period).astimezone(zone)


@lru_cache(maxsize=4096)
def parse(expression: str) -> Rate | Cron:
    """Raises ExpressionError, whose text says what is wrong."""
    form = FORM.fullmatch(expression.strip())
    if form is None:
        raise ExpressionError("A schedule is rate(...) or cron(...).")
    return Rate.parse(form[2]) if form[1] == "rate" else Cron.parse(form[2])


@cache
def zones() -> tuple[str, ...]:
    """The names of the time zones, sorted."""
    return tuple(sorted(available_timezones() - {"localtime", "posixrules", "Factory"}))


def next_times(
    expression: str, after: datetime, count: int = 5, zone: str = "UTC", *, anchor: datetime | None = None
) -> list[datetime]:
    """The next `count` times after the aware `after`, in the zone; fewer when the time-table ends.

    `anchor` is what a rate counts from: when its schedule was made. Raises ExpressionError for the expression or the
    zone.
    """
    parsed = parse(expression)
    if zone not in zones():
        raise ExpressionError(f"There is no time zone {zone!r}.")
    place = ZoneInfo(zone)
    times = parsed.after(after, place, anchor) if isinstance(parsed, Rate) else parsed.after(after, place)
    try:
        return list(islice(times, count))
    except OverflowError:  # beyond the year 9999
        return []


def next_time(
    expression: str, after: datetime, zone: str = "UTC", *, anchor: datetime | None = None
) -> datetime | None:
    """The next time, or None when the time-table has ended. Raises as `next_times` does."""
    return next(iter(next_times(expression, after, 1, zone, anchor=anchor)), None)
