"""Whether the parts of Hearth work: web, broker, workers, store. Each answers in a moment, or is said not to."""

import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from dataclasses import dataclass, field
from typing import Any

import redis
from django.db import Error, connection

from functions.execution.spec import LaneError
from functions.invoke import nodes

PATIENCE_SECONDS = 0.5
KEPT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    look: str  # ok, warn, err
    text: str


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """One worker node. `environments` counts by state, `in_use` by `account:region:function`."""

    name: str
    environments: dict[str, int]
    ready: int
    in_use: dict[str, int]
    isolation: str
    is_full: bool  # isolation without a gap

    @property
    def cells(self) -> list[str]:
        """One look for each environment, at most 160."""
        looks = {"busy": "busy", "draining": "busy", "initialising": "busy", "idle": "idle", "ready": "ready"}
        found = [looks.get(state, "") for state, count in sorted(self.environments.items()) for _ in range(count)]
        order = ["busy", "idle", "ready", ""]
        return sorted(found, key=order.index)[:160]

    @property
    def busy(self) -> int:
        return sum(self.in_use.values())


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`nodes` is None when the nodes could not be asked: then nothing is known of them."""

    broker: str  # what is wrong with it; empty when it answers
    nodes: list[NodeStatus] | None
    problem: str = ""

    def concurrency(self, account: str) -> int | None:
        """Invocations of `account:region` that run now; None when that is unknown."""
        if self.nodes is None or not self.nodes:
            return None
        return sum(
            count
            for node in self.nodes
            for function, count in node.in_use.items()
            if function.startswith(f"{account}:")
        )


@dataclass
class Probe:
    """Asks the nodes on a thread of its own: one that hangs holds up no page. What it said is kept for a second."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _asking: "Future[Snapshot] | None" = None
    _last: Snapshot | None = None
    _at: float = 0.0

    def ask(self) -> Snapshot:
        with self._lock:
            if self._last is not None and time.monotonic() - self._at < KEPT_SECONDS:
                return self._last
            if self._asking is None or self._asking.done():
                self._asking = Future()
                threading.Thread(target=self._run, args=(self._asking,), name="ask-nodes", daemon=True).start()
            asking = self._asking
        try:
            return asking.result(PATIENCE_SECONDS)
        except Late:
            return Snapshot("", None, f"no answer within {PATIENCE_SECONDS} s")

    def _run(self, asking: "Future[Snapshot]") -> None:
        found = snapshot()
        self._last, self._at = found, time.monotonic()
        asking.set_result(found)


def snapshot() -> Snapshot:
    try:
        nodes.broker().ping()
    except redis.RedisError as error:
        return Snapshot(type(error).__name__, None, "the broker, which knows them, is away")
    try:
        return Snapshot("", [_node(each) for each in nodes.status()])
    except (redis.RedisError, LaneError, OSError, ValueError, KeyError) as error:
        return Snapshot("", None, str(error) or type(error).__name__)


def _node(status: dict[str, Any]) -> NodeStatus:
    isolation = status.get("isolation", {})
    return NodeStatus(
        name=str(status["node"]),
        environments={str(name): int(count) for name, count in status.get("environments", {}).items()},
        ready=sum(int(pool["ready"]) for pool in status.get("pools", {}).values()),
        in_use={str(name): int(count) for name, count in status.get("in_use", {}).items()},
        isolation=str(isolation.get("summary", "")),
        is_full=not isolation.get("missing"),
    )


probe = Probe()


def health(found: Snapshot) -> list[Part]:
    parts = [Part("Web", "ok", "answers")]
    if found.nodes is None:
        parts.append(Part("Workers", "err", f"unknown: {found.problem}"))
    elif not found.nodes:
        parts.append(Part("Workers", "err", "none is up: nothing can be invoked"))
    else:
        count = len(found.nodes)
        environments = sum(sum(node.environments.values()) for node in found.nodes)
        parts.append(
            Part(
                "Workers",
                "ok",
                f"{count} up, {environments} environments" if count > 1 else f"1 up, {environments} environments",
            )
        )
    parts.append(
        Part("Broker", "err", f"away ({found.broker}): asynchronous events wait, nothing is lost")
        if found.broker
        else Part("Broker", "ok", "answers")
    )
    started = time.perf_counter()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        took = (time.perf_counter() - started) * 1000
        parts.append(Part("Store", "ok", f"{connection.vendor}, answers in {took:.1f} ms"))
    except Error as error:
        parts.append(Part("Store", "err", type(error).__name__))
    return parts
