"""Which environments there are, and which one serves the next invocation.

A warm one of the same pool comes first (a provisioned one, else the last that was used, so that the others may be
reaped), then a pre-warmed one of the runtime, then one made on demand. A node has a budget of environments and of
configured memory: beyond it the idle environment that was used longest ago has to go, and while the machine itself is
short of memory, too. Provisioned ones stay.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from functions.execution.environment import Environment
from functions.execution.facts import facts
from functions.execution.loop import Loop, Promise
from functions.execution.pressure import Pressure
from functions.execution.sandbox.factory import Factory
from functions.execution.spec import FunctionSpec
from functions.execution.states import State

FREEZE_SECONDS = 1.0
SWEEP_SECONDS = 0.5
REFILL_SECONDS = 0.01  # after the invocation that took one: it goes first
ATTEMPTS = 3
COPIES = 1  # of a template, that wait for a function's next environment
TEMPLATES = "+templates"  # the end of the name of a pool whose environments may copy themselves: not kept filled
logger = logging.getLogger(__name__)


class NoEnvironment(Exception):
    """The platform's fault: a sandbox could not be made."""


@dataclass(slots=True)
class Budget:
    environments: int
    memory_mb: int  # as configured
    pressure: Pressure


@dataclass(slots=True)
class Waiter:
    pool: str  # of whose environments one may come back meanwhile; empty: none of them is wanted
    promise: Promise[Environment]


@dataclass(slots=True)
class RuntimePool:
    """The unassigned environments of one runtime."""

    factory: Factory
    target: int
    ready: list[Environment] = field(default_factory=list)
    starting: int = 0
    failures: int = 0  # in a row
    waiters: deque[Waiter] = field(default_factory=deque)
    refill_planned: bool = False


