"""The nodes that run functions: their isolation, pools and environments, as each says of itself; recycling these."""

from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import redis
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from console.pages import access, notice
from console.pages.admin import layout
from functions.actions import environment
from functions.arn import parse
from functions.errors import ServiceError
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
ROWS = 200  # environments listed of a worker: the youngest, by function


@dataclass(slots=True)
class Worker:
    id: str
    pid: int
    capacity_provider: str = ""  # name or ARN; empty for a worker of none
    isolation: dict[str, str] = field(default_factory=dict)
    pools: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    environments: list[dict[str, Any]] = field(default_factory=list)
    per_function: Counter[str] = field(default_factory=Counter)  # how many of the environments are whose
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
    may_recycle = access.allows(request, "hearth:RecycleEnvironments")
    context = {"workers": workers, "problem": problem, "may_recycle": may_recycle}
    return layout.show(request, "workers", context)


@access.needs("hearth:RecycleEnvironments")
@require_POST
def recycle(request: HttpRequest) -> HttpResponse:
    """End the environments of `function`, or the one of its `log_stream`."""
    caller = access.caller(request)
    name, log_stream = request.POST.get("function", ""), request.POST.get("log_stream", "")
    try:
        ended = environment.recycle(caller, parse(name, None, caller), log_stream)
    except ServiceError as error:
        notice.refused(request, error.message or error.code)
    else:
        what = "An environment" if ended == 1 else f"{ended} environments"
        notice.done(request, f"{what} of {name} recycled: the next call makes a new one.")
    return redirect("admin-workers")


def _ask(node: nodes.Node, account_id: str) -> Worker:
    now = timezone.now()
    provider = str(node.facts.get("capacity_provider", ""))
    worker = Worker(node.id, int(node.facts.get("pid", 0)), provider, _facts(node.facts.get("isolation")))
    try:
        with closing(LaneClient(node.address)) as lane:
            said = lane.status()
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
            worker.environments.append(_environment(each, state, now))
    worker.per_function = Counter(each["function_name"] for each in worker.environments)
    worker.environments.sort(key=lambda each: each["age_s"])
    del worker.environments[ROWS:]
    worker.environments.sort(key=lambda each: each["function_name"])
    return worker


def _environment(said: dict[str, Any], state: str, now: datetime) -> dict[str, Any]:
    """`used` is None while it runs something."""
    idle = said["idle_s"]
    return {
        **said,
        "state": state,
        "since": now - timedelta(seconds=said["age_s"]),
        "used": None if idle is None else now - timedelta(seconds=idle),
    }


def _facts(isolation: Any) -> dict[str, str]:
    """Each fact in words."""
    facts = isolation if isinstance(isolation, dict) else {}
    return {name.replace("_", " "): _words(fact) for name, fact in facts.items() if fact != ""}


def _words(fact: Any) -> str:
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    if isinstance(fact, list | tuple):
        return ", ".join(map(str, fact)) or "none"
    return str(fact)
