"""The log of one function: by request or by line, with a histogram, for reading, linking and taking away."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property
from django.views.decorators.http import require_safe

from console.pages import access, function_head, logfilter, loglines, outcomes, timerange
from console.pages.function_head import Head
from console.pages.loglines import Line
from console.pages.timerange import TimeRange
from monitoring.models import LogGroup
from monitoring.queries import logs
from monitoring.queries import requests as grouped
from monitoring.queries.logs import Event, EventPage, Position
from monitoring.queries.patterns import InvalidPattern

REQUESTS = 25
LINES = 200
AROUND = 60  # lines before and behind the one that a link names
DOWNLOADED = 100_000  # lines
PARTS = 80  # of the histogram
COUNTED = 20_000  # lines that it reads
KINDS = [("info", "Info", "--c1"), ("warn", "Warning", "--c-warn"), ("err", "Error", "--c-err")]
VIEWS = [("", "By request"), ("lines", "Lines")]


@dataclass(frozen=True)
class Shown:
    """One line on the page. `fields`: name, value, and the URL that filters by it (empty where no filter can)."""

    line: Line
    position: Position
    permalink: str
    fields: list[tuple[str, str, str]]
    request_id: str = ""
    is_marked: bool = False


@dataclass
class Group:
    """One request as the page shows it."""

    log: grouped.RequestLog
    lines: list[Shown]
    is_open: bool = False

    @property
    def request_id(self) -> str:
        return str(self.log.request_id) if self.log.request_id else ""

    @cached_property
    def summary(self) -> str:
        """The worst line, else the last one that the function wrote."""
        own = [shown.line for shown in self.lines if shown.line.kind != "sys"]
        worst = max(own, key=lambda line: line.rank, default=None)
        if worst is None:
            return ""
        line = worst if worst.rank >= loglines.LEVELS["warn"] else own[-1]
        return line.message.splitlines()[0] if line.message else " ".join(f"{k}={v}" for k, v in line.fields.items())

    @property
    def badge(self) -> outcomes.Badge:
        record = self.log.invocation
        return outcomes.badge(self.log.outcome, record.error_type if record else "")


@dataclass
class Search:
    """What the URL asks for."""

    view: str
    text: str
    level: str
    request_id: str
    line: str
    token: str
    span: TimeRange

    @classmethod
    def read(cls, query: QueryDict) -> "Search":
        text, wanted = query.get("q", "").strip(), query.get("request", "").strip()
        if _is_uuid(text):
            text, wanted = "", text
        line = query.get("line", "")
        return cls(
            view="lines" if (query.get("view") == "lines" or line) and not wanted else "",
            text=text,
            level=logfilter.known_level(query.get("level", "all")),
            request_id=wanted,
            line=line,
            token=query.get("page", ""),
            span=timerange.read(query),
        )

    @property
    def is_filtered(self) -> bool:
        return bool(self.text or self.request_id) or self.level != "all"

    def query(self, head: Head) -> dict[str, str]:
        """Of the URL, without the page."""
        values = {
            "view": self.view,
            "q": self.text,
            "level": "" if self.level == "all" else self.level,
            "from": self.span.begins,
            "to": self.span.ends,
            "qualifier": "" if head.is_latest else head.qualifier,
        }
        return {key: value for key, value in values.items() if value}


@access.page
@require_safe
def show(request: HttpRequest, name: str) -> HttpResponse:
    head = function_head.load(request, name, "logs")
    search = Search.read(request.GET)
    group = _group(head)
    query = search.query(head)
    problem, next_token = "", ""
    found: dict[str, Any] = {}
    try:
        if group is not None:
            found, next_token = (
                _lines(group, search, head, query) if search.view else _requests(group, search, head, query)
            )
    except InvalidPattern as error:
        problem = f"The filter is not understood: {error}."
    except ValueError as error:
        raise Http404("There is no such page of the log.") from error
    context: dict[str, Any] = {
        "head": head,
        "section": "functions",
        "search": search,
        "span": search.span,
        "quick": timerange.quick(search.span, query),
        "keep": {key: value for key, value in query.items() if key not in ("from", "to")},
        "groups": [],
        "lines": [],
        **found,
        "levels": [(key, label, _url(query, level=key), key == search.level) for key, label in logfilter.LEVELS],
        "views": [(label, _url(query, view=key), key == search.view) for key, label in VIEWS],
        "older": _url(query, page=next_token) if next_token else "",
        "newer": _url(query) if search.token or search.line else "",
        "here": _url(query),
        "all": reverse("logs", args=[name]) + head.qualifier_query,
        "tail": reverse("tail", args=[name]) + _url({k: query[k] for k in ("q", "level", "qualifier") if k in query}),
        "download": reverse("logs-download", args=[name]) + _url(query),
        "histogram": reverse("logs-histogram", args=[name]) + _url(query),
        "has_histogram": group is not None and not (search.request_id or search.line or problem),
        "is_live": search.span.is_live and not (search.token or search.request_id or search.view or problem),
        "problem": problem,
        "group": group,
        "copied": _copied(search),
    }
    part = "function/log_list.html" if request.headers.get("HX-Request") else "function/logs.html"
    return render(request, part, context)


def _copied(search: Search) -> dict[str, Any]:
    """Members of FilterLogEvents, and what no such call can say."""
    return {
        "pattern": logfilter.as_pattern(search.text or search.request_id),
        "start": search.span.start_ms,
        "end": search.span.end_s * 1000,
        "note": "" if search.level == "all" else "Lines of all levels: the API has no filter by level.",
    }


@access.page
@require_safe
def histogram(request: HttpRequest, name: str) -> HttpResponse:
    """Lines over time by level: a part of the page, read after it."""
    head = function_head.load(request, name, "logs")
    search = Search.read(request.GET)
    group = _group(head)
    try:
        matches = logfilter.matches(search.text, search.level)
    except InvalidPattern:
        matches, group = None, None

    def kind(message: str) -> str | None:
        if matches is not None and not matches(message):
            return None
        found = loglines.parse(message).kind
        return None if found == "sys" else found or "info"

    span = search.span
    start, end = span.start_ms, span.end_s * 1000
    counts = (
        logs.count(group, kind, start_ms=start, end_ms=end, parts=PARTS, limit=COUNTED) if group else logs.Counts([], 0)
    )
    top = max((sum(part.values()) for part in counts.parts), default=0)
    query, width = search.query(head), (end - start) / PARTS
    bars = []
    for at, part in enumerate(counts.parts):
        below, pieces = 0.0, []
        for key, _, colour in KINDS:
            height = 100 * part.get(key, 0) / top if top else 0
            if height:
                below += height
                pieces.append((colour, f"{100 - below:.2f}", f"{height:.2f}"))
        if pieces:
            first, last = (timerange.at((start + width * edge) / 1000) for edge in (at, at + 1))
            url = _url(query, **{"from": timerange.text(first), "to": timerange.text(last)}) if width >= 60_000 else ""
            bars.append((at * 1000 / PARTS, pieces, url, f"{first:%H:%M:%S}, {sum(part.values())} lines"))
    context = {
        "bars": bars,
        "width": 1000 / PARTS - 2,
        "top": top,
        "total": sum(sum(part.values()) for part in counts.parts),
        "kinds": KINDS,
        "ticks": [f"{timerange.at((start + (end - start) * at / 4) / 1000):{_tick(span)}}" for at in range(5)],
        "since": timerange.at(counts.since_ms / 1000) if counts.since_ms else None,
        "logs": reverse("logs", args=[name]),
    }
    return render(request, "function/log_histogram.html", context)


@access.page
@require_safe
def download(request: HttpRequest, name: str) -> HttpResponseBase:
    """The lines of the range that match, as text: `<time>\\t<line>`; with `format=json` a JSON object on each line."""
    head = function_head.load(request, name, "logs")
    search = Search.read(request.GET)
    group = _group(head)
    try:
        matches = logfilter.matches(search.text, search.level)
    except InvalidPattern as error:
        return HttpResponse(f"The filter is not understood: {error}.\n", status=400, content_type="text/plain")
    as_json = request.GET.get("format") == "json"

    def written() -> Iterator[str]:
        position, count, more = None, 0, group is not None
        while more and group is not None and count < DOWNLOADED:
            page = logs.events(
                group,
                start_ms=search.span.start_ms,
                end_ms=search.span.end_s * 1000,
                matches=matches,
                after=position,
                limit=1000,
            )
            for event in page.events:
                if _is_of(event, head):
                    count += 1
                    yield _json_line(event) if as_json else f"{_time(event)}\t{event.message.rstrip()}\n"
            position, more = page.position, page.more
        if more:
            yield json.dumps({"cut": True}) + "\n" if as_json else f"[hearth] cut after {count} lines\n"

    response = StreamingHttpResponse(written(), content_type="application/x-ndjson" if as_json else "text/plain")
    suffix = "ndjson" if as_json else "log"
    response["Content-Disposition"] = f'attachment; filename="{name}-{search.span.start:%Y%m%dT%H%M%S}.{suffix}"'
    return response


def _group(head: Head) -> LogGroup | None:
    return logs.group(head.function.account_id, settings.HEARTH_REGION, head.version.log_group)


def _requests(group: LogGroup, search: Search, head: Head, query: dict[str, str]) -> tuple[dict[str, Any], str]:
    if search.request_id:
        one = grouped.one(group, search.request_id)
        page = grouped.RequestPage([one] if one else [], None)
    else:
        page = grouped.requests(
            group,
            start_ms=search.span.start_ms,
            end_ms=search.span.end_s * 1000,
            matches=logfilter.matches(search.text, search.level),
            limit=REQUESTS,
            token=search.token or None,
        )
    groups = [
        Group(log, [_shown(line.message, line.position, query) for line in log.lines], bool(search.request_id))
        for log in page.items
        if head.is_latest or _is_request_of(log, head)
    ]
    return {"groups": groups}, page.next_token or ""


def _lines(group: LogGroup, search: Search, head: Head, query: dict[str, str]) -> tuple[dict[str, Any], str]:
    """The newest lines first in reach, shown in the order in which they were written."""
    if search.line:
        marked = Position.parse(search.line)
        behind = logs.events(group, before=marked._replace(line=marked.line + 1), forward=False, limit=AROUND)
        ahead = logs.events(group, after=marked, limit=AROUND)
        page = EventPage([*behind.events, *ahead.events], None, more=False)
    else:
        page = logs.events(
            group,
            start_ms=search.span.start_ms,
            end_ms=search.span.end_s * 1000,
            matches=logfilter.matches(search.text, search.level),
            before=Position.parse(search.token) if search.token else None,
            forward=False,
            limit=LINES,
        )
        marked = None
    lines = []
    for event in page.events:
        if _is_of(event, head):
            request_id = str(event.request_id) if event.request_id else ""
            shown = _shown(event.message, event.position, query)
            lines.append(replace(shown, request_id=request_id, is_marked=event.position == marked))
    return {"lines": lines}, str(page.position) if page.more and page.position else ""


def _shown(message: str, position: Position, query: dict[str, str]) -> Shown:
    line = loglines.parse(message, position.ms)
    can_filter = message.startswith("{")
    fields = []
    for name, value in line.fields.items():
        pattern = logfilter.narrowed(query.get("q", ""), name, value) if can_filter else ""
        fields.append((name, value, _url(query, q=pattern) if pattern else ""))
    link = {"line": str(position)} | {key: query[key] for key in ("qualifier",) if key in query}
    return Shown(line, position, f"?{urlencode(link)}#line", fields)


def _is_of(event: Event, head: Head) -> bool:
    """Whether the environment that wrote a line ran what the qualifier shows: its name holds the version."""
    if head.is_latest:
        return True
    labels = [label for label, _ in head.shares] or [head.version.label]
    return any(f"[{label}]" in event.stream for label in labels)


def _is_request_of(log: grouped.RequestLog, head: Head) -> bool:
    record = log.invocation
    if record is None:
        return False
    return record.qualifier == head.alias.name if head.alias else record.version == head.version.label


def _json_line(event: Event) -> str:
    request_id = str(event.request_id) if event.request_id else None
    line = {"time": _time(event), "requestId": request_id, "logStream": event.stream, "message": event.message}
    return json.dumps(line, ensure_ascii=False) + "\n"


def _time(event: Event) -> str:
    return timerange.at(event.timestamp / 1000).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _tick(span: TimeRange) -> str:
    return "%d %b" if span.span.total_seconds() > 36 * 3600 else "%H:%M"


def _is_uuid(text: str) -> bool:
    try:
        return len(text) == 36 and bool(uuid.UUID(text))
    except ValueError:
        return False


def _url(query: dict[str, str], **changed: str) -> str:
    return "?" + urlencode({key: value for key, value in {**query, **changed}.items() if value})
