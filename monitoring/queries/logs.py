"""Log lines in order of time. Times are epoch milliseconds, ranges half-open.

Lines of several streams lie in chunks whose spans overlap. A chunk spans at most `LogChunk.SPAN_MS`, so that a read in
order of the chunks' first line merges them with a small heap, and no read begins at the beginning.
"""

import heapq
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

import orjson
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from monitoring.models import LogChunk, LogGroup, LogStream
from monitoring.queries.patterns import Matches

CHUNKS_AT_ONCE = 200
SCAN_LINES = 20_000  # of one page: a rare pattern gives empty pages with a token, not a request without end
PAGE_CHARACTERS = 1_000_000  # AWS: a page is at most 1 MB
LINE_OVERHEAD = 26
FAR = 1 << 62


class Position(NamedTuple):
    """Where a line stands: before another one of its millisecond by chunk, then by place in the chunk."""

    ms: int
    chunk: int = -1
    line: int = -1

    def __str__(self) -> str:
        """56 digits, as AWS's event ids have."""
        return f"{self.ms:020d}{self.chunk + 1:020d}{self.line + 1:016d}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Raises ValueError."""
        if len(text) != 56 or not (text.isascii() and text.isdigit()):
            raise ValueError(text)
        position = cls(int(text[:20]), int(text[20:40]) - 1, int(text[40:]) - 1)
        if position.ms > FAR or position.chunk > FAR:
            raise ValueError(text)
        return position


@dataclass(frozen=True, slots=True)
class Event:
    """One log line. `request_id` is None for a line outside of invocations."""

    position: Position
    message: str
    stream: str
    ingested_ms: int
    request_id: UUID | None

    @property
    def timestamp(self) -> int:
        return self.position.ms

    @property
    def event_id(self) -> str:
        return str(self.position)


@dataclass(frozen=True, slots=True)
class EventPage:
    """`events` are always the oldest first.

    `position` is that of the last line that was looked at, matching or not, in the direction of the read; None when
    there was none. `more` is False when the range holds nothing beyond.
    """

    events: list[Event]
    position: Position | None
    more: bool


def group(account_id: str, region: str, name: str) -> LogGroup | None:
    return LogGroup.objects.filter(account_id=account_id, region=region, name=name).first()


def events(
    within: LogGroup | LogStream,
    *,
    streams: Collection[str] | None = None,
    stream_prefix: str = "",
    start_ms: int = 0,
    end_ms: int = FAR,
    matches: Matches | None = None,
    after: Position | None = None,
    before: Position | None = None,
    forward: bool = True,
    limit: int = 1000,
) -> EventPage:
    """A page of lines of a group or stream between two times.

    `forward` gives the oldest `limit` lines behind `after`, else the newest ones ahead of `before`: pass the page's
    `position` to go on. A page may be shorter than `limit` (see PAGE_CHARACTERS, SCAN_LINES) with `more` to come. One
    query for each 200 chunks that are read.
    """
    chunks = chunks_of(within)
    if streams is not None:
        chunks &= Q(stream__name__in=streams)
    if stream_prefix:
        chunks &= Q(stream__name__startswith=stream_prefix)
    low = max(Position(start_ms), after or Position(0))
    high = min(Position(end_ms), before or Position(FAR))
    found: list[Event] = []
    last = None
    size = 0
    lines = ascending(chunks, low, high) if forward else descending(chunks, low, high)
    for scanned, event in enumerate(lines):
        if len(found) >= limit or scanned >= SCAN_LINES or size >= PAGE_CHARACTERS:
            return EventPage(found if forward else found[::-1], last, more=True)
        last = event.position
        if matches is None or matches(event.message):
            found.append(event)
            size += len(event.message) + LINE_OVERHEAD
    return EventPage(found if forward else found[::-1], last, more=False)


@dataclass(frozen=True, slots=True)
class Counts:
    """Lines by part of a range and by kind. `since_ms`: earlier lines were not all counted, 0 when all were."""

    parts: list[dict[str, int]]
    since_ms: int


