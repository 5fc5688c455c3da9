"""Environments that stand initialised before anybody calls: as many of each version as were asked for.

The node's worker says what is wanted, whole, whenever it changes. What is missing is made, a few at once; what dies is
made again; what is not wanted any more is drained. An init that fails is tried again, each time later.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from functions.execution.environment import Environment
from functions.execution.pools import NoEnvironment
from functions.execution.preparation import Preparation
from functions.execution.spec import FunctionSpec
from functions.execution.states import State

if TYPE_CHECKING:
    from functions.execution.engine import Engine

AT_ONCE = 4  # environments that are being made
AGAIN_SECONDS = 0.1  # after one died
RETRY_SECONDS = (1.0, 60.0)  # after an init that failed: at first, and at most
INIT_FAILURE = "FUNCTION_ERROR_INIT_FAILURE"  # AWS's own word
NO_ROOM = "The worker node has no room for a further execution environment."


@dataclass(slots=True)
class Allocation:
    """What one version shall have and has."""

    spec: FunctionSpec
    wanted: int = 0
    held: set[Environment] = field(default_factory=set)
    starting: int = 0
    failures: int = 0  # in a row
    not_before: float = 0.0  # monotonic: after a failure
    reason: str = ""  # of the last failure; empty again after a success

    @property
    def busy(self) -> int:
        return sum(environment.state is State.BUSY for environment in self.held)

    def facts(self) -> dict[str, object]:
        return {
            "version": self.spec.version,
            "wanted": self.wanted,
            "allocated": len(self.held),
            "available": sum(environment.usable for environment in self.held),
            "reason": self.reason,
        }


class Provisioned:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._starting = 0
        self._promised: list[int] = []  # memory of those that wait for a sandbox, which the pools do not count yet
        self.allocations: dict[str, Allocation] = {}  # by the spec's key

    def want(self, targets: Iterable[tuple[FunctionSpec, int]]) -> None:
        """This and nothing else."""
        wanted = {spec.key: (spec, count) for spec, count in targets}
        for key in self.allocations.keys() - wanted.keys():
            self._shrink(self.allocations.pop(key), 0)
        for key, (spec, count) in wanted.items():
            allocation = self.allocations.setdefault(key, Allocation(spec))
            self._engine.pools.introduce(spec)
            self._shrink(allocation, count)
        self._fill()

    def of(self, function: str) -> list[dict[str, object]]:
        """What the versions of a function (`account:region:name`) have."""
        return [each.facts() for each in self.allocations.values() if each.spec.function == function]

    def idle(self, function: str) -> int:
        """Places of a function (`account:region:name`) that its provisioned environments keep and do not use now."""
        mine = (each for each in self.allocations.values() if each.spec.function == function)
        return sum(max(0, each.wanted - each.busy) for each in mine)

    def _shrink(self, allocation: Allocation, wanted: int) -> None:
        allocation.wanted = wanted
        surplus = len(allocation.held) - wanted
        for environment in sorted(allocation.held, key=lambda each: not each.usable)[: max(0, surplus)]:
            allocation.held.remove(environment)
            environment.provisioned = False
            environment.drain()

    def _fill(self) -> None:
        for allocation in self.allocations.values():
            while self._lacks(allocation):
                allocation.starting += 1
                self._starting += 1
                self._engine.loop.start(self._make(allocation))

    def _lacks(self, allocation: Allocation) -> bool:
        return (
            len(allocation.held) + allocation.starting < allocation.wanted
            and self._starting < AT_ONCE
            and time.monotonic() >= allocation.not_before
            and not self._engine.pools.closed
            # Not so after an invocation of a newer key of the version: the worker is about to say so.
            and self._engine.pools.is_current(allocation.spec)
        )

    async def _make(self, allocation: Allocation) -> None:
        try:
            reason = await self._prepare(allocation)
        finally:
            allocation.starting -= 1
            self._starting -= 1
        allocation.reason = reason
        if reason:
            first, longest = RETRY_SECONDS
            delay = min(first * 2**allocation.failures, longest)
            allocation.failures = min(allocation.failures + 1, 16)
            allocation.not_before = time.monotonic() + delay
            self._engine.loop.later(delay, self._fill)
        else:
            allocation.failures = 0
        self._fill()

    async def _prepare(self, allocation: Allocation) -> str:
        """One environment more. Returns why there is none."""
        engine, spec = self._engine, allocation.spec
        if not engine.pools.has_room(sum(self._promised) + spec.memory_mb, len(self._promised) + 1):
            return NO_ROOM
        self._promised.append(spec.memory_mb)
        try:
            environment = await engine.pools.fresh(spec, warm=False)
        except NoEnvironment as error:
            return str(error)
        finally:
            self._promised.remove(spec.memory_mb)
        try:
            failure = await Preparation(engine, spec, environment).run()
        except OSError as error:
            return str(error)
        if failure is not None:
            return INIT_FAILURE
        if self.allocations.get(spec.key) is allocation and len(allocation.held) < allocation.wanted:
            allocation.held.add(environment)
            environment.provisioned = True
            engine.pools.release(environment)
        else:  # not wanted any more
            environment.drain()
        return ""

    def lost(self, environment: Environment) -> None:
        allocation = self.allocations.get(environment.spec.key) if environment.spec else None
        if allocation is not None:
            allocation.held.discard(environment)
            self._engine.loop.later(AGAIN_SECONDS, self._fill)