class Pools:
    def __init__(self, loop: Loop, size: int, idle_s: float, budget: Budget, factory: Callable[[str], Factory]) -> None:
        """`factory` makes the Factory of a runtime id; it raises NoEnvironment for one that is not installed."""
        self._loop = loop
        self._size = size
        self._idle_s = idle_s
        self._budget = budget
        self._factory = factory
        self._runtimes: dict[str, RuntimePool] = {}
        self._of: dict[Environment, RuntimePool] = {}
        self._idle: dict[str, list[Environment]] = {}  # by spec.pool; provisioned ones last
        self._current: dict[tuple[str, str], str] = {}
        self._evicted: set[Environment] = set()  # killed to make room, not dead yet
        self._memory_mb = 0
        self._sweeping = False
        self.closed = False
        self.on_loss: Callable[[Environment], None] = lambda _: None  # a provisioned one died, or a template
        self.source: Callable[[FunctionSpec], str] = lambda spec: spec.interpreter  # the pool of those that can serve
        self.stocked: Callable[[FunctionSpec], Environment | None] = lambda _: None  # one that was initialised ahead
        self.give_up: Callable[[], int | None] = lambda: None  # ends one of these: the MB that it held, if there is one

    # --- for invocations ---

    async def acquire(self, spec: FunctionSpec) -> Environment:
        """An environment for one invocation: IDLE of this pool, or READY to be initialised. Raises NoEnvironment."""
        self.introduce(spec)
        idle = self._idle.get(spec.pool)
        while idle:
            environment = idle.pop()
            if not idle:
                del self._idle[spec.pool]
            if environment.usable:
                return environment
        return await self.fresh(spec)

    async def fresh(self, spec: FunctionSpec, *, warm: bool = True, source: str = "") -> Environment:
        """A READY environment of the spec's runtime, or of the pool `source`; if `warm`, perhaps one that was
        initialised ahead, or an IDLE one of its pool that came back."""
        if warm and (stocked := self.stocked(spec)) is not None:
            return stocked
        pool = self.runtime(source or self.source(spec))
        self._make_room(spec.memory_mb, 0 if pool.ready else 1)
        environment = None
        while pool.ready and (environment is None or not environment.usable):
            environment = pool.ready.pop()
            environment.started = time.monotonic()  # for the function: a copy's restore begins here
            self._plan_refill(pool)
        if environment is None or not environment.usable:
            waiter = Waiter(spec.pool if warm else "", Promise(self._loop))
            pool.waiters.append(waiter)
            if pool.starting < len(pool.waiters):
                self._start(pool)
            environment = await waiter.promise
        if environment.state is State.READY:
            self._memory_mb += spec.memory_mb
        return environment

    def release(self, environment: Environment) -> None:
        """The invocation, or the init ahead of one, is over."""
        environment.finish()
        spec = environment.spec
        if not environment.usable or spec is None:
            return
        if self.closed or not self.is_current(spec) or environment.idle_since >= environment.retire_at:
            environment.kill("stop")
            return
        for waiter in self._of[environment].waiters:
            if waiter.pool == spec.pool:
                self._of[environment].waiters.remove(waiter)
                waiter.promise.set(environment)
                return
        idle = self._idle.setdefault(spec.pool, [])
        if environment.provisioned or not idle or not idle[-1].provisioned:
            idle.append(environment)
        else:
            idle.insert(sum(not each.provisioned for each in idle), environment)
        if not self._sweeping:
            self._sweeping = True
            self._loop.later(SWEEP_SECONDS, self._sweep)

    # --- for what is provisioned ---

    def introduce(self, spec: FunctionSpec) -> None:
        """A new key of a function's version ends the environments of the old one."""
        which = (spec.function, spec.version)
        old = self._current.get(which)
        if old == spec.key:
            return
        self._current[which] = spec.key
        if old is not None:
            for environment in list(self._of):
                if environment.spec is not None and environment.spec.key == old and not environment.is_template:
                    environment.drain()

    def is_current(self, spec: FunctionSpec) -> bool:
        return self._current.get((spec.function, spec.version)) == spec.key

    def is_provisioned(self, spec: FunctionSpec) -> bool:
        """Whether the next `acquire` takes an environment that was initialised ahead."""
        idle = self._idle.get(spec.pool)
        return idle is not None and idle[-1].provisioned and idle[-1].usable

    def has_room(self, memory_mb: int, environments: int) -> bool:
        """Whether so much more fits into the budget, at the cost of idle environments."""
        self._make_room(memory_mb, environments)
        return self._fits(memory_mb, environments)

    # --- for the executor ---

    def recycle(self, function: str, log_stream: str = "") -> int:
        """End the environments of a function (`account:region:name`), or the one of a log stream: at once, or after
        what it runs. Returns how many. The next invocation gets a new one."""
        chosen = [
            environment
            for environment in self._of
            if environment.spec is not None
            and not environment.is_template
            and environment.spec.function == function
            and log_stream in ("", environment.log_stream)
        ]
        for environment in chosen:
            environment.drain()
        return len(chosen)

    def add(self, name: str, factory: Factory) -> None:
        """A pool of copies: one is kept ready, for it holds little of its own."""
        pool = self._runtimes[name] = RuntimePool(factory, COPIES)
        self._plan_refill(pool)

    def remove(self, name: str) -> None:
        """No further environment is made there. What came from it lives on."""
        pool = self._runtimes.pop(name, None)
        if pool is not None:
            pool.target = 0
            pool.factory.close()

    def drain_copies(self, name: str) -> bool:
        """End those that came from a pool; False when there are none."""
        pool = self._runtimes.get(name)
        if pool is not None:
            pool.target = 0
        found = [environment for environment, origin in self._of.items() if origin is pool]
        for environment in found:
            environment.drain()
        return bool(found) or (pool is not None and pool.starting > 0)

    def runtime(self, name: str) -> RuntimePool:
        """The pool of a runtime, which starts with its first use."""
        pool = self._runtimes.get(name)
        if pool is None:
            size = 0 if name.endswith(TEMPLATES) else self._size
            pool = self._runtimes[name] = RuntimePool(self._factory(name), size)
            self._refill(pool)
        return pool

    def status(self) -> dict[str, object]:
        states: dict[str, int] = {}
        for environment in self._of:
            states[environment.state.value] = states.get(environment.state.value, 0) + 1
        return {
            "pools": {
                name: {"ready": len(pool.ready), "starting": pool.starting, "target": pool.target}
                for name, pool in self._runtimes.items()
            },
            "environments": states,
            "sandboxes": [facts(environment) for environment in self._of],
            "configured_memory_mb": self._memory_mb,
        }

    def warm(self, most: int) -> dict[str, int]:
        """How many idle environments there are of each pool; of the last `most` that came to be idle."""
        keys = list(self._idle)[-most:]
        return {key: len(self._idle[key]) for key in keys}

    def busy(self) -> bool:
        return any(e.state in (State.BUSY, State.DRAINING, State.INITIALISING) for e in self._of)

    def close(self) -> None:
        """End what is not in use. What invocations wait for or run in goes on until `kill`."""
        self.closed = True
        for environment, pool in list(self._of.items()):
            unused = environment.state is State.STARTING and not pool.waiters
            if unused or (environment.state in (State.READY, State.IDLE) and not environment.is_template):
                environment.kill("stop")

    def kill(self) -> None:
        for environment in list(self._of):
            environment.kill("stop")

    def ending(self) -> bool:
        """Whether extensions somewhere are on their way to their end."""
        return any(environment.companions.ending for environment in self._of)

    def alive(self) -> bool:
        return bool(self._of)

    def factories(self) -> list[Factory]:
        return [pool.factory for pool in self._runtimes.values()]

    # --- inside ---

    def _start(self, pool: RuntimePool) -> None:
        pool.starting += 1
        # The callback may run before the constructor returns: the environment is registered in it.
        environment = Environment(self._loop, pool.factory, self._changed)
        if environment.state is not State.DEAD:
            self._of[environment] = pool

    def _changed(self, environment: Environment) -> None:
        if environment.state is State.READY:
            pool = self._of[environment]
            pool.starting -= 1
            pool.failures = 0
            self._became_ready(pool, environment)
        elif environment.state is State.DEAD:
            self._died(environment)

    def _became_ready(self, pool: RuntimePool, environment: Environment) -> None:
        if pool.waiters:
            pool.waiters.popleft().promise.set(environment)
        elif self.closed:
            environment.kill("stop")
        else:
            pool.ready.append(environment)
        if len(pool.ready) + pool.starting < pool.target:
            self._plan_refill(pool)

    def _died(self, environment: Environment) -> None:
        pool = self._of.pop(environment, None)
        self._evicted.discard(environment)
        spec = environment.spec
        if spec is not None:
            self._memory_mb -= spec.memory_mb
            self._forget_idle(environment)
            if environment.provisioned or environment.is_template:
                self.on_loss(environment)
            return
        if pool is None:
            pool = next(p for p in self._runtimes.values() if p.factory is environment.factory)
        if environment in pool.ready:
            pool.ready.remove(environment)
        else:
            pool.starting -= 1
            pool.failures += 1
            for line in environment.logs.take():
                logger.error("sandbox of %s: %s", pool.factory.interpreter.runtime, line[1].rstrip())
        if pool.failures >= ATTEMPTS:
            while pool.waiters:
                pool.waiters.popleft().promise.fail(NoEnvironment("no execution environment could be started"))
            pool.failures = 0
        elif pool.waiters and pool.starting < len(pool.waiters):
            self._loop.soon(lambda: self._start(pool))
        else:
            self._plan_refill(pool, 1.0)

    def _plan_refill(self, pool: RuntimePool, seconds: float = REFILL_SECONDS) -> None:
        if not pool.refill_planned and not self.closed:
            pool.refill_planned = True
            self._loop.later(seconds, lambda: self._refill(pool))

    def _refill(self, pool: RuntimePool) -> None:
        """Start one; the next one when it is ready, so that refilling never takes more than one core."""
        pool.refill_planned = False
        if not self.closed and not pool.starting and len(pool.ready) < pool.target and self._fits(0, 1):
            self._start(pool)

    def _make_room(self, memory_mb: int, environments: int) -> None:
        """End idle environments, the longest idle first, until so much more fits. What is busy stays all the same."""
        while not self._fits(memory_mb, environments) and self._evict() is not None:
            pass

    def _relieve(self, missing_mb: int) -> None:
        """The machine is short of memory: as much of it as idle environments hold, the longest idle first, then those
        that were initialised ahead."""
        while missing_mb > 0:
            held_mb = self._evict()
            if held_mb is None and (held_mb := self.give_up()) is None:
                return
            missing_mb -= max(1, held_mb)

    def _evict(self) -> int | None:
        """End the environment that has been idle longest; the MB that it held. None if there is none."""
        # The first of a pool that is provisioned has only such ones behind it.
        oldest = min(
            (idle[0] for idle in self._idle.values() if not idle[0].provisioned),
            key=lambda each: each.idle_since,
            default=None,
        )
        if oldest is None:
            return None
        held_mb = oldest.held_mb()
        self._forget_idle(oldest)
        self._evicted.add(oldest)
        oldest.kill("evicted")
        return held_mb

    def _forget_idle(self, environment: Environment) -> None:
        pool = environment.spec.pool if environment.spec is not None else ""
        idle = self._idle.get(pool)
        if idle and environment in idle:
            idle.remove(environment)
            if not idle:
                del self._idle[pool]

    def _fits(self, memory_mb: int, environments: int) -> bool:
        leaving_mb = sum(environment.spec.memory_mb for environment in self._evicted if environment.spec is not None)
        return (
            self._memory_mb - leaving_mb + memory_mb <= self._budget.memory_mb
            and len(self._of) - len(self._evicted) + environments <= self._budget.environments
        )

    def _sweep(self) -> None:
        """Freeze and reap. Goes on for as long as something is idle."""
        self._sweeping = bool(self._idle)
        if self._sweeping:
            self._loop.later(SWEEP_SECONDS, self._sweep)
        now = time.monotonic()
        for key, environments in list(self._idle.items()):
            for environment in list(environments):
                age = now - environment.idle_since
                if now >= environment.retire_at or (age >= self._idle_s and not environment.provisioned):
                    environments.remove(environment)
                    environment.kill("reaped")
                elif age >= FREEZE_SECONDS:
                    environment.freeze(True)
            if not environments:
                self._idle.pop(key, None)
        if self._idle and (missing_mb := self._budget.pressure.missing_mb()):
            self._relieve(missing_mb)
