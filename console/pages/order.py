"""By what a list of functions is sorted when that takes a figure of every function, not of those on the page alone."""

import threading
import time
from collections.abc import Callable, Mapping

from django.conf import settings

from console.pages.timerange import TimeRange
from monitoring.queries import health

KEPT_SECONDS = 10.0  # who turns the pages of a list finds each function once, and the figures are read once
MOST = 100  # orders that are remembered

Values = Mapping[str, float]  # by function; absent: 0
# Account, column and the range as the URL has it.
_Key = tuple[str, str, str, str]


class Order:
    """The values of a column in a range of time, at most KEPT_SECONDS old. For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[_Key, tuple[float, Values]] = {}

    def values(self, account_id: str, column: str, span: TimeRange) -> Values:
        """`column` is one of COLUMNS."""
        key = (account_id, column, span.begins, span.ends)
        now = time.monotonic()
        with self._lock:
            self._known = {each: kept for each, kept in self._known.items() if now < kept[0] + KEPT_SECONDS}
            if key in self._known:
                return self._known[key][1]
        values = COLUMNS[column](account_id, settings.HEARTH_REGION, span.start_s, span.end_s)
        with self._lock:
            if len(self._known) < MOST:
                self._known[key] = (now, values)
        return values

    def forget(self) -> None:
        with self._lock:
            self._known.clear()


def _invocations(account_id: str, region: str, start: int, end: int) -> Values:
    return health.sums(account_id, region, ["Invocations"], start, end)["Invocations"]


def _errors(account_id: str, region: str, start: int, end: int) -> Values:
    """Shares of the invocations."""
    found = health.sums(account_id, region, health.COUNTS, start, end)
    calls = found["Invocations"]
    return {name: count / calls[name] for name, count in found["Errors"].items() if name in calls}


COLUMNS: dict[str, Callable[[str, str, int, int], Values]] = {
    "invocations": _invocations,
    "errors": _errors,
    "p95": health.p95s,
}
order = Order()
