"""The nodes that run functions: their isolation, pools and environments, as each says of itself."""

import os
from dataclasses import dataclass, field
from typing import Any

import redis
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from console.pages import access
from console.pages.admin import layout
from functions.execution.lane import LaneClient
from functions.execution.spec import LaneError
from functions.invoke import nodes

# States of environments, in the order of their life, and the colour of a cell (components.css).
STATES = (
    ("starting", "ready"),
    ("ready", "ready"),
    ("initialising", "busy"),
    ("idle", "idle"),
    ("frozen", "frozen"),
    ("busy", "busy"),
    ("draining", "busy"),
)
CELLS = 400  # shown of one state; beyond that the number says it


@dataclass(slots=True)
class Worker:
    id: str
    pid: int
    isolation: dict[str, str] = field(default_factory=dict)
    pools: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    environments: list[dict[str, Any]] = field(default_factory=list)
    runtimes: dict[str, str] = field(default_factory=dict)
    memory_mb: int = 0
    problem: str = ""

    @property
    def cells(self) -> list[tuple[str, str, int, range]]:
        return [
            (state, colour, self.counts[state], range(min(CELLS, self.counts[state])))
            for state, colour in STATES
            if self.counts.get(state)
        ]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@access.needs("hearth:ListWorkers")
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """`?part=1` is what the page asks for anew while one looks."""
    problem = ""
    workers: list[Worker] = []
    try:
        workers = [_ask(node) for node in nodes.live()]
    except redis.RedisError as error:
        problem = type(error).__name__
    context = {"workers": workers, "problem": problem, "part": "part" in request.GET, "host": os.uname().nodename}
    return layout.show(request, "workers", context)


def _ask(node: nodes.Node) -> Worker:
    worker = Worker(node.id, int(node.facts.get("pid", 0)), _facts(node.facts.get("isolation")))
    try:
        said = LaneClient(node.address).status()
    except (LaneError, OSError) as error:
        worker.problem = str(error) or type(error).__name__
        return worker
    worker.isolation = _facts(said.get("isolation")) or worker.isolation
    worker.pools = said.get("pools", {})
    worker.runtimes = said.get("runtimes", {})
    worker.memory_mb = said.get("configured_memory_mb", 0)
    environments = said.get("environments", {})
    if isinstance(environments, dict):
        worker.counts = environments
    else:  # one entry for each
        worker.environments = environments
        for each in environments:
            worker.counts[each["state"]] = worker.counts.get(each["state"], 0) + 1
    return worker


def _facts(isolation: Any) -> dict[str, str]:
    """Each fact in words."""
    facts = isolation if isinstance(isolation, dict) else {}
    return {name.replace("_", " "): _words(fact) for name, fact in facts.items()}


def _words(fact: Any) -> str:
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    if isinstance(fact, list | tuple):
        return ", ".join(map(str, fact)) or "none"
    return str(fact)
