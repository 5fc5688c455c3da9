"""Deployments as marks on charts: a dashed line with what it brought on top."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.pages.charts import time_text
from console.pages.timeline import entries
from console.pages.timerange import TimeRange
from console.templatetags.hearth import version as named
from functions import history
from functions.history import Deployment, Kind
from functions.models import Function

READ = 100  # deployments; more in one range would hide the curve
CLOSE = 0.05  # of the range: nearer ones share a label
EDGE = 0.1  # of the range
# What callers of an alias or version see, and what only those of $LATEST do.
OF_DRAFT = (Kind.CODE, Kind.CONFIGURATION)
SHOWN = (Kind.PUBLISHED, Kind.ALIAS_MOVED, Kind.ALIAS_SHIFTED, Kind.ROLLBACK, *OF_DRAFT)


@dataclass(frozen=True)
class Marker:
    at: datetime
    label: str  # short, for the chart
    title: str
    by: str


def read(function: Function, span: TimeRange, qualifier: str = "") -> list[Marker]:
    """Those within the range, the oldest first; of an alias only its own. One query."""
    found = history.deployments(function, READ, before=span.end)
    return [
        Marker(entry.deployment.at, _label(entry.deployment), entry.title, entry.deployment.actor)
        for entry in reversed(entries(found))
        if entry.deployment.at >= span.start and _concerns(entry.deployment, qualifier)
    ]


def draw(figure: dict[str, Any], markers: list[Marker], span: TimeRange) -> None:
    """Put them on a figure of `console.pages.charts`."""
    near = span.span * CLOSE
    shapes: list[dict[str, Any]] = []
    labels: list[dict[str, Any]] = []
    last: datetime | None = None
    for marker in markers:
        x = time_text(marker.at.timestamp())
        line = {"type": "line", "xref": "x", "yref": "paper", "x0": x, "x1": x, "y0": 0, "y1": 1, "layer": "above"}
        shapes.append(line)
        if last is None or marker.at - last > near:
            place = {"x": x, "y": 1, "xref": "x", "yref": "paper", "yanchor": "bottom", "showarrow": False}
            # Near the end there is no room to the right of the line.
            side = "right" if marker.at > span.end - span.span * EDGE else "center"
            labels.append({**place, "xanchor": side, "text": marker.label})
            last = marker.at
        elif not labels[-1]["text"].endswith("…"):
            labels[-1]["text"] += " …"
    figure["layout"] |= {"shapes": shapes, "annotations": labels}


def _concerns(made: Deployment, qualifier: str) -> bool:
    if made.kind not in SHOWN:
        return False
    return made.alias == qualifier if qualifier else True


def _label(made: Deployment) -> str:
    """Version numbers and alias names are plain: nothing in them is markup to plotly.js."""
    if made.kind == Kind.PUBLISHED:
        return named(made.version)
    if made.alias:
        return made.alias if len(made.alias) < 12 else f"{made.alias[:10]}…"
    return "code" if made.kind == Kind.CODE else "config"
