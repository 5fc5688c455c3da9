"""The dashboard: what the account does, what needs attention, whether Hearth itself works."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from console.pages import access, charts, parts, runtimes, timerange
from console.pages.invocations import Row
from console.pages.timerange import PERIODS, TimeRange
from console.templatetags.hearth import compact, milliseconds, percent
from functions import history
from functions.history import Kind
from functions.limits import concurrency
from functions.models import Function, FunctionVersion
from monitoring.queries import invocations, metrics
from monitoring.queries.metrics import Metric, Point
from monitoring.queries.troubles import troubled

RANGES = [("1h", "now-1h"), ("24h", "now-1d"), ("7d", "now-7d")]
NAMES = ("Invocations", "Errors", "Throttles", "Duration")
BARS = 96
RECENT = 8
DEPLOYMENTS = 8
ATTENTION = 10
# Above this share of errors a function is in the red, below it in the yellow.
ERRORS_BAD = 0.05
ICONS = {
    Kind.CREATED: "plus",
    Kind.CODE: "up",
    Kind.CONFIGURATION: "gear",
    Kind.PUBLISHED: "lock",
    Kind.VERSION_DELETED: "trash",
    Kind.ALIAS_DELETED: "trash",
    Kind.ROLLBACK: "undo",
}


@dataclass(frozen=True)
class Concern:
    """One thing that needs attention. `look` is err or warn."""

    look: str
    icon: str
    function: str
    text: str
    url: str
    action: str


@dataclass(frozen=True)
class Change:
    """One deployment. `url` is empty for a function that was deleted since."""

    deployment: history.Deployment
    url: str

    @property
    def icon(self) -> str:
        return ICONS.get(self.deployment.kind, "branch")

    @property
    def what(self) -> str:
        each = self.deployment
        label = each.kind.label
        if each.alias:
            move = " to ".join(part for part in (each.before, each.after) if part)
            return f"{label}: {each.alias} {move}".strip()
        if each.version:
            created = each.kind == Kind.CREATED
            return f"Created, published as version {each.version}" if created else f"{label}: {each.version}"
        return f"{label}: {', '.join(each.changed)}" if each.changed else label


@dataclass(frozen=True)
class Number:
    """A key number. `change` against the time before; `look` is worse, better or empty."""

    label: str
    value: str
    unit: str = ""
    change: str = ""
    look: str = ""


@access.page
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    account, region = access.account(request).id, settings.HEARTH_REGION
    functions = Function.objects.filter(account_id=account, region=region)
    count = functions.count()
    span = timerange.read(request.GET, "now-1d")
    found = parts.probe.ask()
    context: dict[str, Any] = {
        "section": "dashboard",
        "count": count,
        "span": span,
        "quick": timerange.quick(span, {}),
        "keep": {},
        "ranges": [(label, f"?from={begins}", begins == span.begins) for label, begins in RANGES],
        "parts": parts.health(found),
        "nodes": found.nodes,
        "endpoint": f"{request.scheme}://{request.get_host()}",
    }
    if not count:
        context["runtime"] = next(
            (name for name in runtimes.installed_ids() if name.startswith("python")), "python3.12"
        )
        return render(request, "dashboard/welcome.html", context)
    whole, before = _totals(account, span)
    figure, quiet = _figure(account, span)
    page = invocations.recent(account, region, start=span.start, limit=RECENT)
    context |= {
        "numbers": [_functions(functions, count), *_numbers(whole, before), _concurrency(found, account)],
        "concerns": _concerns(account, span, whole),
        "figures": {"results": figure},
        "is_quiet": quiet,
        "rows": [Row(record) for record in page.items],
        "changes": _changes(account),
    }
    return render(request, "dashboard/index.html", context)


def _totals(account: str, span: TimeRange) -> tuple[dict[str, Point], dict[str, Point]]:
    """The figures of the range, and of the range before it."""
    wanted = {name: Metric.of(name) for name in NAMES}
    length = span.end_s - span.start_s
    found = []
    for start, end in ((span.start_s, span.end_s), (span.start_s - length, span.start_s)):
        points = metrics.totals(account, settings.HEARTH_REGION, list(wanted.values()), start, end)
        found.append({name: points[metric] for name, metric in wanted.items()})
    return found[0], found[1]


def _functions(functions: Any, count: int) -> Number:
    week = timedelta(days=7)
    fresh = functions.filter(created_at__gte=timezone.now() - week).count()
    return Number("Functions", compact(count), change=f"{fresh} new this week" if fresh else "")


def _numbers(now: dict[str, Point], before: dict[str, Point]) -> list[Number]:
    calls, calls_before = now["Invocations"].total, before["Invocations"].total
    rate = now["Errors"].total / calls if calls else None
    rate_before = before["Errors"].total / calls_before if calls_before else None
    p95, p95_before = now["Duration"].value("p95"), before["Duration"].value("p95")
    throttles = now["Throttles"].total
    change = ""
    if calls_before:
        change = f"{(calls - calls_before) / calls_before:+.0%}".replace("%", "\u202f%")
    points, look = "", ""
    if rate is not None and rate_before is not None and round((rate - rate_before) * 100, 2):
        points = f"{(rate - rate_before) * 100:+.2f} points"
        look = "worse" if rate > rate_before else "better"
    slower = ""
    if p95 is not None and p95_before:
        slower = f"{(p95 - p95_before) / p95_before:+.0%}".replace("%", "\u202f%")
    return [
        Number("Invocations", compact(calls), change=change),
        Number("Errors", compact(now["Errors"].total), change=points or (percent(rate) if rate else ""), look=look),
        Number("p95 duration", milliseconds(p95) or "–", change=slower),
        Number("Throttles", compact(throttles), look="worse" if throttles else ""),
    ]


def _concurrency(found: parts.Snapshot, account: str) -> Number:
    used = found.concurrency(f"{account}:{settings.HEARTH_REGION}")
    if used is None:
        return Number("Concurrency now", "unknown", change=found.problem or "no worker is up", look="worse")
    return Number("Concurrency now", compact(used), unit=f"of {compact(concurrency())}")


def _figure(account: str, span: TimeRange) -> tuple[dict[str, Any], bool]:
    """Invocations by result as bars, and whether there were none."""
    width = span.span.total_seconds() / BARS
    period = next((each for each in PERIODS if each >= width), PERIODS[-1])
    calls, errors = Metric.of("Invocations"), Metric.of("Errors")
    read = metrics.read(account, settings.HEARTH_REGION, [calls, errors], span.start_s, span.end_s, period)
    times = list(range(span.start_s // period * period, span.end_s, period))
    sums = {metric: {point.start: point.total for point in points} for metric, points in read.items()}
    failed = [sums[errors].get(at, 0.0) for at in times]
    good = [sums[calls].get(at, 0.0) - bad for at, bad in zip(times, failed, strict=True)]
    figure = charts.bars(times, period, [("invocations", "Succeeded", good), ("errors", "Failed", failed)], span)
    return figure, not any(good) and not any(failed)


def _concerns(account: str, span: TimeRange, whole: dict[str, Point]) -> list[Concern]:
    concerns = [_broken(version) for version in _failed_functions(account)]
    # Most of the time nothing fails, and then nothing more is asked.
    if whole["Errors"].total or whole["Throttles"].total:
        query = "?" + span.query
        existing = set(
            Function.objects.filter(account_id=account, region=settings.HEARTH_REGION).values_list("name", flat=True)
        )
        for each in troubled(account, settings.HEARTH_REGION, span.start_s, span.end_s, ATTENTION):
            if each.function_name not in existing:
                continue
            if each.errors:
                url = reverse("invocations", args=[each.function_name]) + query + "&view=errors"
                of = f"{compact(each.errors)} of {compact(each.invocations)}"
                text = f"{of} invocations failed, {percent(each.error_rate)}"
                look = "err" if each.error_rate >= ERRORS_BAD else "warn"
                concerns.append(Concern(look, "err", each.function_name, text, url, "Look at the errors"))
            if each.throttles:
                url = reverse("monitor", args=[each.function_name]) + query
                text = f"{compact(each.throttles)} invocations were throttled"
                concerns.append(Concern("warn", "bell", each.function_name, text, url, "Look at its concurrency"))
    return sorted(concerns, key=lambda each: each.look != "err")[:ATTENTION]


def _failed_functions(account: str) -> list[FunctionVersion]:
    stopped = (FunctionVersion.State.FAILED, FunctionVersion.State.INACTIVE)
    failed = Q(state__in=stopped) | Q(last_update_status=FunctionVersion.UpdateStatus.FAILED)
    rows = FunctionVersion.objects.filter(
        failed, number=0, function__account_id=account, function__region=settings.HEARTH_REGION
    )
    return list(rows.select_related("function").order_by("-last_modified")[:ATTENTION])


def _broken(version: FunctionVersion) -> Concern:
    name = version.function.name
    reason = version.state_reason or "its last update failed"
    return Concern("err", "x", name, f"Failed: {reason}", reverse("code", args=[name]), "Open")


def _changes(account: str) -> list[Change]:
    found = history.recent(account, settings.HEARTH_REGION, DEPLOYMENTS)
    names = {each.function for each in found}
    existing = set(
        Function.objects.filter(account_id=account, region=settings.HEARTH_REGION, name__in=names).values_list(
            "name", flat=True
        )
    )
    return [
        Change(each, reverse("versions", args=[each.function]) if each.function in existing else "") for each in found
    ]
