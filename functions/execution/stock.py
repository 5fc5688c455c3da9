"""Environments of one version that are initialised ahead: SnapStart, where a process cannot be copied.

A process of V8 has threads, and one of Ruby since 3.3: fork(2) leaves them behind. So a few environments that have run
init and wait, frozen, are the snapshot. An invocation takes one, and waits for its hooks alone; another is made in its
place. What comes when there is none pays for its init, as without SnapStart. Each holds the memory of an idle one.
"""

import logging
import time
from collections import deque
from typing import TYPE_CHECKING

from functions.execution.environment import RETIRE_SECONDS, Environment
from functions.execution.pools import NoEnvironment
from functions.execution.preparation import Preparation
from functions.execution.runtimes.snapshot import STOCK
from functions.execution.spec import FunctionSpec
from functions.execution.states import State

if TYPE_CHECKING:
    from functions.execution.engine import Engine

logger = logging.getLogger(__name__)
REFILL_SECONDS = 0.01  # after the invocation that took one: it goes first
RETRY_SECONDS = 60.0  # after an init that failed, and while there is no room
# What init made, clients among it, holds credentials: a part of their life is for those who are restored.
RENEW_SECONDS = RETIRE_SECONDS / 2


class Stock:
    def __init__(self, engine: "Engine", spec: FunctionSpec) -> None:
        self._engine = engine
        self._spec = spec
        self._waiting: deque[Environment] = deque()  # the oldest first
        self._is_making = False
        self._is_wanted = True
        self._not_before = 0.0  # monotonic: when memory was short
        engine.pools.introduce(spec)
        self.fill()

    def take(self) -> Environment | None:
        """One that awaits its restore; None when there is none."""
        while self._waiting:
            environment = self._waiting.popleft()
            if environment.usable:
                environment.is_template = False
                environment.awaits_restore = True
                environment.started = time.monotonic()
                self._engine.loop.later(REFILL_SECONDS, self.fill)
                return environment
        return None

    def lost(self, environment: Environment) -> bool:
        """One of them died, unused."""
        if environment not in self._waiting:
            return False
        self._waiting.remove(environment)
        self.fill()
        return True

    def give_up(self) -> int | None:
        """End one, and make no other for a while. The MB that it held; None when there is none."""
        if not self._waiting:
            return None
        environment = self._waiting.popleft()
        held_mb = environment.held_mb()
        environment.kill("evicted")
        self._not_before = time.monotonic() + RETRY_SECONDS
        self._engine.loop.later(RETRY_SECONDS, self.fill)
        return held_mb

    def close(self) -> None:
        """No more is wanted."""
        self._is_wanted = False
        for environment in list(self._waiting):
            environment.kill("stop")

    def fill(self) -> None:
        """Make one; the next one when it is done."""
        pools = self._engine.pools
        lacks = self._is_wanted and not self._is_making and len(self._waiting) < STOCK
        # Not so after an invocation of a newer key of the version: the worker is about to say so.
        may = time.monotonic() >= self._not_before and not pools.closed and pools.is_current(self._spec)
        if lacks and may:
            self._is_making = True
            self._engine.loop.start(self._make())

    async def _make(self) -> None:
        try:
            environment = await self._prepared()
        finally:
            self._is_making = False
        if environment is None:
            self._engine.loop.later(RETRY_SECONDS, self.fill)
        elif self._is_wanted:
            self._waiting.append(environment)
            environment.freeze(True)
            self._engine.loop.later(RENEW_SECONDS, lambda: self._renew(environment))
            self.fill()
        else:
            environment.kill("stop")

    async def _prepared(self) -> Environment | None:
        pools, spec = self._engine.pools, self._spec
        if not pools.has_room(spec.memory_mb, 1):
            return None
        try:
            environment = await pools.fresh(spec, warm=False)
            environment.is_template = True
            failure = await Preparation(self._engine, spec, environment, "snap-start").run()
        except (NoEnvironment, OSError) as error:
            logger.error("nothing of %s is initialised ahead: %s", spec.function, error)
            return None
        return environment if failure is None and environment.state is State.IDLE else None

    def _renew(self, environment: Environment) -> None:
        if environment in self._waiting:
            environment.kill("stop")
