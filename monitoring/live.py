"""Log lines as they are written, for whoever looks: Redis pub/sub, one channel for each log group.

The ingester publishes what it has just committed, and only where somebody listens. A message is a JSON object:

    by      the publisher
    first   how many lines of the channel it had seen before this message
    seen    how many after it
    lines   [[epoch ms, message, request id or "", log stream], ...]: at most `MESSAGE_LINES` of `LINE_CHARACTERS`

What lies between `first` and `seen` and is not in `lines` was dropped, as was what lies between two messages of the
same publisher: so a listener can say how many lines it did not get. Nothing here is needed to keep a line.
"""

import contextlib
import json
import logging
import secrets
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings

from monitoring.ingest.rows import group_of, stream_of
from monitoring.report import Report

PREFIX = "hearth:tail:"
END = "hearth:tails-end"  # a message here ends every tail: Hearth stops
MESSAGE_LINES = 1000
MESSAGE_CHARACTERS = 512 * 1024
LINE_CHARACTERS = 16 * 1024
# The ingester must never wait for a broker that is slow or gone, and asks it again only after a while.
PUBLISH_TIMEOUT = 0.2
RETRY_SECONDS = 5.0

logger = logging.getLogger(__name__)


def channel(account_id: str, region: str, group: str) -> str:
    return f"{PREFIX}{account_id}:{region}:{group}"


@dataclass(frozen=True, slots=True)
class LiveLine:
    ms: int
    message: str
    request_id: str
    stream: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What one message brought. `dropped`: lines that were written before these and did not come."""

    lines: list[LiveLine]
    dropped: int


class Ended(Exception):
    """Hearth stops."""


class Publisher:
    """Not for several threads. Never raises: a live tail is not worth a log line."""

    def __init__(self, url: str = "") -> None:
        self._redis = redis.Redis.from_url(
            url or settings.REDIS_URL, socket_timeout=PUBLISH_TIMEOUT, socket_connect_timeout=PUBLISH_TIMEOUT
        )
        self._id = secrets.token_hex(8)
        self._seen: dict[str, int] = {}  # of the channels that are listened to
        self._quiet_until = 0.0

    def publish(self, reports: Iterable[Report]) -> None:
        """Send the lines of committed reports to those who listen to their groups."""
        if time.monotonic() < self._quiet_until:
            return
        try:
            listened = self._listened()
            if listened:
                self._send(reports, listened)
        except (redis.RedisError, OSError, ValueError) as problem:
            self._quiet_until = time.monotonic() + RETRY_SECONDS
            # Without a listener that we know of, nobody misses anything.
            level = logging.WARNING if self._seen else logging.DEBUG
            logger.log(level, "live tails get nothing for %s s: %s", RETRY_SECONDS, problem)

    def _listened(self) -> set[str]:
        names: Any = self._redis.pubsub_channels(PREFIX + "*")
        listened = {name.decode() for name in names}
        if self._seen:
            self._seen = {name: count for name, count in self._seen.items() if name in listened}
        return listened

    def _send(self, reports: Iterable[Report], listened: set[str]) -> None:
        found: dict[str, list[Report]] = {}
        for report in reports:
            if report.lines:
                name = channel(report.account_id[:12], report.region[:32], group_of(report))
                if name in listened:
                    found.setdefault(name, []).append(report)
        for name, ours in found.items():
            first = self._seen.get(name, 0)
            self._seen[name] = seen = first + sum(len(report.lines) for report in ours)
            message = {"by": self._id, "first": first, "seen": seen, "lines": list(_within_limits(ours))}
            self._redis.publish(name, json.dumps(message))


def _within_limits(reports: list[Report]) -> Iterator[tuple[int, str, str, str]]:
    room, count = MESSAGE_CHARACTERS, 0
    for report in reports:
        stream = stream_of(report)
        for at, message in report.lines:
            text = message[:LINE_CHARACTERS]
            room, count = room - len(text), count + 1
            if room < 0 or count > MESSAGE_LINES:
                return
            yield at, text, report.request_id, stream


class Listener:
    """One open tail. Close it: it holds a connection to the broker. Raises redis.RedisError when that is away."""

    def __init__(self, name: str, url: str = "") -> None:
        self._redis = redis.Redis.from_url(url or settings.REDIS_URL, socket_timeout=5, socket_connect_timeout=2)
        self._pubsub = self._redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        self._known: dict[str, int] = {}  # publisher -> what it had seen
        try:
            self._pubsub.subscribe(name, END)
        except BaseException:
            self.close()
            raise

    def wait(self, seconds: float) -> Batch | None:
        """The next lines; None when there were none within that time. Raises Ended."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            message = self._pubsub.get_message(timeout=left)
            if message is not None and message["channel"] == END.encode():
                raise Ended
            if message is not None:
                return self._read(json.loads(message["data"]))
        return None

    def close(self) -> None:
        self._pubsub.close()
        self._redis.close()

    def _read(self, message: dict[str, Any]) -> Batch:
        lines = [LiveLine(*line) for line in message["lines"]]
        before = self._known.get(message["by"], message["first"])
        self._known[message["by"]] = message["seen"]
        return Batch(lines, max(0, message["seen"] - before - len(lines)))


def end_all() -> None:
    """End every open tail, so that the web processes need not wait for them. Never raises."""
    with contextlib.suppress(redis.RedisError, OSError):
        redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1).publish(END, "")
