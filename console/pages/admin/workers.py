"""The nodes that run functions: their isolation, pools and environments, as each says of itself."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import redis
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
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
ROWS = 200  # environments listed of a worker, the youngest first


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
    problem = ""
    workers: list[Worker] = []
    try:
        workers = [_ask(node, access.account(request).pk) for node in nodes.live()]
    except redis.RedisError as error:
        problem = type(error).__name__
    context = {"workers": workers, "problem": problem}
    return layout.show(request, "workers", context)


def _ask(node: nodes.Node, account_id: str) -> Worker:
    now = timezone.now()
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
    for each in said.get("sandboxes", []):
        state = "frozen" if each["frozen"] else each["state"]
        worker.counts[state] = worker.counts.get(state, 0) + 1
        if each["account_id"] == account_id:  # the node serves other accounts, too
            worker.environments.append({**each, "state": state, "since": now - timedelta(seconds=each["age_s"])})
    worker.environments.sort(key=lambda each: each["age_s"])
    del worker.environments[ROWS:]
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
