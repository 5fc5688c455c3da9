"""The time range of a page: in the URL, relative (`now-3h`) or absolute, always UTC."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils import timezone

UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
RELATIVE = re.compile(r"now(?:-(\d{1,5})([mhdw]))?")
QUICK = [
    ("15m", "now-15m", "Last 15 minutes"),
    ("1h", "now-1h", "Last hour"),
    ("3h", "now-3h", "Last 3 hours"),
    ("12h", "now-12h", "Last 12 hours"),
    ("1d", "now-1d", "Last 24 hours"),
    ("1w", "now-7d", "Last 7 days"),
]
# The lengths of a period, in seconds.
PERIODS = (60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400)
LONGEST = timedelta(days=455)  # what CloudWatch keeps
SHORTEST = timedelta(minutes=1)


@dataclass(frozen=True)
class TimeRange:
    """`start` and `end` as times; `begins` and `ends` as they stand in the URL; `problem` when it made no sense."""

    start: datetime
    end: datetime
    begins: str
    ends: str
    problem: str = ""

    @property
    def span(self) -> timedelta:
        return self.end - self.start

    @property
    def is_live(self) -> bool:
        return self.ends == "now"

    @property
    def label(self) -> str:
        for _, begins, text in QUICK:
            if begins == self.begins and self.is_live:
                return text
        same_day = self.start.date() == self.end.date()
        last = self.end.strftime("%H:%M" if same_day else "%d %b %H:%M")
        return f"{self.start:%d %b %H:%M} – {'now' if self.is_live else last}"

    @property
    def query(self) -> str:
        return urlencode({"from": self.begins, "to": self.ends})

    @property
    def absolute_query(self) -> str:
        return urlencode({"from": text(self.start), "to": text(self.end)})

    @property
    def start_s(self) -> int:
        return int(self.start.timestamp())

    @property
    def end_s(self) -> int:
        """Rounded up: what came in within this second belongs to it."""
        return int(self.end.timestamp()) + 1

    @property
    def start_ms(self) -> int:
        return int(self.start.timestamp() * 1000)

    @property
    def end_ms(self) -> int:
        return int(self.end.timestamp() * 1000)


def read(query: QueryDict, default: str = "now-3h") -> TimeRange:
    """The range that the URL asks for. A range that makes no sense gives the default one, and says why."""
    begins, ends = query.get("from") or default, query.get("to") or "now"
    now = timezone.now()
    start, end = moment(begins, now), moment(ends, now)
    if start is None or end is None:
        wrong = begins if start is None else ends
        problem = f"{wrong!r} is no time: write now-3h, or 2026-11-21 12:00 (UTC)"
    elif end - start < SHORTEST:
        problem = "The range must begin a minute or more before it ends"
    elif end - start > LONGEST:
        problem = f"The range may be at most {LONGEST.days} days"
    else:
        return TimeRange(start, end, begins, ends)
    fallback = moment(default, now)
    assert fallback is not None
    return TimeRange(fallback, now, default, "now", problem)


@dataclass(frozen=True)
class Quick:
    short: str
    label: str
    url: str
    is_current: bool


def quick(span: TimeRange, query: Mapping[str, str]) -> list[Quick]:
    """The ready ranges, as links that keep the rest of the URL's query."""
    return [
        Quick(
            short,
            label,
            "?" + urlencode({**query, "from": begins, "to": "now"}),
            span.is_live and span.begins == begins,
        )
        for short, begins, label in QUICK
    ]


def period(span: TimeRange, points: int) -> int:
    """The length in seconds of the shortest periods of which at most about `points` make up the range."""
    width = span.span.total_seconds() / points
    return next((each for each in PERIODS if each >= width), PERIODS[-1])


def moment(value: str, now: datetime) -> datetime | None:
    found = RELATIVE.fullmatch(value.strip())
    if found is not None:
        return now - int(found[1] or 0) * UNITS[found[2]] if found[1] else now
    try:
        parsed = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def text(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def at(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
