"""Figures for plotly.js, as JSON. Colours are the theme's: `meta` of a trace names its role in plotly-theme.json."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import plotly.graph_objects as go

from console.pages.timerange import TimeRange

Times = Sequence[int]  # epoch seconds, the beginnings of the periods
Values = Sequence[float | None]


def bars(times: Times, period: int, traces: Sequence[tuple[str, str, Values]], span: TimeRange) -> dict[str, Any]:
    """Stacked bars; each trace is (role, name, values). A period stands at its middle."""
    at = [time_text(time + period / 2) for time in times]
    data = [go.Bar(x=at, y=list(values), name=name, meta=role, width=period * 760) for role, name, values in traces]
    return _figure(data, span, times[-1] + period)


def lines(times: Times, period: int, traces: Sequence[tuple[str, str, Values]], span: TimeRange) -> dict[str, Any]:
    at = [time_text(time + period / 2) for time in times]
    data = []
    for role, name, values in traces:
        alone = sum(value is not None for value in values) < 2  # a line of one point would not be seen
        mode = "lines+markers" if alone or _has_lone_points(values) else "lines"
        data.append(go.Scatter(x=at, y=list(values), name=name, meta=role, mode=mode, marker={"size": 4}))
    return _figure(data, span, times[-1] + period)


def add_lines(
    figure: dict[str, Any], times: Times, period: int, traces: Sequence[tuple[str, str, Values]], span: TimeRange
) -> None:
    """Lines over what a figure shows already."""
    figure["data"] += lines(times, period, traces, span)["data"]


def _figure(data: list[Any], span: TimeRange, last: int) -> dict[str, Any]:
    days = span.span.total_seconds() > 36 * 3600
    axis = {
        "range": [time_text(span.start.timestamp()), time_text(max(span.end.timestamp(), last))],
        "tickformat": "%d %b" if days else "%H:%M",
        "hoverformat": "%d %b %H:%M" if days else "%H:%M",
    }
    figure = go.Figure(data=data, layout={"template": "none", "xaxis": axis})
    built: dict[str, Any] = json.loads(figure.to_json())
    built["layout"].pop("template", None)
    return built


def _has_lone_points(values: Values) -> bool:
    """Whether some value has no neighbour to be joined with by a line."""
    padded = [None, *values, None]
    return any(
        padded[at] is not None and padded[at - 1] is None and padded[at + 1] is None for at in range(1, len(padded) - 1)
    )


def time_text(epoch: float) -> str:
    """A time as plotly.js takes it: UTC, without a zone."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M:%S")
