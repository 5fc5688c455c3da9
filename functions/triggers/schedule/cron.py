"""AWS's cron: six fields, `cron(minutes hours day-of-month month day-of-week year)`.

    cron(0 9 ? * MON-FRI *)      cron(0/15 * * * ? *)     cron(0 8 LW * ? *)     cron(30 6 ? JAN-MAR FRI#2 2027)

One of day-of-month and day-of-week is `?`. Days of the week are 1 to 7, Sunday to Saturday.
Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


class ExpressionError(ValueError):
    """The expression is none. The text says why, for people."""


@dataclass(frozen=True, slots=True)
class Field:
    """What one field may hold. `names` are those of the values from `low` on."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    wraps: bool = True  # FRI-MON, 22-2

    def value(self, text: str) -> int:
        if text.upper() in self.names:
            return self.low + self.names.index(text.upper())
        if text.isascii() and text.isdigit() and len(text) <= 4 and self.low <= int(text) <= self.high:
            return int(text)
        allowed = f"{self.low} to {self.high}"
        if self.names:
            allowed += f" or {self.names[0]} to {self.names[-1]}"
        raise ExpressionError(f"{self.name.capitalize()} is {allowed}, not {text!r}.")

    def values(self, text: str) -> Iterator[int]:
        """The values of one item between commas: `*`, `5`, `1-5`, `0/15`, `*/2`, `10-30/5`."""
        span, slash, pace = text.partition("/")
        first, dash, last = span.partition("-")
        if span == "*":
            start, end = self.low, self.high
        elif dash:
            start, end = self.value(first), self.value(last)
        else:
            start = self.value(span)
            end = self.high if slash else start
        if slash and not (pace.isascii() and pace.isdigit() and len(pace) <= 4 and int(pace)):
            raise ExpressionError(f"{text!r} in {self.name}: after the slash stands a number above 0.")
        if end < start:
            if not self.wraps:
                raise ExpressionError(f"{text!r} in {self.name}: the range ends before it begins.")
            end += self.high - self.low + 1
        for value in range(start, end + 1, int(pace) if slash else 1):
            yield value if value <= self.high else value - (self.high - self.low + 1)


MINUTE = Field("minutes", 0, 59)
HOUR = Field("hours", 0, 23)
DAY = Field("day-of-month", 1, 31, wraps=False)
MONTH = Field("month", 1, 12, MONTHS)
WEEKDAY = Field("day-of-week", 1, 7, WEEKDAYS)
YEAR = Field("year", 1970, 2199, wraps=False)


@dataclass(frozen=True, slots=True)
class MonthDays:
    """The day-of-month field: numbers, `L`, `LW` and `15W`."""

    numbers: frozenset[int]
    nearest: frozenset[int] = frozenset()  # 15W: the weekday nearest to the 15th, in the same month
    last: bool = False
    last_weekday: bool = False

    @classmethod
    def parse(cls, text: str) -> "MonthDays":
        items = [item.upper() for item in text.split(",")]
        numbers = [item for item in items if item not in ("L", "LW") and not item.endswith("W")]
        return cls(
            numbers=frozenset(value for item in numbers for value in DAY.values(item)),
            nearest=frozenset(DAY.value(item[:-1]) for item in items if item.endswith("W") and item != "LW"),
            last="L" in items,
            last_weekday="LW" in items,
        )

    def of(self, year: int, month: int) -> set[int]:
        length = calendar.monthrange(year, month)[1]
        days = {day for day in self.numbers if day <= length}
        days |= {_nearest_weekday(year, month, day, length) for day in self.nearest if day <= length}
        if self.last:
            days.add(length)
        if self.last_weekday:
            days.add(_nearest_weekday(year, month, length, length))
        return days


@dataclass(frozen=True, slots=True)
class WeekDays:
    """The day-of-week field: numbers and names, `FRIL` (the last one) and `TUE#2` (the second one)."""

    numbers: frozenset[int]
    last: frozenset[int] = frozenset()
    nth: frozenset[tuple[int, int]] = frozenset()  # (day of the week, 1 to 5)

    @classmethod
    def parse(cls, text: str) -> "WeekDays":
        numbers, last, nth = set[int](), set[int](), set[tuple[int, int]]()
        for item in text.split(","):
            day, sharp, number = item.partition("#")
            if sharp:
                if number not in ("1", "2", "3", "4", "5"):
                    raise ExpressionError(f"{item!r} in day-of-week: after # stands a number from 1 to 5.")
                nth.add((WEEKDAY.value(day), int(number)))
            elif item.upper() == "L":  # alone it is the last day of the week
                numbers.add(7)
            elif item.upper().endswith("L"):
                last.add(WEEKDAY.value(item[:-1]))
            else:
                numbers.update(WEEKDAY.values(item))
        return cls(frozenset(numbers), frozenset(last), frozenset(nth))

    def of(self, year: int, month: int) -> set[int]:
        length = calendar.monthrange(year, month)[1]
        days = set()
        for day in range(1, length + 1):
            weekday = date(year, month, day).isoweekday() % 7 + 1
            if (
                weekday in self.numbers
                or (weekday in self.last and day + 7 > length)
                or (weekday, (day + 6) // 7) in self.nth
            ):
                days.add(day)
        return days


@dataclass(frozen=True, slots=True)
class Cron:
    """A parsed expression. `days` is whichever of the two day fields is not `?`."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: MonthDays | WeekDays
    months: tuple[int, ...]
    years: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> "Cron":
        """`text` is what stands between the parentheses. Raises ExpressionError."""
        fields = text.split()
        if len(fields) != 6:
            raise ExpressionError(
                f"cron has six fields, minutes hours day-of-month month day-of-week year: these are {len(fields)}."
            )
        minutes, hours, day, month, weekday, year = fields
        if (day == "?") == (weekday == "?"):
            raise ExpressionError("One of day-of-month and day-of-week must be ?, and only one.")
        return cls(
            minutes=_values(MINUTE, minutes),
            hours=_values(HOUR, hours),
            days=MonthDays.parse(day) if weekday == "?" else WeekDays.parse(weekday),
            months=_values(MONTH, month),
            years=_values(YEAR, year),
        )

    def after(self, moment: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """Every time after `moment`, in the zone. Ends when the years do.

        A time that the clocks skip in spring is left out; one that they show twice in autumn comes once, first.
        Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#daylist-savings-time
        """
        start = moment.astimezone(zone).replace(tzinfo=None, fold=0)
        for day in self._days(start.date()):
            midnight = datetime(day.year, day.month, day.day)
            for hour in self.hours:
                for minute in self.minutes:
                    local = midnight + timedelta(hours=hour, minutes=minute)
                    if local < start:
                        continue
                    found = local.replace(tzinfo=zone)
                    exact = found.astimezone(UTC)
                    if exact > moment and exact.astimezone(zone).replace(tzinfo=None, fold=0) == local:
                        yield found

    def _days(self, start: date) -> Iterator[date]:
        for year in self.years:
            if year < start.year:
                continue
            for month in self.months:
                if (year, month) < (start.year, start.month):
                    continue
                for number in sorted(self.days.of(year, month)):
                    day = date(year, month, number)
                    if day >= start:
                        yield day


def _values(field: Field, text: str) -> tuple[int, ...]:
    return tuple(sorted({value for item in text.split(",") for value in field.values(item)}))


def _nearest_weekday(year: int, month: int, day: int, length: int) -> int:
    """The weekday nearest to a day, not leaving the month."""
    weekday = calendar.weekday(year, month, day)
    if weekday == calendar.SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == calendar.SUNDAY:
        return day + 1 if day < length else day - 2
    return day
