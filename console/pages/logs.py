"""The log of one function, grouped by request."""

import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from console.pages import access, function_head, loglines, timerange
from console.pages.timerange import TimeRange
from monitoring.models import LogGroup
from monitoring.queries import invocations, logs
from monitoring.queries import requests as grouped
from monitoring.queries.patterns import InvalidPattern, Matches, compile_pattern
from monitoring.report import Outcome

PAGE = 25
LEVELS = [("all", "All lines"), ("info", "Info"), ("warn", "Warnings"), ("error", "Errors")]
OUTCOMES = {
    Outcome.SUCCESS: ("Succeeded", "ok", "check"),
    Outcome.ERROR: ("Error", "err", "err"),
    Outcome.TIMEOUT: ("Timed out", "err", "clock"),
    Outcome.CRASH: ("Crashed", "err", "err"),
    Outcome.OUT_OF_MEMORY: ("Out of memory", "err", "err"),
    Outcome.INIT_ERROR: ("Init error", "err", "err"),
    "running": ("Running", "info", "clock"),
}


@dataclass
class Group:
    """One request as the page shows it."""

    log: grouped.RequestLog
    is_open: bool = False

    @property
    def request_id(self) -> str:
        return str(self.log.request_id) if self.log.request_id else ""

    @cached_property
    def lines(self) -> list[loglines.Line]:
        return [loglines.parse(line.message, line.ms) for line in self.log.lines]

    @cached_property
    def summary(self) -> str:
        """The worst line, else the last one that the function wrote."""
        own = [line for line in self.lines if line.kind != "sys"]
        worst = max(own, key=lambda line: line.rank, default=None)
        if worst is None:
            return ""
        line = worst if worst.rank >= loglines.LEVELS["warn"] else own[-1]
        return line.message.splitlines()[0] if line.message else " ".join(f"{k}={v}" for k, v in line.fields.items())

    @property
    def badge(self) -> dict[str, str]:
        text, look, icon = OUTCOMES.get(self.log.outcome, ("Outside of requests", "", "server"))
        record = self.log.invocation
        if record is not None and record.outcome == Outcome.ERROR and record.error_type:
            text = record.error_type.rpartition(".")[2]
        return {"text": text, "look": look, "icon": icon}


@dataclass
class Search:
    """What the URL asks for."""

    text: str
    level: str
    request_id: str
    token: str
    span: TimeRange

    @classmethod
    def read(cls, query: QueryDict) -> "Search":
        text, level, wanted = query.get("q", "").strip(), query.get("level", "all"), query.get("request", "").strip()
        if _is_uuid(text):
            text, wanted = "", text
        known = level if level in loglines.LEVELS else "all"
        return cls(text, known, wanted, query.get("page", ""), timerange.read(query))

    @property
    def is_filtered(self) -> bool:
        return bool(self.text or self.request_id) or self.level != "all"

    def query(self, head: function_head.Head) -> dict[str, str]:
        """Of the URL, without the page."""
        values = {
            "q": self.text,
            "level": "" if self.level == "all" else self.level,
            "from": self.span.begins,
            "to": self.span.ends,
            "qualifier": "" if head.is_latest else head.qualifier,
        }
        return {key: value for key, value in values.items() if value}


@access.page
@vary_on_headers("HX-Request")  # one address, two answers: the page, or a part of it
@require_safe
def show(request: HttpRequest, name: str) -> HttpResponse:
    head = function_head.load(request, name, "logs")
    search = Search.read(request.GET)
    configured = (head.version.extras.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}"
    group = logs.group(head.function.account_id, settings.HEARTH_REGION, configured)
    problem, page = "", grouped.RequestPage([], None)
    try:
        page = _find(group, search) if group else page
    except InvalidPattern as error:
        problem = f"The filter is not understood: {error}."
    except ValueError as error:
        raise Http404("There is no such page of the log.") from error
    items = [each for each in page.items if head.is_latest or _is_of(each, head)]
    query = search.query(head)
    context = {
        "head": head,
        "section": "functions",
        "search": search,
        "span": search.span,
        "quick": timerange.quick(search.span, query),
        "keep": {key: value for key, value in query.items() if key not in ("from", "to")},
        "groups": [Group(item, is_open=bool(search.request_id)) for item in items],
        "levels": [(key, label, _url(query, level=key), key == search.level) for key, label in LEVELS],
        "older": _url(query, page=page.next_token) if page.next_token else "",
        "newer": _url(query) if search.token else "",
        "here": _url(query),
        "all": reverse("logs", args=[name]) + head.qualifier_query,
        "is_live": search.span.is_live and not (search.token or search.request_id or problem),
        "problem": problem,
        "has_group": group is not None,
    }
    part = "function/log_list.html" if request.headers.get("HX-Request") else "function/logs.html"
    return render(request, part, context)


def _find(group: LogGroup, search: Search) -> grouped.RequestPage:
    if search.request_id:
        one = grouped.one(group, search.request_id)
        return grouped.RequestPage([one] if one else [], None)
    return grouped.requests(
        group,
        start_ms=search.span.start_ms,
        end_ms=search.span.end_s * 1000,
        matches=_matches(search.text, search.level),
        limit=PAGE,
        token=search.token or None,
    )


@access.page
@require_safe
def resolve(request: HttpRequest, request_id: uuid.UUID) -> HttpResponse:
    """/r/<request id>: to the log of that request."""
    record = invocations.one(access.account(request).id, settings.HEARTH_REGION, str(request_id))
    if record is None:
        raise Http404(f"There is no record of request {request_id} in this account (yet).")
    return redirect(f"{reverse('logs', args=[record.function_name])}?request={request_id}")


def _matches(text: str, level: str) -> Matches | None:
    """Text is sought anywhere, whatever its case; a text in braces or brackets is a CloudWatch filter pattern."""
    least = loglines.LEVELS[level]
    words: Matches | None = None
    if text.startswith(("{", "[")):
        words = compile_pattern(text)
    elif text:
        folded = text.casefold()

        def words(message: str) -> bool:
            return folded in message.casefold()

    if not least:
        return words
    found = words

    def both(message: str) -> bool:
        return loglines.parse(message).rank >= least and (found is None or found(message))

    return both


def _is_of(log: grouped.RequestLog, head: function_head.Head) -> bool:
    record = log.invocation
    if record is None:
        return False
    return record.qualifier == head.alias.name if head.alias else record.version == head.version.label


def _is_uuid(text: str) -> bool:
    try:
        return len(text) == 36 and bool(uuid.UUID(text))
    except ValueError:
        return False


def _url(query: dict[str, str], **changed: str) -> str:
    return "?" + urlencode({**query, **changed})
