"""`rate(...)` and `cron(...)`: when they come, how they read, and what is none."""

from datetime import UTC, datetime

import pytest

from functions.triggers.schedule.cron import ExpressionError
from functions.triggers.schedule.expression import next_time, next_times, parse
from functions.triggers.schedule.sentence import describe

SATURDAY = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)


def times(expression: str, count: int = 3, *, after: datetime = SATURDAY, zone: str = "UTC") -> list[str]:
    return [f"{each:%a %Y-%m-%d %H:%M}" for each in next_times(expression, after, count, zone)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 9 ? * MON-FRI *)", ["Mon 2026-11-23 09:00", "Tue 2026-11-24 09:00", "Wed 2026-11-25 09:00"]),
        ("cron(0/15 * * * ? *)", ["Sat 2026-11-21 12:45", "Sat 2026-11-21 13:00", "Sat 2026-11-21 13:15"]),
        ("cron(*/40 * * * ? *)", ["Sat 2026-11-21 12:40", "Sat 2026-11-21 13:00", "Sat 2026-11-21 13:40"]),
        ("cron(10-30/10 13 * * ? *)", ["Sat 2026-11-21 13:10", "Sat 2026-11-21 13:20", "Sat 2026-11-21 13:30"]),
        ("cron(0 10 L * ? *)", ["Mon 2026-11-30 10:00", "Thu 2026-12-31 10:00", "Sun 2027-01-31 10:00"]),
        ("cron(0 8 LW * ? *)", ["Mon 2026-11-30 08:00", "Thu 2026-12-31 08:00", "Fri 2027-01-29 08:00"]),
        ("cron(0 0 1W * ? 2027)", ["Fri 2027-01-01 00:00", "Mon 2027-02-01 00:00", "Mon 2027-03-01 00:00"]),
        ("cron(0 0 1W 5 ? 2027)", ["Mon 2027-05-03 00:00"]),  # a Saturday: not back into April
        ("cron(0 0 1W 8 ? 2027)", ["Mon 2027-08-02 00:00"]),  # a Sunday
        ("cron(0 0 31W JAN ? 2027)", ["Fri 2027-01-29 00:00"]),  # a Sunday: the Friday before
        ("cron(0 0 ? * 6L *)", ["Fri 2026-11-27 00:00", "Fri 2026-12-25 00:00", "Fri 2027-01-29 00:00"]),
        ("cron(0 0 ? * L *)", ["Sat 2026-11-28 00:00", "Sat 2026-12-05 00:00", "Sat 2026-12-12 00:00"]),
        ("cron(0 0 ? * TUE#2 *)", ["Tue 2026-12-08 00:00", "Tue 2027-01-12 00:00", "Tue 2027-02-09 00:00"]),
        ("cron(0 0 ? 2 1#5 *)", ["Sun 2032-02-29 00:00"]),
        ("cron(0 0 ? * SAT-MON *)", ["Sun 2026-11-22 00:00", "Mon 2026-11-23 00:00", "Sat 2026-11-28 00:00"]),
        ("cron(0 22-1 * * ? *)", ["Sat 2026-11-21 22:00", "Sat 2026-11-21 23:00", "Sun 2026-11-22 00:00"]),
        ("cron(0 0 29 FEB ? *)", ["Tue 2028-02-29 00:00", "Sun 2032-02-29 00:00", "Fri 2036-02-29 00:00"]),
        ("cron(0 0 1 1 ? 2026-2199/100)", ["Tue 2126-01-01 00:00"]),
        ("cron(0 0 30 2 ? *)", []),
        ("cron(0 0 1 1 ? 2020)", []),
        ("cron(5 4 1,L dec ? 2026)", ["Tue 2026-12-01 04:05", "Thu 2026-12-31 04:05"]),
        ("rate(5 minutes)", ["Sat 2026-11-21 12:35", "Sat 2026-11-21 12:40", "Sat 2026-11-21 12:45"]),
        ("rate(1 day)", ["Sun 2026-11-22 12:30", "Mon 2026-11-23 12:30", "Tue 2026-11-24 12:30"]),
    ],
)
def test_the_next_times(expression: str, expected: list[str]) -> None:
    assert times(expression)[: len(expected) or 3] == expected


def test_a_time_that_is_now_is_not_the_next() -> None:
    nine = datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert times("cron(0 9 * * ? *)", 1, after=nine) == ["Tue 2026-11-24 09:00"]


def test_a_rate_keeps_its_beat_from_when_it_was_made() -> None:
    made = datetime(2026, 11, 21, 12, 1, tzinfo=UTC)
    assert next_time("rate(10 minutes)", SATURDAY, anchor=made) == datetime(2026, 11, 21, 12, 31, tzinfo=UTC)
    later = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
    assert next_time("rate(10 minutes)", SATURDAY, anchor=later) == datetime(2026, 11, 21, 13, 10, tzinfo=UTC)


