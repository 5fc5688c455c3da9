"""The nodes that run functions: load, isolation, pools and environments, as each says of itself."""

from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

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
    memory_mb: int = 0  # configured of its environments
    held_mb: int = 0  # in use by them
    running: int = 0
    cores: int = 0
    draining: bool = False
    in_use: dict[str, int] = field(default_factory=dict)  # account:region:name -> invocations
    unreserved: dict[str, int] = field(default_factory=dict)  # account:region -> those that share what is left
    granted: dict[str, int] | None = None  # its leases by scope; None while it is alone
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


def ask(node: nodes.Node, account_id: str) -> Worker:
    """What it says within some seconds; `problem` when it says nothing."""
    now = timezone.now()
    worker = Worker(node.id, int(node.facts.get("pid", 0)), node.capacity_provider, _facts(node.facts.get("isolation")))
    worker.cores, worker.draining = int(node.facts.get("cores", 0)), node.draining
    try:
        with closing(node.client(nodes.ASK_SECONDS)) as lane:
            said = lane.status()
    except (LaneError, OSError) as error:
        worker.problem = str(error) or type(error).__name__
        return worker
    worker.isolation = _facts(said.get("isolation")) or worker.isolation
    worker.pools = said.get("pools", {})
    worker.runtimes = said.get("runtimes", {})
    worker.memory_mb = said.get("configured_memory_mb", 0)
    worker.running, worker.draining = said.get("in_flight", 0), said.get("draining", False)
    worker.in_use, worker.unreserved = said.get("in_use", {}), said.get("unreserved", {})
    worker.granted = said.get("granted")
    for each in said.get("sandboxes", []):
        worker.held_mb += each["held_mb"] or 0
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
