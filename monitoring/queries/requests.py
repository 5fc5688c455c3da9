"""Log lines grouped by request: what the console's log page shows. Times are epoch milliseconds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Q

from monitoring.models import Invocation, LogChunk, LogGroup
from monitoring.queries.logs import FAR, SCAN_LINES, Position, in_order
from monitoring.queries.patterns import Matches

LINES = 1000  # kept of one request; `RequestLog.cut` says when there were more


@dataclass(frozen=True, slots=True)
class Line:
    position: Position
    message: str

    @property
    def ms(self) -> int:
        return self.position.ms


@dataclass(slots=True)
class RequestLog:
    """The lines of one request, in order, with its record.

    `request_id` is None for lines that an environment wrote outside of invocations: those of one chunk. `invocation` is
    the last attempt's record, None while it runs; the figures of the REPORT line are its fields.
    """

    request_id: UUID | None
    stream: str
    lines: list[Line] = field(default_factory=list)
    cut: bool = False
    invocation: Invocation | None = None
    attempts: int = 0

    @property
    def started_ms(self) -> int:
        return self.lines[0].ms if self.lines else 0

    @property
    def outcome(self) -> str:
        """A value of `monitoring.report.Outcome`; "running" without a record, "" outside of invocations."""
        if self.invocation is not None:
            return self.invocation.outcome
        return "running" if self.request_id else ""


@dataclass(frozen=True, slots=True)
class RequestPage:
    """The request with the newest line first. `next_token` of None: the last page."""

    items: list[RequestLog]
    next_token: str | None


def requests(
    group: LogGroup,
    *,
    start_ms: int = 0,
    end_ms: int = FAR,
    matches: Matches | None = None,
    stream: str = "",
    limit: int = 25,
    token: str | None = None,
) -> RequestPage:
    """Requests with a line between two times that `matches`, each with all its lines.

    Three queries, and one more for each 200 chunks read. Raises ValueError for a token that no page gave.
    """
    first = Position(end_ms)
    position = Position.parse(token) if token else first
    chunks = Q(group=group) & (Q(stream__name=stream) if stream else Q())

    def wanted(chunk: LogChunk) -> bool:
        return chunk.last_ms >= start_ms and (matches is None or any(matches(message) for _, message in chunk.lines))

    def shown(chunk: LogChunk) -> bool:
        """A request is on the page of its newest chunk that is wanted."""
        return position <= place(chunk) < first and wanted(chunk)

    found: dict[object, LogChunk] = {}
    last = None
    scanned = 0
    more = False
    for chunk in in_order(chunks, start_ms - LogChunk.SPAN_MS, position.ms, ascending=False):
        if place(chunk) >= position:
            continue
        key = chunk.request_id or chunk.pk
        if (len(found) >= limit and key not in found) or scanned >= SCAN_LINES:
            more = True
            break
        last = place(chunk)
        scanned += len(chunk.lines)
        if wanted(chunk):
            found.setdefault(key, chunk)
    items = load(group, found.values(), shown)
    return RequestPage(items, str(last) if more and last else None)


def one(group: LogGroup, request_id: str) -> RequestLog | None:
    """The lines and record of one request; None when there is no line of it."""
    try:
        key = UUID(request_id)
    except ValueError:
        return None
    chunk = LogChunk.objects.filter(group=group, request_id=key).select_related("stream").order_by("first_ms").first()
    return load(group, [chunk], lambda chunk: False)[0] if chunk else None


def place(chunk: LogChunk) -> Position:
    return Position(chunk.first_ms, chunk.pk)


def load(group: LogGroup, chunks: Iterable[LogChunk], shown: Callable[[LogChunk], bool]) -> list[RequestLog]:
    """The whole requests that these chunks belong to, without those that a page before has `shown`."""
    logs: dict[object, RequestLog] = {}
    keys = []
    for chunk in chunks:
        log = logs[chunk.request_id or chunk.pk] = RequestLog(chunk.request_id, chunk.stream.name)
        if chunk.request_id:
            keys.append(chunk.request_id)
        else:
            append(log, chunk)
    # Both by request id alone: with more in the query, SQLite would walk the index of the group or account.
    whole = [chunk for chunk in LogChunk.objects.filter(request_id__in=keys) if chunk.group_id == group.pk]
    for chunk in sorted(whole, key=place):
        if shown(chunk):
            logs.pop(chunk.request_id, None)
        elif chunk.request_id in logs:
            append(logs[chunk.request_id], chunk)
    records = Invocation.objects.filter(request_id__in=keys).defer("event", "response")
    for record in sorted(records, key=lambda record: (record.started_at, record.pk)):
        ours = (record.account_id, record.region, record.log_group) == (group.account_id, group.region, group.name)
        if ours and record.request_id in logs:
            logs[record.request_id].invocation = record
            logs[record.request_id].attempts += 1
    return list(logs.values())


def append(log: RequestLog, chunk: LogChunk) -> None:
    room = LINES - len(log.lines)
    log.cut = log.cut or len(chunk.lines) > room
    for index, (at, message) in enumerate(chunk.lines[:room]):
        log.lines.append(Line(Position(at, chunk.pk, index), message))
