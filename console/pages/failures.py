"""Errors grouped by type: how often, first and last seen, in which versions, and where the newest one came from."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from console.pages import access, function_head, outcomes, record, timerange
from console.pages.function_head import Head
from console.pages.outcomes import Badge
from console.pages.timerange import TimeRange
from monitoring.queries import failures
from monitoring.queries.failures import Failure


@dataclass
class Row:
    failure: Failure
    span: TimeRange

    def __post_init__(self) -> None:
        self.badge: Badge = outcomes.badge(self.failure.outcome, self.failure.error_type)
        self.invocations = reverse("invocations", args=[self.failure.function_name])

    @property
    def url(self) -> str:
        """The invocations that failed so."""
        query = {"outcome": self.failure.outcome, "from": self.span.begins, "to": self.span.ends}
        return f"{self.invocations}?{urlencode(query)}"

    @property
    def newest(self) -> str:
        return f"{self.invocations}{self.failure.request_id}/" if self.failure.request_id else self.invocations

    @cached_property
    def place(self) -> str:
        """path:line of the newest one's innermost frame in the function's own code; empty when it is not known."""
        found = record.FRAME.findall(self.failure.response)
        # Python writes the innermost call last, Node first.
        return ":".join(found[0 if " at " in self.failure.response else -1]) if found else ""

    @property
    def place_url(self) -> str:
        path, _, line = self.place.rpartition(":")
        return reverse("code", args=[self.failure.function_name]) + "?" + urlencode({"file": path, "line": line})


@access.page
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Of the account."""
    return _show(request, None, "errors/index.html")


@access.page
@require_safe
def of_function(request: HttpRequest, name: str) -> HttpResponse:
    return _show(request, function_head.load(request, name, "invocations"), "errors/of_function.html")


def _show(request: HttpRequest, head: Head | None, template: str) -> HttpResponse:
    span = timerange.read(request.GET, "now-1d")
    found = failures.grouped(
        access.account(request).id,
        settings.HEARTH_REGION,
        span.start,
        timerange.at(span.end_s),
        function_name=head.function.name if head else None,
    )
    context: dict[str, Any] = {
        "head": head,
        "section": "functions" if head else "invocations",
        "span": span,
        "quick": timerange.quick(span, {}),
        "keep": {},
        "rows": [Row(each, span) for each in found],
        "total": sum(each.count for each in found),
    }
    return render(request, template, context)
