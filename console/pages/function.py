"""The list of functions with their health."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from console.pages import access, timerange
from console.pages.order import order
from console.pages.timerange import TimeRange
from functions.models import Alias, Function, FunctionVersion
from monitoring.queries import health, metrics
from monitoring.queries.health import FunctionSummary

PAGE_SIZE = 50
PARTS = 32  # of the sparkline
RANGES = [("1h", "now-1h"), ("3h", "now-3h"), ("24h", "now-1d"), ("7d", "now-7d")]
SORTS = {"name": "Name", "invocations": "Invocations", "errors": "Errors", "p95": "p95", "deployed": "Last deploy"}
LIVE = ("prod", "production", "live")
# What a row shows of a function: a version has many more columns.
SHOWN = (
    "runtime",
    "description",
    "state",
    "state_reason",
    "last_update_status",
    "last_modified",
    "modified_by",
    "timeout",
    "function__name",
    "function__tags",
    "function__last_deploy",
    "function__last_deployed_at",
    "function__last_deployed_by",
)
TAGS_SHOWN = 3
TAGS_OFFERED = 200

# Above this share of errors a function needs attention.
ERRORS_BAD = 0.05


@dataclass(frozen=True, slots=True)
class Mark:
    """How a function does, at a glance. Without an icon: a dot."""

    look: str
    title: str
    icon: str = ""


FAILED = Mark("c-err", "Failed", "x")
PENDING = Mark("dot-ring t3", "Pending")
MANY_ERRORS = Mark("c-err", "Many errors", "err")
SLOW = Mark("c-warn", "Close to its timeout", "warn")
HEALTHY = Mark("c-ok", "Healthy")
IDLE = Mark("dot-ring t3", "Not called in this time")


@dataclass
class Row:
    """What the template asks for more than once is read once: a page has fifty."""

    version: FunctionVersion  # $LATEST
    health: FunctionSummary
    alias: Alias | None  # that carries the traffic

    def __post_init__(self) -> None:
        self.name = self.version.function.name
        self.invocations = self.health.invocations
        self.error_rate = self.health.error_rate if self.invocations else None
        self.p95 = self.health.p95_ms
        self.is_bad = (self.error_rate or 0) >= ERRORS_BAD
        self.is_slow = (self.p95 or 0) > self.version.timeout * 800  # close to its timeout
        self.is_active = self.version.state == FunctionVersion.State.ACTIVE

    @property
    def mark(self) -> Mark:
        if not self.is_active:
            return FAILED if self.version.state == FunctionVersion.State.FAILED else PENDING
        if self.is_bad:
            return MANY_ERRORS
        if self.is_slow:
            return SLOW
        return HEALTHY if self.invocations else IDLE

    @property
    def tags(self) -> list[tuple[str, str]]:
        """The first ones as they are shown, with the filter of each."""
        found = sorted(self.version.function.tags.items())[:TAGS_SHOWN]
        return [(label := f"{key}={value}" if value else key, "?" + urlencode({"tag": label})) for key, value in found]

    @property
    def spark(self) -> str:
        """The invocations as an SVG path in a box of 104 x 26."""
        values = self.health.sparkline
        top = max(values, default=0)
        if not top or len(values) < 2:
            return ""
        step = 104 / (len(values) - 1)
        return "M" + " ".join([f"{at * step:.1f} {24 - 22 * value / top:.1f}" for at, value in enumerate(values)])


@access.page
@vary_on_headers("HX-Request")  # one address, two answers: the page, or a part of it
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    span = timerange.read(request.GET, "now-1d")
    everything = _all(request)
    tags = _tags(request)
    shown = _filtered(request, everything, tags)
    sort = request.GET.get("sort", "name")
    descending = sort.startswith("-")
    key = sort.lstrip("-")
    if key not in SORTS:
        key, descending = "name", False
    ordered: Any
    if key in ("name", "deployed"):
        column = "function__name" if key == "name" else "function__last_deployed_at"
        ordered = _whole(shown).order_by(f"-{column}" if descending else column, "function__name")
    else:
        ordered = _by_health(request, shown, span, key, descending)
    page = Paginator(ordered, PAGE_SIZE).get_page(request.GET.get("page"))
    found: list[Any] = list(page)
    rows = _rows(request, _read(found) if isinstance(ordered, list) else found, span)
    filters = {name: request.GET[name] for name in ("q", "runtime", "state", "tag") if request.GET.get(name)}
    total = page.paginator.count
    context = {
        "section": "functions",
        "rows": rows,
        "page": page,
        "filters": filters,
        "is_empty": not total and (not filters and page.number == 1),
        "span": span,
        "total": total,
        "invocations": 0 if filters else _invocations(request, span),
        "sorts": _sorts(request, key, descending),
        "ranges": [(label, _url(request, **{"from": begins}), begins == span.begins) for label, begins in RANGES],
        "runtimes": everything.exclude(runtime="").order_by("runtime").values_list("runtime", flat=True).distinct(),
        "tags": sorted({label for labels in tags.values() for label in labels})[:TAGS_OFFERED],
        "states": FunctionVersion.State.choices,
        "previous": _url(request, page=page.previous_page_number()) if page.has_previous() else "",
        "next": _url(request, page=page.next_page_number()) if page.has_next() else "",
        "sort": sort,
    }
    part = "function/list.html" if request.headers.get("HX-Request") else "function/index.html"
    return render(request, part, context)


def _all(request: HttpRequest) -> QuerySet[FunctionVersion]:
    return FunctionVersion.objects.filter(
        number=0, function__account=access.account(request), function__region=settings.HEARTH_REGION
    )


def _tags(request: HttpRequest) -> dict[int, set[str]]:
    """What each function may be found by: its tags, as key and as key=value. One query."""
    rows = Function.objects.filter(account=access.account(request), region=settings.HEARTH_REGION).exclude(tags={})
    return {
        pk: {label for key, value in tags.items() for label in (key, f"{key}={value}")}
        for pk, tags in rows.values_list("pk", "tags")
    }


def _filtered(
    request: HttpRequest, rows: QuerySet[FunctionVersion], tags: dict[int, set[str]]
) -> QuerySet[FunctionVersion]:
    query = request.GET
    if tag := query.get("tag"):
        rows = rows.filter(function_id__in=[pk for pk, labels in tags.items() if tag in labels])
    if text := query.get("q", "").strip():
        rows = rows.filter(Q(function__name__icontains=text) | Q(description__icontains=text))
    if runtime := query.get("runtime"):
        rows = rows.filter(runtime=runtime)
    if state := query.get("state"):
        rows = rows.filter(state=state)
    return rows


def _whole(rows: QuerySet[FunctionVersion]) -> QuerySet[FunctionVersion]:
    return rows.select_related("function").only(*SHOWN)


def _read(keys: Sequence[int]) -> list[FunctionVersion]:
    found = _whole(FunctionVersion.objects.all()).in_bulk(keys)
    return [found[key] for key in keys if key in found]


def _rows(request: HttpRequest, versions: list[FunctionVersion], span: TimeRange) -> list[Row]:
    names = [version.function.name for version in versions]
    account = access.account(request).id
    found = health.summary(account, settings.HEARTH_REGION, names, span.start_s, span.end_s, PARTS)
    live = _live([version.function_id for version in versions])
    return [Row(version, found[version.function.name], live.get(version.function_id)) for version in versions]


def _live(functions: list[int]) -> dict[int, Alias]:
    """By function, the alias that carries the traffic: prod or live, else the first. One query."""
    found: dict[int, Alias] = {}
    for alias in Alias.objects.filter(function__in=functions).only("function_id", "name", "version", "routing"):
        before = found.get(alias.function_id)
        if before is None or _rank(alias) < _rank(before):
            found[alias.function_id] = alias
    return found


def _rank(alias: Alias) -> int:
    return LIVE.index(alias.name) if alias.name in LIVE else len(LIVE)


def _by_health(
    request: HttpRequest, shown: QuerySet[FunctionVersion], span: TimeRange, key: str, descending: bool
) -> list[int]:
    """The primary keys in order."""
    values = order.values(access.account(request).id, key, span)
    keys = shown.order_by("function__name").values_list("function__name", "pk")
    return [pk for _, pk in sorted(keys, key=lambda row: values.get(row[0], 0), reverse=descending)]


def _invocations(request: HttpRequest, span: TimeRange) -> float:
    """Of the whole account."""
    metric = metrics.Metric.of("Invocations")
    return metrics.total(access.account(request).id, settings.HEARTH_REGION, metric, span.start_s, span.end_s).total


def _sorts(request: HttpRequest, key: str, descending: bool) -> dict[str, dict[str, str]]:
    """For each column: where its heading leads, and how it stands. Numbers begin with the largest."""
    found = {}
    for name, label in SORTS.items():
        first_down = name != "name"
        down = not descending if name == key else first_down
        direction = ("descending" if descending else "ascending") if name == key else ""
        arrow = {"ascending": " ↑", "descending": " ↓"}.get(direction, "")
        found[name] = {
            "url": _url(request, sort=f"-{name}" if down else name),
            "label": label + arrow,
            "direction": direction,
        }
    return found


def _url(request: HttpRequest, **changed: Any) -> str:
    query = {name: value for name, value in request.GET.items() if name != "page"} | changed
    return "?" + urlencode(query)
