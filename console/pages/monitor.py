"""The charts of one function."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.pages import access, charts, function_head, markers, timerange, version_split
from console.pages.charts import Values
from console.pages.timerange import TimeRange
from console.templatetags.hearth import NARROW_SPACE, compact, milliseconds, percent, signed
from monitoring.histogram import merge
from monitoring.queries import metrics
from monitoring.queries.metrics import Metric, Point

NAMES = ("Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions", "InitDuration")
POINTS = 90  # about as many are drawn

REFRESH = (("", "Off"), ("10", "10 s"), ("30", "30 s"), ("60", "1 min"))
COLOURS = ("--c1", "--c2", "--c3", "--c4", "--c5", "--c6")

# What a chart is made of: metrics with their statistics.
STATISTICS = {
    "invocations": (("Invocations", "Sum"), ("Throttles", "Sum")),
    "errors": (("Errors", "Sum"),),
    "duration": (("Duration", "p50"), ("Duration", "p95"), ("Duration", "p99")),
    "concurrency": (("ConcurrentExecutions", "Maximum"),),
    "cold": (("InitDuration", "SampleCount"),),
    "init": (("InitDuration", "p50"), ("InitDuration", "p95")),
}

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
    queries: list[dict[str, Any]]  # of GetMetricData


@access.page
@require_safe
def show(request: HttpRequest, name: str) -> HttpResponse:
    head = function_head.load(request, name, "monitor")
    span = timerange.read(request.GET)
    # An alias or version has metrics of its own, under Resource.
    resource = "" if head.is_latest else head.qualifier
    compares, splits = request.GET.get("compare") == "1", request.GET.get("split") == "version"
    refresh = request.GET.get("refresh", "")
    found = Figures(head.function.account_id, name, resource, span)
    if compares:
        found.before = Figures(head.function.account_id, name, resource, span, back=found.length)
    # A version by its number is one version.
    may_split = head.is_latest or head.alias is not None
    if splits and may_split:
        found.parts = version_split.read(head, span.start_s, span.end_s, found.period)
    shown = [
        found.invocations(),
        found.errors(),
        found.duration(),
        found.concurrency(head),
        found.cold_starts(),
        found.init(),
    ]
    deployed = markers.read(head.function, span, head.alias.name if head.alias else "")
    for chart in shown:
        markers.draw(chart.figure, deployed, span)
    keep = {} if head.is_latest else {"qualifier": head.qualifier}
    keep |= {"compare": "1"} if compares else {}
    keep |= {"split": "version"} if splits else {}
    keep |= {"refresh": refresh} if refresh in dict(REFRESH) and refresh else {}
    context = {
        "head": head,
        "section": "functions",
        "span": span,
        "quick": timerange.quick(span, keep),
        "charts": shown,
        "begins": timerange.text(timerange.at(found.times[0])),
        "ends": timerange.text(span.end),
        "figures": {chart.key: chart.figure for chart in shown},
        "keep": keep,
        "compares": compares,
        "splits": splits,
        "may_split": may_split,
        "is_split": bool(found.parts),
        "refreshes": REFRESH,
        "refresh": keep.get("refresh", ""),
        "markers": deployed,
    }
    return render(request, "function/monitor.html", context)


class Figures:
    """All numbers of the page, read at once, and the charts made of them."""

    def __init__(self, account_id: str, name: str, resource: str, span: TimeRange, *, back: int = 0) -> None:
        """`back` seconds earlier, as if it had been in the range: a multiple of the period."""
        self.span = span
        self.before: Figures | None = None
        self.parts: list[version_split.Part] = []
        self.period = timerange.period(span, POINTS)
        first = span.start_s // self.period * self.period
        self.times = list(range(first, span.end_s, self.period))
        self.length = len(self.times) * self.period
        self.dimensions = {"FunctionName": name} | ({"Resource": f"{name}:{resource}"} if resource else {})
        wanted = {each: Metric.of(each, self.dimensions) for each in NAMES}
        read = metrics.read(
            account_id, settings.HEARTH_REGION, list(wanted.values()), first - back, span.end_s - back, self.period
        )
        self.points: dict[str, dict[int, Point]] = {
            each: {point.start + back: point for point in read[metric]} for each, metric in wanted.items()
        }

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
        traces: list[Trace] = [("invocations", "Invocations", calls, "--c1")]
        if self.parts:
            traces = self._by_version("Invocations", "Sum", 0)
            named = [trace[2] for trace in traces]
            rest = [max(0, (call or 0) - sum(part[at] or 0 for part in named)) for at, call in enumerate(calls)]
            if any(rest):
                traces.append(("", "$LATEST and others", rest, COLOURS[len(traces) % len(COLOURS)]))
        return self._chart(
            "invocations",
            "Invocations",
            compact(count),
            "",
            f"{compact(refused)} throttled" if refused else "none throttled",
            charts.bars,
            [*traces, ("throttles", "Throttles", throttles, "--c-warn")],
            quiet=not count and not refused,
            before=("Invocations", "Sum"),
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
            self._by_version("Errors", "Sum", 0) or [("errors", "Errors", errors, "--c-err")],
            quiet=not calls,
            before=("Errors", "Sum"),
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
            self._by_version("Duration", "p95", None) or traces,
            quiet=not whole.count,
            before=("Duration", "p95"),
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
            before=("ConcurrentExecutions", "Maximum"),
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
            before=("InitDuration", "SampleCount"),
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
            before=("InitDuration", "p95"),
        )

    def _by_version(self, name: str, statistic: str, empty: float | None) -> list[Trace]:
        return [
            ("", part.name, part.values(name, statistic, self.times, empty), COLOURS[at % len(COLOURS)])
            for at, part in enumerate(self.parts)
        ]

    def _change(self, name: str, statistic: str) -> str:
        """Of the whole range against the one before, in words."""
        if self.before is None:
            return ""
        now, then = self.total(name).value(statistic) or 0.0, self.before.total(name).value(statistic) or 0.0
        if not then:
            return "nothing before" if now else ""
        return f"{signed((now - then) / then * 100)}{NARROW_SPACE}% against before"

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
        before: tuple[str, str],
    ) -> Chart:
        """`before`: metric and statistic that the period before is compared by."""
        figure = draw(self.times, self.period, [trace[:3] for trace in traces], self.span)
        if self.before is not None:
            name, statistic = before
            empty = None if statistic.startswith("p") else 0
            earlier = self.before.values(name, statistic, empty)
            label = "Before" if statistic[0] != "p" else f"{statistic} before"
            charts.add_lines(figure, self.times, self.period, [("previousPeriod", label, earlier)], self.span)
            traces = [*traces, ("previousPeriod", label, earlier, "--text-3")]
            beside = ", ".join(part for part in (beside, self._change(name, statistic)) if part)
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
            queries=self._queries(key),
        )

    def _queries(self, key: str) -> list[dict[str, Any]]:
        """The chart's numbers, as GetMetricData is asked for them."""
        dimensions = [{"Name": name, "Value": value} for name, value in self.dimensions.items()]
        return [
            {
                "Id": f"{name[:1].lower()}{name[1:]}_{statistic.lower()}",
                "MetricStat": {
                    "Metric": {"Namespace": metrics.LAMBDA, "MetricName": name, "Dimensions": dimensions},
                    "Period": self.period,
                    "Stat": statistic,
                },
            }
            for name, statistic in STATISTICS[key]
        ]
