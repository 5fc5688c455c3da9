"""SnapStart: of each published version that asks for it, one environment is initialised and kept as a template, and
those that serve are copies of it (`sandbox/restore.py`). Where a process cannot be copied, some environments are
initialised ahead (`stock.py`).

The node's worker says for which versions, whole, whenever that changes; a first invocation may be faster, and is then
initialised as any other. A template leaves when its version does, once its last copy has died, for they die with it.
Source: https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
"""

import array
import itertools
import logging
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.execution.environment import RETIRE_SECONDS, Environment
from functions.execution.pools import TEMPLATES, NoEnvironment
from functions.execution.preparation import Preparation
from functions.execution.runtimes import snapshot as runtimes
from functions.execution.sandbox.restore import CopyFactory
from functions.execution.spec import LATE, FunctionSpec
from functions.execution.states import State
from functions.execution.stock import Stock

if TYPE_CHECKING:
    from functions.execution.engine import Engine

logger = logging.getLogger(__name__)
SWEEP_SECONDS = 5.0
RETRY_SECONDS = 60.0  # after an init that failed
RENEW_SECONDS = RETIRE_SECONDS / 2


@dataclass(slots=True, eq=False)
class Snapshot:
    """Of one version. `environment` is the template, once it is initialised."""

    spec: FunctionSpec
    number: int
    environment: Environment | None = None
    is_wanted: bool = True

    @property
    def name(self) -> str:
        """Of the pool that its copies come from."""
        return f"snapshot {self.number}"


def is_copied(spec: FunctionSpec) -> bool:
    """An interpreter that starts with its function is no zygote's child, and cannot make copies."""
    return runtimes.is_copied(spec.runtime) and not spec.interpreter.endswith(LATE)


class Snapshots:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._of: dict[str, Snapshot] = {}  # by the spec's key
        self._replaced: list[Snapshot] = []  # whose copies still work
        self._numbers = itertools.count(1)
        self._stocks: dict[str, Stock] = {}  # by the spec's key
        engine.pools.source = self.source
        engine.pools.stocked = self.stocked
        engine.pools.give_up = self.give_up

    def want(self, specs: Iterable[FunctionSpec]) -> None:
        """Of these versions and no others."""
        wanted = {spec.key: spec for spec in specs if spec.snap_start}
        for key in self._stocks.keys() - wanted.keys():
            self._stocks.pop(key).close()
        for key, spec in wanted.items():
            if not is_copied(spec):
                self._stocks[key] = self._stocks.get(key) or Stock(self._engine, spec)
            elif key not in self._of:
                self._begin(spec)
        for snapshot in self._of.values():
            snapshot.is_wanted = snapshot.spec.key in wanted
        self._sweep()

    def source(self, spec: FunctionSpec) -> str:
        """The pool of environments that can become those of a spec."""
        snapshot = self._of.get(spec.key) if spec.snap_start else None
        return snapshot.name if snapshot is not None and snapshot.environment is not None else spec.interpreter

    def stocked(self, spec: FunctionSpec) -> Environment | None:
        """One that was initialised ahead, which awaits its restore."""
        stock = self._stocks.get(spec.key) if spec.snap_start else None
        return stock.take() if stock is not None else None

    def give_up(self) -> int | None:
        """The machine is short of memory: end one that was initialised ahead. The MB that it held."""
        found = (stock.give_up() for stock in self._stocks.values())
        return next((held_mb for held_mb in found if held_mb is not None), None)

    def lost(self, environment: Environment) -> None:
        """A template died, and its copies with it; or one that was initialised ahead."""
        if any(stock.lost(environment) for stock in self._stocks.values()):
            return
        for snapshot in [*self._of.values(), *self._replaced]:
            if snapshot.environment is environment:
                self._engine.pools.remove(snapshot.name)
                if snapshot in self._replaced:
                    self._replaced.remove(snapshot)
                    continue
                del self._of[snapshot.spec.key]
                if snapshot.is_wanted:
                    self._again(snapshot.spec)

    def _begin(self, spec: FunctionSpec) -> None:
        self._of[spec.key] = Snapshot(spec, next(self._numbers))
        self._engine.loop.start(self._take(self._of[spec.key]))

    async def _take(self, snapshot: Snapshot) -> None:
        pools, spec = self._engine.pools, snapshot.spec
        pools.introduce(spec)
        try:
            environment = await pools.fresh(spec, warm=False, source=spec.interpreter + TEMPLATES)
            environment.is_template = True
            failure = await Preparation(self._engine, spec, environment, "snap-start", is_copied=True).run()
        except (NoEnvironment, OSError) as error:
            logger.error("no snapshot of %s: %s", spec.function, error)
        else:
            if failure is None and environment.state is State.IDLE:
                snapshot.environment = environment
                pools.add(snapshot.name, self._copies(snapshot, environment))
                self._engine.loop.later(RENEW_SECONDS, lambda: self._renew(snapshot))
                return
        del self._of[spec.key]
        if snapshot.is_wanted:
            self._engine.loop.later(RETRY_SECONDS, lambda: self._again(spec))

    def _again(self, spec: FunctionSpec) -> None:
        if spec.key not in self._of and self._engine.pools.is_current(spec) and not self._engine.pools.closed:
            self._begin(spec)

    def _renew(self, snapshot: Snapshot) -> None:
        """What init made, clients among it, holds the template's credentials, and so do all copies."""
        if self._of.get(snapshot.spec.key) is not snapshot or not snapshot.is_wanted:
            return
        snapshot.is_wanted = False
        self._replaced.append(snapshot)
        del self._of[snapshot.spec.key]
        self._again(snapshot.spec)
        self._sweep()

    def _copies(self, snapshot: Snapshot, template: Environment) -> CopyFactory:
        origin, sandbox = template.factory, template.sandbox
        assert sandbox is not None

        def ask(frame: bytes, descriptors: list[int]) -> None:
            template.freeze(False)
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
            sandbox.control.sendmsg([frame], rights, socket.MSG_NOSIGNAL | socket.MSG_DONTWAIT)

        return CopyFactory(
            origin.loop,
            origin.interpreter,
            origin.groups,
            origin.uids,
            origin.networks,
            origin.endpoint,
            origin.egress,
            [],
            strict=self._engine.pools.runtime(snapshot.spec.interpreter).factory,
            placer=self._engine.placer,
            ask=ask,
            tmp_mb=snapshot.spec.ephemeral_mb,
            held=sandbox.group.held(),
            retire_at=template.retire_at,
        )

    def _sweep(self) -> None:
        """End the templates that nobody wants and no copy hangs on."""
        waits = False
        for snapshot in [*self._of.values(), *self._replaced]:
            template = snapshot.environment
            if snapshot.is_wanted or template is None:
                continue
            if self._engine.pools.drain_copies(snapshot.name):
                waits = True
            else:
                template.kill("stop")
        if waits:
            self._engine.loop.later(SWEEP_SECONDS, self._sweep)
