"""One subscriber of an environment's telemetry: what it wants, what waits for it, and the batches on their way.

A subscriber is hostile as everything in a sandbox: what waits is bounded, and what does not fit is dropped and told
when a batch has left. One batch is on its way at a time.
Source: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api.html
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from functions.execution.loop import Loop, Timer

ATTEMPTS = 3  # to deliver a batch
RETRY_SECONDS = 0.1
FROZEN_SECONDS = 5.0
WAITING_BYTES = 8 * 1024 * 1024  # for all subscribers of an environment
WAITING = 4  # times the bytes of a batch may wait for one subscriber
BEHIND = "Some logs were dropped because the downstream consumer is slower than the logs production rate"


class Delivery(Protocol):
    def send(self, events: list[bytes], done: Callable[[bool], None]) -> None:
        """Calls `done` once, now or later, with whether the subscriber took them. Does not block."""

    def close(self) -> None:
        """`done` is not called any more."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A subscription as it was asked for. `api`: telemetry or logs."""

    api: str
    types: tuple[str, ...]  # platform, function, extension
    max_items: int
    max_bytes: int
    timeout_s: float


@dataclass(slots=True)
class Room:
    """What waits for all subscribers of one environment, in bytes: together they must not fill our memory."""

    used: int = 0


class Subscription:
    """`dropped(size, count, reason)` is called when events were lost; `frozen()` says whether sending has to wait."""

    def __init__(
        self,
        loop: Loop,
        name: str,
        wanted: Wanted,
        delivery: Delivery,
        dropped: Callable[[int, int, str], None],
        room: Room,
        frozen: Callable[[], bool],
    ) -> None:
        self.name = name
        self.wanted = wanted
        self._loop = loop
        self._delivery = delivery
        self._dropped = dropped
        self._room = room
        self._frozen = frozen
        self._events: list[bytes] = []
        self._size = 0
        self._lost = [0, 0]  # bytes, events
        self._timer: Timer | None = None
        self._sending: list[bytes] = []
        self._attempt = 0
        self.closed = False

    def take(self, event: bytes) -> None:
        if self.closed:
            return
        if self._size + len(event) > WAITING * self.wanted.max_bytes or self._room.used > WAITING_BYTES:
            self._lost[0] += len(event)
            self._lost[1] += 1
            return
        self._events.append(event)
        self._size += len(event)
        self._room.used += len(event)
        if len(self._events) >= self.wanted.max_items or self._size >= self.wanted.max_bytes:
            self.flush()
        elif self._timer is None:
            self._timer = self._loop.later(self.wanted.timeout_s, self._due)

    def flush(self) -> None:
        """Send what waits, unless a batch is on its way: then it follows that one."""
        if self.closed or self._sending or not self._events or self._frozen():
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        count = size = 0
        for event in self._events[: self.wanted.max_items]:
            if count and size + len(event) > self.wanted.max_bytes:
                break
            count += 1
            size += len(event)
        self._sending, self._events = self._events[:count], self._events[count:]
        self._size -= size
        self._room.used -= size
        self._attempt = 0
        self._send()

    def close(self) -> None:
        self.closed = True
        self._delivery.close()
        self._room.used -= self._size
        self._size = 0
        self._events.clear()
        self._sending = []

    def _due(self) -> None:
        self._timer = None
        self.flush()

    def _send(self) -> None:
        if not self.closed:
            self._attempt += 1
            self._delivery.send(self._sending, self._sent)

    def _sent(self, taken: bool) -> None:
        if self.closed:
            return
        if not taken and self._frozen():  # it could not
            self._attempt -= 1
            self._loop.later(FROZEN_SECONDS, self._send)
            return
        if not taken and self._attempt < ATTEMPTS:
            self._loop.later(RETRY_SECONDS, self._send)
            return
        batch, self._sending = self._sending, []
        if not taken:
            self._dropped(sum(map(len, batch)), len(batch), "The subscriber could not be reached or refused the batch.")
        if self._lost[1]:
            size, count = self._lost
            self._lost = [0, 0]
            self._dropped(size, count, BEHIND)
        if taken and (len(self._events) >= self.wanted.max_items or self._size >= self.wanted.max_bytes):
            self.flush()
        elif self._events and self._timer is None:
            self._timer = self._loop.later(self.wanted.timeout_s, self._due)
