"""What shall stand initialised on which node, and what does.

The worker of each node reads what is wanted from the database, whenever anything about functions or nodes has changed,
and tells its executor. Nothing of it is on an invocation's way.
"""

import logging
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from functions.arn import FunctionReference
from functions.cache import generation
from functions.errors import ServiceError
from functions.execution.lane import LaneClient
from functions.execution.spec import FunctionSpec, LaneError, Throttled
from functions.invoke import routing
from functions.invoke.lanes import lanes
from functions.models import Function, FunctionVersion, ProvisionedConcurrency, ScalingConfig, capacity_provider

log = logging.getLogger(__name__)

# Changes on other machines are not told by the generation counter.
REFRESH_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Held:
    """What the nodes hold of one configuration, as AWS counts it."""

    allocated: int = 0  # environments that are initialised
    available: int = 0  # of these, those that run nothing
    reason: str = ""  # why there are too few

    def status(self, requested: int) -> str:
        if self.allocated >= requested:
            return "READY"
        return "FAILED" if self.reason else "IN_PROGRESS"


def held(function: Function) -> dict[str, Held]:
    """Qualifier -> what there is of it, for each provisioned concurrency configuration of the function. Asks the
    nodes; those that cannot be reached have nothing."""
    configs = list(function.provisioned.all())
    if not configs:
        return {}
    aliases = {alias.name: alias.targets for alias in function.aliases.all()}
    versions = _versions(function)
    return {
        config.qualifier: _sum(
            [versions[label] for label in aliases.get(config.qualifier, [config.qualifier]) if label in versions]
        )
        for config in configs
    }


def _versions(function: Function) -> dict[str, Held]:
    key = f"{function.account_id}:{function.region}:{function.name}"
    names = function.versions.order_by().values_list("capacity_provider", flat=True).distinct()
    parts: dict[str, list[Held]] = {}
    for name in names:
        provider = capacity_provider.arn(function.account_id, function.region, name)
        for each in _said(key, provider):
            parts.setdefault(each["version"], []).append(Held(each["allocated"], each["available"], each["reason"]))
    return {version: _sum(held) for version, held in parts.items()}


def _said(key: str, provider: str) -> Iterator[dict[str, Any]]:
    """What each node of the capacity provider says."""
    try:
        peers = lanes().of(provider)
    except Throttled as error:
        log.info("what is provisioned of %s is not known: %s", key, error)
        return
    for peer in peers:
        try:
            yield from peer.client.provisioned(key)
        except LaneError as error:
            log.info("what node %s has of %s is not known: %s", peer.node.id, key, error)


def _sum(parts: list[Held]) -> Held:
    reason = next((part.reason for part in parts if part.reason), "")
    return Held(sum(part.allocated for part in parts), sum(part.available for part in parts), reason)


def wanted() -> list[tuple[FunctionSpec, int]]:
    """Versions and how many environments of each stand initialised, on all nodes together: none of one whose snapshot
    alone is kept. Those that cannot run now are left out."""
    counts: Counter[FunctionReference] = Counter()
    for config in ProvisionedConcurrency.objects.select_related("function").prefetch_related("function__aliases"):
        for label, count in _shares(config).items():
            counts[_reference(config.function, label)] += count
    for scaling in ScalingConfig.objects.filter(minimum__gt=0).select_related("function"):
        reference = _reference(scaling.function, scaling.qualifier)
        counts[reference] = max(counts[reference], scaling.minimum or 0)
    for version in FunctionVersion.objects.filter(snap_start=True, number__gt=0).select_related("function"):
        if version.has_snapshot:
            counts[_reference(version.function, version.label)] += 0
    found = []
    for reference, count in counts.items():
        try:
            found.append((routing.resolve(reference).spec, count))
        except ServiceError as error:
            log.info("nothing of %s is kept ready: %s", reference.arn, error)
    return found


def _shares(config: ProvisionedConcurrency) -> dict[str, int]:
    """Version label -> its environments: those of an alias are divided by its weights."""
    alias = next((alias for alias in config.function.aliases.all() if alias.name == config.qualifier), None)
    if alias is None:
        return {config.qualifier: config.requested}
    others = {label: divide(config.requested, weight) for label, weight in alias.routing.items()}
    return {alias.version: config.requested - sum(others.values()), **others}


def divide(whole: int, weight: float) -> int:
    """The part of the second version. Where there are two or more, rounding leaves neither without any."""
    part = round(whole * weight)
    return min(max(part, 1), whole - 1) if whole > 1 and 0 < weight < 1 else part


def _reference(function: Function, label: str) -> FunctionReference:
    return FunctionReference(function.account_id, function.region, function.name, label)


class Reconciler:
    """Keeps one node's executor told. Call `turn` often, from one thread: without a change it costs microseconds."""

    def __init__(self, address: str) -> None:
        """`address`: the node's lane."""
        self._address = address
        self._lane = LaneClient(address)
        self._seen: object = None
        self._told: tuple[int, list[tuple[FunctionSpec, int]]] = (0, [])
        self._read_at = 0.0

    def turn(self, executor: int) -> None:
        """`executor` is its process id: another one knows nothing yet. Raises LaneError and errors of the database;
        the next turn tries again."""
        seen = (executor, generation().current(), lanes().known())
        if seen == self._seen and time.monotonic() - self._read_at < REFRESH_SECONDS:
            return
        mine = [(spec, count) for spec, total in wanted() if (count := self._share(spec, total)) or spec.snap_start]
        told = (executor, mine)
        if told != self._told and (mine or self._told[1]):
            self._lane.provision(mine)
        self._told, self._seen, self._read_at = told, seen, time.monotonic()

    def _share(self, spec: FunctionSpec, total: int) -> int:
        try:
            return lanes().share(spec.function, spec.capacity_provider, self._address, total)
        except Throttled:  # no node of its capacity provider lives
            return 0
