"""A schedule in words: `cron(0 9 ? * MON-FRI *)` is "At 09:00, Monday to Friday"."""

from collections.abc import Callable, Sequence
from datetime import datetime

from functions.triggers.schedule.cron import HOUR, MINUTE, MONTH, YEAR, Cron, Field, MonthDays, WeekDays
from functions.triggers.schedule.expression import Rate, parse

WEEKDAYS = ("", "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTHS = tuple("" if month == 0 else datetime(2000, month, 1).strftime("%B") for month in range(13))
ORDINALS = ("", "first", "second", "third", "fourth", "fifth")
# More times of day than this are told by their rule, not one by one.
LISTED_TIMES = 6


def describe(expression: str) -> str:
    """One sentence without a full stop and without the time zone. Raises ExpressionError."""
    parsed = parse(expression)
    if isinstance(parsed, Rate):
        return _every(parsed.number, parsed.unit)
    times, days = _times(parsed), _days(parsed.days)
    if times.startswith("Every") and days == "every day":
        days = ""
    return ", ".join(part for part in (times, days, _months(parsed.months), _years(parsed.years)) if part)


def _times(cron: Cron) -> str:
    minutes, hours = cron.minutes, cron.hours
    if len(minutes) * len(hours) <= LISTED_TIMES:
        return "At " + _list([f"{hour:02}:{minute:02}" for hour in hours for minute in minutes])
    when = "" if _is_all(HOUR, hours) else f", {_hours(hours)}"
    if _is_all(MINUTE, minutes):
        return f"Every minute{when}"
    pace = _pace(MINUTE, minutes)
    if pace:
        return f"{_every(pace, 'minute')}{when}"
    past = "minute" if len(minutes) == 1 else "minutes"
    start = "Every hour on the hour" if minutes == (0,) else f"Every hour at {past} {_list(list(map(str, minutes)))}"
    if minutes == (0,) and (step := _pace(HOUR, hours)):
        return _every(step, "hour")
    return f"{start}{when}"


def _hours(hours: Sequence[int]) -> str:
    if pace := _pace(HOUR, hours):
        return f"in every {_ordinal(pace)} hour"
    if len(hours) > 1 and _is_run(hours):
        return f"from {hours[0]:02}:00 to {hours[-1]:02}:59"
    return "in the hours of " + _list([f"{hour:02}:00" for hour in hours])


def _days(days: MonthDays | WeekDays) -> str:
    if isinstance(days, WeekDays):
        return _weekdays(days)
    if len(days.numbers) == 31:
        return "every day"
    parts = []
    if days.numbers:
        numbers = sorted(days.numbers)
        parts.append(f"on day{'s' if len(numbers) > 1 else ''} {_runs(numbers, str)} of the month")
    parts += [f"on the weekday nearest to day {day}" for day in sorted(days.nearest)]
    if days.last_weekday:
        parts.append("on the last weekday of the month")
    if days.last:
        parts.append("on the last day of the month")
    return " and ".join(parts)


def _weekdays(days: WeekDays) -> str:
    if len(days.numbers) == 7:
        return "every day"
    parts = []
    if days.numbers:
        numbers = sorted(days.numbers, key=lambda day: (day - 2) % 7)  # the week begins on Monday when it is read
        names = _runs([(day - 2) % 7 for day in numbers], lambda day: WEEKDAYS[(day + 1) % 7 + 1])
        parts.append(names if len(numbers) > 2 and " to " in names else f"on {names}")
    parts += [f"on the last {WEEKDAYS[day]} of the month" for day in sorted(days.last)]
    parts += [f"on the {ORDINALS[number]} {WEEKDAYS[day]} of the month" for day, number in sorted(days.nth)]
    return " and ".join(parts)


def _months(months: Sequence[int]) -> str:
    return "" if _is_all(MONTH, months) else "in " + _runs(months, lambda month: MONTHS[month])


def _years(years: Sequence[int]) -> str:
    return "" if _is_all(YEAR, years) else "in " + _runs(years, str)


def _every(number: int, unit: str) -> str:
    return f"Every {unit}" if number == 1 else f"Every {number} {unit}s"


def _ordinal(number: int) -> str:
    return f"{number}{'nd' if number in (2, 22) else 'rd' if number in (3, 23) else 'th'}"


def _is_all(field: Field, values: Sequence[int]) -> bool:
    return len(values) == field.high - field.low + 1


def _is_run(values: Sequence[int]) -> bool:
    return values[-1] - values[0] == len(values) - 1


def _pace(field: Field, values: Sequence[int]) -> int:
    """The step of values that go evenly round the clock, from its beginning; else 0."""
    size = field.high - field.low + 1
    if len(values) < 2 or size % len(values):
        return 0
    step = size // len(values)
    return step if tuple(values) == tuple(range(field.low, field.high + 1, step)) else 0


def _runs(values: Sequence[int], show: Callable[[int], str]) -> str:
    """1, 2, 3, 7 as "1 to 3 and 7". Two neighbours are named one by one."""
    runs: list[list[int]] = []
    for value in values:
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    parts: list[str] = []
    for run in runs:
        parts += [f"{show(run[0])} to {show(run[-1])}"] if len(run) > 2 else [show(value) for value in run]
    return _list(parts)


def _list(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