def count(
    within: LogGroup | LogStream,
    kind: Callable[[str], str | None],
    *,
    start_ms: int,
    end_ms: int,
    parts: int,
    limit: int,
) -> Counts:
    """How many lines of which kind each part of a range holds, of the newest `limit` lines. None: not counted.

    Chunks are counted whole: it may be a few lines more. One query.
    """
    found: list[dict[str, int]] = [{} for _ in range(parts)]
    rows = LogChunk.objects.filter(
        chunks_of(within), first_ms__gte=start_ms - LogChunk.SPAN_MS, first_ms__lt=end_ms
    ).order_by("-first_ms", "-pk")
    counted = 0
    for first_ms, text in rows.values_list("first_ms", Cast("lines", TextField()))[: limit + 1].iterator():
        if counted >= limit:
            return Counts(found, first_ms + LogChunk.SPAN_MS)
        for at, message in orjson.loads(text):
            if start_ms <= at < end_ms:
                counted += 1
                if of := kind(message):
                    part = found[min((at - start_ms) * parts // (end_ms - start_ms), parts - 1)]
                    part[of] = part.get(of, 0) + 1
    return Counts(found, 0)


def chunks_of(within: LogGroup | LogStream) -> Q:
    return Q(stream=within) if isinstance(within, LogStream) else Q(group=within)


def ascending(chunks: Q, low: Position, high: Position) -> Iterator[Event]:
    """Lines after `low` and before `high`, the oldest first."""
    heap: list[tuple[Position, Event]] = []
    for chunk in in_order(chunks, low.ms - LogChunk.SPAN_MS, high.ms, ascending=True):
        while heap and heap[0][0].ms < chunk.first_ms:
            yield heapq.heappop(heap)[1]
        for event in lines_of(chunk, low, high):
            heapq.heappush(heap, (event.position, event))
    while heap:
        yield heapq.heappop(heap)[1]


def descending(chunks: Q, low: Position, high: Position) -> Iterator[Event]:
    """The same lines, the newest first."""
    heap: list[tuple[tuple[int, ...], Event]] = []
    for chunk in in_order(chunks, low.ms - LogChunk.SPAN_MS, high.ms, ascending=False):
        while heap and heap[0][1].timestamp > chunk.first_ms + LogChunk.SPAN_MS:
            yield heapq.heappop(heap)[1]
        for event in lines_of(chunk, low, high):
            heapq.heappush(heap, (tuple(-part for part in event.position), event))
    while heap:
        yield heapq.heappop(heap)[1]


def lines_of(chunk: LogChunk, low: Position, high: Position) -> Iterator[Event]:
    for index, (at, message) in enumerate(chunk.lines):
        position = Position(at, chunk.pk, index)
        if low < position < high:
            yield Event(position, message, chunk.stream.name, chunk.ingested_ms, chunk.request_id)


def in_order(chunks: Q, from_ms: int, to_ms: int, *, ascending: bool) -> Iterator[LogChunk]:
    """Chunks with their stream that begin from `from_ms` to `to_ms`, read by pages of the index."""
    rows = LogChunk.objects.filter(chunks, first_ms__gte=from_ms, first_ms__lte=to_ms).select_related("stream")
    rows = rows.order_by("first_ms", "pk") if ascending else rows.order_by("-first_ms", "-pk")
    beyond = Q()
    while True:
        page = list(rows.filter(beyond)[:CHUNKS_AT_ONCE])
        yield from page
        if len(page) < CHUNKS_AT_ONCE:
            return
        at, pk = page[-1].first_ms, page[-1].pk
        if ascending:
            beyond = Q(first_ms__gte=at) & (Q(first_ms__gt=at) | Q(pk__gt=pk))
        else:
            beyond = Q(first_ms__lte=at) & (Q(first_ms__lt=at) | Q(pk__lt=pk))
