"""A function at a glance: what calls it, how it does, where its outcome goes, how to call it."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from console.pages import access, copy_as, function_head, timerange
from console.pages.function_head import Head
from console.pages.snippets import invoke
from console.pages.timerange import TimeRange
from console.templatetags.hearth import compact, milliseconds, percent
from functions import history
from functions.models import LATEST
from functions.triggers import registry
from functions.triggers.base import Outcome, Row
from monitoring.queries import metrics
from monitoring.queries.metrics import Metric

DEPLOYMENTS = 4
# More sources than these are counted, not drawn.
SOURCES = 6
ERRORS_BAD = 0.05
SAMPLE = '{"name": "Hearth"}'


@dataclass(frozen=True)
class Source:
    """A trigger in the diagram."""

    row: Row
    icon: str
    url: str

    @property
    def is_failing(self) -> bool:
        return self.row.last_outcome == Outcome.ERROR


@dataclass(frozen=True)
class Destination:
    """Where outcomes of asynchronous events go."""

    when: str  # "On success"
    arn: str

    @property
    def name(self) -> str:
        return ":".join(self.arn.split(":")[6:])

    @property
    def url(self) -> str:
        name, _, qualifier = self.name.partition(":")
        return reverse("function", args=[name]) + (f"?qualifier={qualifier}" if qualifier else "")


@dataclass(frozen=True)
class Figure:
    label: str
    value: str
    note: str = ""
    tone: str = ""  # of the value: "", warn, err


@access.page
@require_safe
def show(request: HttpRequest, name: str) -> HttpResponse:
    head = function_head.load(request, name, "function")
    span = timerange.read(request.GET, "now-1d")
    sources = _sources(head)
    deployments = history.deployments(head.function, DEPLOYMENTS)
    context = {
        "head": head,
        "section": "functions",
        "span": span,
        "sources": sources[:SOURCES],
        "more_sources": max(0, len(sources) - SOURCES),
        "triggers_url": _triggers_url(head),
        "destinations": _destinations(head),
        "figures": _figures(head, span),
        "deployments": deployments,
        "snippets": copy_as.texts(request, [invoke(name, "" if head.is_latest else head.qualifier, _event(head))]),
    }
    return render(request, "function/overview.html", context)


def _sources(head: Head) -> list[Source]:
    """The triggers of what is shown: of `$LATEST` also those of the function itself."""
    wanted = {"", LATEST} if head.is_latest else {head.qualifier}
    found = []
    for kind in registry.kinds().values():
        for row in kind.rows(head.function):
            if row.qualifier in wanted:
                found.append(Source(row, kind.icon, _triggers_url(head)))
    return found


def _triggers_url(head: Head) -> str:
    return reverse("triggers", args=[head.function.name]) + head.qualifier_query


def _destinations(head: Head) -> list[Destination]:
    config = head.function.event_invoke_configs.filter(qualifier=head.qualifier).first()
    if config is None:
        return []
    both = (("On success", config.on_success), ("On failure", config.on_failure))
    return [Destination(when, arn) for when, arn in both if arn]


def _figures(head: Head, span: TimeRange) -> list[Figure]:
    names = ("Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions", "InitDuration")
    resource = {} if head.is_latest else {"Resource": f"{head.function.name}:{head.qualifier}"}
    wanted = {each: Metric.of(each, {"FunctionName": head.function.name, **resource}) for each in names}
    region = settings.HEARTH_REGION
    read = metrics.totals(head.function.account_id, region, list(wanted.values()), span.start_s, span.end_s)
    found = {each: read[metric] for each, metric in wanted.items()}
    calls, errors, throttles = (found[each].total for each in ("Invocations", "Errors", "Throttles"))
    rate = errors / calls if calls else None
    p95, most = found["Duration"].value("p95"), found["ConcurrentExecutions"].value("Maximum")
    slow = p95 is not None and p95 > head.version.timeout * 800
    reserved = head.function.reserved_concurrency
    return [
        Figure("Invocations", compact(calls)),
        Figure("Errors", percent(rate) or "–", compact(errors), "err" if (rate or 0) >= ERRORS_BAD else ""),
        Figure("Duration p95", milliseconds(p95) or "–", f"of {head.version.timeout} s", "warn" if slow else ""),
        Figure("Cold starts", compact(found["InitDuration"].count)),
        Figure("Throttles", compact(throttles), "", "warn" if throttles else ""),
        Figure("Most at once", compact(most) or "–", f"of {reserved} reserved" if reserved else ""),
    ]


def _event(head: Head) -> str:
    """A saved test event if there is one that fits a command line."""
    saved: Any = head.function.test_events.first()
    return saved.payload if saved and len(saved.payload) < 2000 else SAMPLE
