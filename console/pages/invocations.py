"""Lists of invocations: of the account, of one function."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from console.pages import access, function_head, outcomes, timerange
from console.pages.cost import Cost
from console.pages.function_head import Head
from console.pages.outcomes import Badge
from console.pages.timerange import TimeRange
from monitoring.models import Invocation
from monitoring.queries import invocations
from monitoring.queries.invocations import InvalidToken, InvocationPage
from monitoring.report import Outcome

PAGE = 50
VIEWS = [("recent", "Recent"), ("expensive", "Most expensive"), ("errors", "Errors")]
SOURCES = [
    ("api", "API"),
    ("console", "Console"),
    ("url", "Function URL"),
    ("schedule", "Schedule"),
    ("destination", "Destination"),
]
FILTERS = ("function", "outcome", "version", "source", "environment")
LONGEST = 512  # characters of a filter that can match something


@dataclass
class Row:
    """What the template asks for more than once is read once: a page has fifty."""

    record: Invocation

    def __post_init__(self) -> None:
        self.request_id = str(self.record.request_id)
        self.short_id = self.request_id[:8]
        self.badge: Badge = outcomes.of(self.record)

    @property
    def url(self) -> str:
        own = reverse("invocation", args=[self.record.function_name, self.request_id])
        return f"{own}?attempt={self.record.attempt}" if self.record.attempt > 1 else own

    @property
    def log_pattern(self) -> str:
        """Of CloudWatch: the lines that name the request."""
        return f'"{self.request_id}"'

    @property
    def cost(self) -> str:
        return Cost(self.record.billed_ms, self.record.memory_mb).text


@dataclass
class Search:
    """What the URL asks for."""

    view: str
    values: dict[str, str]  # of FILTERS, those that are set
    span: TimeRange
    token: str

    @classmethod
    def read(cls, query: QueryDict) -> "Search":
        view = query.get("view", "recent")
        given = {name: query.get(name, "").strip()[:LONGEST] for name in FILTERS}
        values = {name: value for name, value in given.items() if value}
        if values.get("outcome") not in {"failed", *(each.value for each in Outcome)}:
            values.pop("outcome", None)
        known = view if view in dict(VIEWS) else "recent"
        return cls(known, values, timerange.read(query, "now-1d"), query.get("page", ""))

    @property
    def outcomes(self) -> list[str]:
        wanted = self.values.get("outcome", "failed" if self.view == "errors" else "")
        if wanted == "failed" or (self.view == "errors" and wanted == Outcome.SUCCESS):
            return outcomes.FAILED
        return [wanted] if wanted else []

    def query(self, qualifier: str) -> dict[str, str]:
        """Of the URL, without the page."""
        view = "" if self.view == "recent" else self.view
        values = {"view": view, **self.values, "from": self.span.begins, "to": self.span.ends, "qualifier": qualifier}
        return {key: value for key, value in values.items() if value}


@access.page
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Of the account."""
    return _show(request, None, "invocation/index.html")


@access.page
@require_safe
def of_function(request: HttpRequest, name: str) -> HttpResponse:
    return _show(request, function_head.load(request, name, "invocations"), "invocation/of_function.html")


def _show(request: HttpRequest, head: Head | None, template: str) -> HttpResponse:
    search = Search.read(request.GET)
    problem, page = "", InvocationPage([], None)
    try:
        page = _find(access.account(request).id, search, head)
    except InvalidToken:
        problem = "There is no such page of this list: it begins anew here."
        search.token = ""
        page = _find(access.account(request).id, search, head)
    query = search.query("" if head is None or head.is_latest else head.qualifier)
    context = {
        "head": head,
        "section": "invocations" if head is None else "functions",
        "search": search,
        "span": search.span,
        "quick": timerange.quick(search.span, query),
        "keep": {key: value for key, value in query.items() if key not in ("from", "to")},
        "rows": [Row(record) for record in page.items],
        "views": [(key, label, _url(query, view=key), key == search.view) for key, label in VIEWS],
        "outcomes": [(each.value, outcomes.badge(each).text) for each in Outcome],
        "sources": SOURCES,
        "problem": problem,
        "older": _url(query, page=page.next_token) if page.next_token else "",
        "newer": _url(query) if search.token else "",
        "clear": _url({key: value for key, value in query.items() if key in ("from", "to", "qualifier")}),
        "hidden": {key: value for key, value in query.items() if key in ("view", "from", "to", "qualifier")},
    }
    part = "invocation/list.html" if request.headers.get("HX-Request") else template
    return render(request, part, context)


def _find(account_id: str, search: Search, head: Head | None) -> InvocationPage:
    values = search.values
    narrowed: dict[str, Any] = {"function_name": values.get("function"), "version": values.get("version")}
    if head is not None:
        narrowed["function_name"] = head.function.name
        if head.alias is not None:
            narrowed["qualifier"] = head.alias.name
        elif not head.is_latest:
            narrowed["version"] = head.version.label
    return invocations.recent(
        account_id,
        settings.HEARTH_REGION,
        **narrowed,
        start=search.span.start,
        end=None if search.span.is_live else search.span.end,
        outcomes=search.outcomes,
        source=values.get("source"),
        environment=values.get("environment"),
        most_expensive=search.view == "expensive",
        limit=PAGE,
        token=search.token or None,
    )


def _url(query: dict[str, str], **changed: str) -> str:
    return "?" + urlencode({**query, **changed})