def test_times_are_of_the_zone() -> None:
    assert times("cron(0 9 * * ? *)", 1, zone="Asia/Tokyo") == ["Sun 2026-11-22 09:00"]
    tokyo = next_time("cron(0 9 * * ? *)", SATURDAY, "Asia/Tokyo")
    assert tokyo == datetime(2026, 11, 22, 0, 0, tzinfo=UTC)


def test_an_hour_that_is_skipped_in_spring_does_not_fire() -> None:
    before = datetime(2027, 3, 27, 12, tzinfo=UTC)
    found = times("cron(30 2 * * ? *)", 2, after=before, zone="Europe/Berlin")
    assert found == ["Mon 2027-03-29 02:30", "Tue 2027-03-30 02:30"]


def test_an_hour_that_comes_twice_in_autumn_fires_once() -> None:
    before = datetime(2026, 10, 24, 12, tzinfo=UTC)
    found = next_times("cron(30 2 * * ? *)", before, 2, "Europe/Berlin")
    assert [each.astimezone(UTC) for each in found] == [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 26, 1, 30, tzinfo=UTC),
    ]
    # From within the second of the two hours, the first is over.
    within = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    assert next_time("cron(30 2 * * ? *)", within, "Europe/Berlin") == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("rate(1 minute)", "Every minute"),
        ("rate(12 hours)", "Every 12 hours"),
        ("cron(0 9 ? * MON-FRI *)", "At 09:00, Monday to Friday"),
        ("cron(0 9,17 ? * 2,4 *)", "At 09:00 and 17:00, on Monday and Wednesday"),
        ("cron(0/15 * * * ? *)", "Every 15 minutes"),
        ("cron(0 0/6 * * ? *)", "At 00:00, 06:00, 12:00 and 18:00, every day"),
        ("cron(0 0/2 * * ? *)", "Every 2 hours"),
        ("cron(* * * * ? *)", "Every minute"),
        ("cron(0/5 8-17 ? * MON-FRI *)", "Every 5 minutes, from 08:00 to 17:59, Monday to Friday"),
        ("cron(5 * * * ? *)", "Every hour at minute 5"),
        ("cron(15 10 LW * ? *)", "At 10:15, on the last weekday of the month"),
        ("cron(0 0 1,15 JAN-MAR ? 2027)", "At 00:00, on days 1 and 15 of the month, in January to March, in 2027"),
        ("cron(0 0 15W * ? *)", "At 00:00, on the weekday nearest to day 15"),
        ("cron(0 0 ? * FRIL *)", "At 00:00, on the last Friday of the month"),
        ("cron(0 0 ? 1,7 3#1 *)", "At 00:00, on the first Tuesday of the month, in January and July"),
        ("cron(0 0 ? * SAT-MON *)", "At 00:00, on Monday, Saturday and Sunday"),
    ],
)
def test_a_schedule_in_words(expression: str, sentence: str) -> None:
    assert describe(expression) == sentence


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "rate(...) or cron(...)"),
        ("0 9 * * ? *", "rate(...) or cron(...)"),
        ("rate(5)", "a number and a unit"),
        ("rate(5 weeks)", "a number and a unit"),
        ("rate(-1 minutes)", "a number and a unit"),
        ("rate(0 minutes)", "at least 1"),
        ("rate(1 minutes)", "minute with 1"),
        ("rate(5 minute)", "minutes with any other"),
        ("rate(999999999 days)", "too long"),
        ("cron(0 9 * * ?)", "six fields"),
        ("cron(0 9 * * * *)", "must be ?"),
        ("cron(0 9 ? * ? *)", "must be ?"),
        ("cron(60 9 * * ? *)", "Minutes is 0 to 59, not '60'"),
        ("cron(0 24 * * ? *)", "Hours is 0 to 23"),
        ("cron(0 9 0 * ? *)", "Day-of-month is 1 to 31"),
        ("cron(0 9 W * ? *)", "Day-of-month"),
        ("cron(0 9 * 13 ? *)", "Month is 1 to 12 or JAN to DEC"),
        ("cron(0 9 ? * 8 *)", "Day-of-week is 1 to 7 or SUN to SAT"),
        ("cron(0 9 ? * MON#6 *)", "after # stands a number from 1 to 5"),
        ("cron(0/0 9 * * ? *)", "after the slash"),
        ("cron(1, 9 * * ? *)", "Minutes"),
        ("cron(0 9 20-10 * ? *)", "ends before it begins"),
        ("cron(0 9 * * ? 1969)", "Year is 1970 to 2199"),
        ("cron(0 ٩ * * ? *)", "Hours"),
    ],
)
def test_what_is_no_expression(expression: str, reason: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse(expression)
    assert reason in str(refused.value)


def test_an_unknown_zone() -> None:
    for zone in ("", "Mars/Base", "Europe", "../../etc/passwd"):
        with pytest.raises(ExpressionError):
            next_times("rate(1 day)", SATURDAY, zone=zone)
