"""The charts of one function."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.pages import access, charts, function_head, timerange
from console.pages.charts import Values
from console.pages.timerange import TimeRange
from console.templatetags.hearth import compact, milliseconds, percent
from monitoring.histogram import merge
from monitoring.queries import metrics
from monitoring.queries.metrics import Metric, Point

NAMES = ("Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions", "InitDuration")
POINTS = 90  # about as many are drawn

Trace = tuple[str, str, Values, str]  # role in the theme, name, values, CSS colour


@dataclass(frozen=True)
class Chart:
    """`answer` is the number that the card shows before the curve, `beside` what stands next to it."""

    key: str
    title: str
    answer: str
    unit: str
    beside: str
    legend: list[tuple[str, str]]  # (CSS colour, text)
    figure: dict[str, Any]
    table: list[list[str]]
    columns: list[str]
    is_quiet: bool


@access.page
@require_safe
def show(request: HttpRequest, name: str) -> HttpResponse:
    head = function_head.load(request, name, "monitor")
    span = timerange.read(request.GET)
    # An alias or version has metrics of its own, under Resource.
    found = Figures(head.function.account_id, name, "" if head.is_latest else head.qualifier, span)
    shown = [
        found.invocations(),
        found.errors(),
        found.duration(),
        found.concurrency(head),
        found.cold_starts(),
        found.init(),
    ]
    keep = {} if head.is_latest else {"qualifier": head.qualifier}
    context = {
        "head": head,
        "section": "functions",
        "span": span,
        "quick": timerange.quick(span, keep),
        "charts": shown,
        "figures": {chart.key: chart.figure for chart in shown},
        "keep": keep,
    }
    return render(request, "function/monitor.html", context)


class Figures:
    """All numbers of the page, read at once, and the charts made of them."""

    def __init__(self, account_id: str, name: str, resource: str, span: TimeRange) -> None:
        self.span = span
        self.period = timerange.period(span, POINTS)
        dimensions = {"FunctionName": name} | ({"Resource": f"{name}:{resource}"} if resource else {})
        wanted = {each: Metric.of(each, dimensions) for each in NAMES}
        read = metrics.read(
            account_id, settings.HEARTH_REGION, list(wanted.values()), span.start_s, span.end_s, self.period
        )
        self.points: dict[str, dict[int, Point]] = {
            each: {point.start: point for point in read[metric]} for each, metric in wanted.items()
        }
        first = span.start_s // self.period * self.period
        self.times = list(range(first, span.end_s, self.period))

    def values(self, name: str, statistic: str, empty: float | None = None) -> list[float | None]:
        points = self.points[name]
        return [points[at].value(statistic) if at in points else empty for at in self.times]

    def total(self, name: str) -> Point:
        whole = Point(self.span.start_s)
        for point in self.points[name].values():
            whole.count += point.count
            whole.total += point.total
            whole.minimum = min(whole.minimum, point.minimum)
            whole.maximum = max(whole.maximum, point.maximum)
            merge(whole.histogram, point.histogram)
        return whole

    def invocations(self) -> Chart:
        calls, throttles = self.values("Invocations", "Sum", 0), self.values("Throttles", "Sum", 0)
        count, refused = self.total("Invocations").total, self.total("Throttles").total
        return self._chart(
            "invocations",
            "Invocations",
            compact(count),
            "",
            f"{compact(refused)} throttled" if refused else "none throttled",
            charts.bars,
            [("invocations", "Invocations", calls, "--c1"), ("throttles", "Throttles", throttles, "--c-warn")],
            quiet=not count and not refused,
        )

    def errors(self) -> Chart:
        errors = self.values("Errors", "Sum", 0)
        count, calls = self.total("Errors").total, self.total("Invocations").total
        return self._chart(
            "errors",
            "Errors",
            compact(count),
            "",
            f"{percent(count / calls)} of invocations" if calls else "",
            charts.lines,
            [("errors", "Errors", errors, "--c-err")],
            quiet=not calls,
        )

    def duration(self) -> Chart:
        whole = self.total("Duration")
        p50, p95, p99 = (whole.value(each) for each in ("p50", "p95", "p99"))
        traces: list[Trace] = [
            (each, each, self.values("Duration", each), f"--c-{each}") for each in ("p50", "p95", "p99")
        ]
        return self._chart(
            "duration",
            "Duration, ms",
            milliseconds(p95) or "–",
            "p95" if p95 is not None else "",
            f"p50 {milliseconds(p50)}, p99 {milliseconds(p99)}" if p95 is not None else "",
            charts.lines,
            traces,
            quiet=not whole.count,
        )

    def concurrency(self, head: function_head.Head) -> Chart:
        used = self.values("ConcurrentExecutions", "Maximum", 0)
        whole = self.total("ConcurrentExecutions")
        reserved = head.function.reserved_concurrency
        traces: list[Trace] = [("concurrency", "Concurrent executions", used, "--c1")]
        if reserved is not None:
            traces.append(("limit", "Reserved", [reserved] * len(self.times), "--c-mark"))
        return self._chart(
            "concurrency",
            "Concurrent executions",
            compact(whole.maximum if whole.count else 0),
            "peak",
            f"{reserved} reserved" if reserved is not None else "",
            charts.lines,
            traces,
            quiet=not whole.count,
        )

    def cold_starts(self) -> Chart:
        whole = self.total("InitDuration")
        calls = self.total("Invocations").total
        beside = f"{percent(whole.count / calls)} of invocations" if calls else ""
        return self._chart(
            "cold",
            "Cold starts",
            compact(whole.count),
            "",
            beside if whole.count else "",
            charts.bars,
            [("coldStarts", "Cold starts", self.values("InitDuration", "SampleCount", 0), "--c-cold")],
            quiet=not calls,
        )

    def init(self) -> Chart:
        whole = self.total("InitDuration")
        p50, p95 = whole.value("p50"), whole.value("p95")
        return self._chart(
            "init",
            "Init duration, ms",
            milliseconds(p95) or "–",
            "p95" if p95 is not None else "",
            f"p50 {milliseconds(p50)}" if p50 is not None else "",
            charts.lines,
            [(each, each, self.values("InitDuration", each), f"--c-{each}") for each in ("p50", "p95")],
            quiet=not self.total("Invocations").count,
        )

    def _chart(
        self,
        key: str,
        title: str,
        answer: str,
        unit: str,
        beside: str,
        draw: Any,
        traces: list[Trace],
        *,
        quiet: bool,
    ) -> Chart:
        figure = draw(self.times, self.period, [trace[:3] for trace in traces], self.span)
        rows = []
        for at, *values in zip(self.times, *(trace[2] for trace in traces), strict=True):
            if any(values):
                time = timerange.text(timerange.at(at)).replace("T", " ").removesuffix("Z")
                rows.append([time, *("" if value is None else f"{value:.2f}".removesuffix(".00") for value in values)])
        return Chart(
            key=key,
            title=title,
            answer=answer,
            unit=unit,
            beside=beside,
            legend=[(colour, text) for _, text, _, colour in traces],
            figure=figure,
            table=rows,
            columns=["Time, UTC", *(text for _, text, _, _ in traces)],
            is_quiet=quiet,
        )
