"""The parts of one executor, put together, and the invocation's way through them."""

import logging
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from functions.execution import image, live
from functions.execution.caller import Caller
from functions.execution.concurrency import Concurrency
from functions.execution.endpoint import Endpoint
from functions.execution.environment import Environment
from functions.execution.invocation import Invocation
from functions.execution.logs import Line
from functions.execution.loop import Loop
from functions.execution.membership import Membership
from functions.execution.pools import NoEnvironment, Pools
from functions.execution.preparation import Preparation
from functions.execution.provisioned import Provisioned
from functions.execution.rate import Rate
from functions.execution.sandbox.network.egress import Egress
from functions.execution.sandbox.place import Placer
from functions.execution.shares import Shares
from functions.execution.snapshots import Snapshots
from functions.execution.spec import EGRESS, FunctionSpec, NotRestored, Throttled
from functions.execution.stream import Head
from monitoring.ingest.spool import SpoolWriter
from monitoring.report import Kind, Report

TICK_SECONDS = 0.02
BUSY_TICK_SECONDS = 0.002  # while a handler fills its log pipe faster
MAX_SPECS = 10_000
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Engine:
    loop: Loop
    pools: Pools
    placer: Placer
    endpoint: Endpoint
    egress: Egress
    spool: SpoolWriter
    code_directory: Path
    record_bytes: int
    rate: Rate
    concurrency: Concurrency = field(default_factory=Concurrency)
    specs: dict[str, FunctionSpec] = field(default_factory=dict)
    running: dict[Environment, Invocation | Preparation] = field(default_factory=dict)
    shares: Shares | None = None  # of the limits, while there are other nodes
    draining: bool = False  # nothing new is run
    provisioned: Provisioned = field(init=False)
    snapshots: Snapshots = field(init=False)
    membership: Membership = field(init=False)
    waits: bool = False  # for the worker's first word: see Membership
    init_s: float = 10.0  # the limit of the init phase
    _watching: bool = False

    def __post_init__(self) -> None:
        self.provisioned = Provisioned(self)
        self.snapshots = Snapshots(self)
        self.pools.on_loss = self._lost
        self.membership = Membership(self, self.waits)

    def know(self, wire: dict[str, object]) -> FunctionSpec:
        spec = FunctionSpec.from_wire(wire)
        if len(self.specs) >= MAX_SPECS:
            self.specs.clear()  # clients send them again
        self.specs[spec.key] = spec
        return spec

    async def invoke(self, spec: FunctionSpec, head: Head, event: bytes, caller: Caller) -> None:
        """Answer the caller once, whatever happens. Returns when the invocation is over, which may be later."""
        if tenant := head.get("tenant"):
            spec = replace(spec, tenant=tenant)
        if spec.live:
            spec = live.current(spec)
        ready = spec.key in self.provisioned.allocations and self.pools.is_provisioned(spec)
        reserved, unreserved, maximum = head["reserved"], head["unreserved"], head.get("maximum")
        try:
            if self.shares is not None:
                reserved, unreserved, maximum = await self.shares.secure(spec, reserved, unreserved, maximum, ready)
            if reserved is not None and not ready and self.provisioned.allocations:
                reserved -= self.provisioned.idle(spec.function)  # a reservation holds what is provisioned of it
            with self.concurrency.lease(spec, reserved, unreserved, provisioned=ready, maximum=maximum) as in_use:
                if not ready:
                    self.rate.take(spec, reserved, unreserved)
                invocation = Invocation(self, spec, head, event, in_use, caller)
                try:
                    await invocation.run()
                finally:
                    invocation.leave()
        except Throttled as refusal:
            self._report_throttle(spec, head, refusal.reason)
            caller.answer({"status": "throttled", "reason": refusal.reason})
        except NotRestored as failure:
            caller.answer({"status": "not-restored", "timed_out": failure.timed_out})
        except (NoEnvironment, OSError) as error:
            caller.answer({"status": "failed", "message": str(error)})

    def _lost(self, environment: Environment) -> None:
        (self.snapshots if environment.is_template else self.provisioned).lost(environment)

    def trees(self, spec: FunctionSpec) -> dict[str, str]:
        """Where a sandbox sees what lies where in the code store."""
        shown = {"/" if spec.image else "/var/task": str(self.code_directory / spec.code)}
        if spec.live:  # one that has gone shows nothing: the runtime says that there is no such module
            shown = {"/var/task": spec.live} if live.is_there(spec.live) else {}
        if spec.layers:
            shown["/opt"] = str(self.code_directory / spec.layers)
        if spec.network == EGRESS:
            shown["/etc/resolv.conf"] = str(self.egress.resolver)
        return shown

    def beside(self, spec: FunctionSpec) -> str | None:
        """The tree of /opt on the machine, for extensions; None without one."""
        if spec.image:
            return image.extensions(str(self.code_directory / spec.code))
        return str(self.code_directory / spec.layers) if spec.layers else None

    def report_lines(self, spec: FunctionSpec, log_stream: str, lines: list[Line], request_id: str = "") -> None:
        """Lines of an invocation that goes on, or of none."""
        self.spool.append(
            Report(
                kind=Kind.LOG,
                account_id=spec.account_id,
                region=spec.region,
                function_name=spec.function_name,
                version=spec.version,
                request_id=request_id,
                at_ms=lines[0][0],
                log_group=spec.group,
                log_stream=log_stream,
                lines=lines,
            )
        )

    def report_leftover(self, environment: Environment) -> None:
        """What an environment logged after its last invocation: its extensions at their end."""
        assert environment.spec is not None
        self.report_lines(environment.spec, environment.log_stream, environment.logs.take())

    def recorded(self, data: bytes) -> str | None:
        """Text for the record, cut to the recorded length; None when it is not UTF-8."""
        try:
            if len(data) <= self.record_bytes:
                return data.decode()
            cut = data[: self.record_bytes]
            # A character may have been cut in two: at most its first three bytes are there.
            for end in range(len(cut), max(0, len(cut) - 4), -1):
                try:
                    return cut[:end].decode()
                except UnicodeDecodeError:
                    continue
        except UnicodeDecodeError:
            pass
        return None

    def watch(self) -> None:
        if not self._watching:
            self._watching = True
            self.loop.later(TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        now = time.monotonic()
        wait = TICK_SECONDS
        for environment, invocation in list(self.running.items()):
            try:
                is_busy = invocation.tick(now)
            except Exception:  # the watch over the others goes on
                logger.exception("the watch over an invocation failed")
                environment.kill("failed")
                continue
            if is_busy:
                wait = min(wait, BUSY_TICK_SECONDS)
            if now < environment.deadline:
                wait = min(wait, environment.deadline - now)
        self._watching = bool(self.running)
        if self._watching:
            self.loop.later(max(wait, 0.001), self._tick)

    def _report_throttle(self, spec: FunctionSpec, head: Head, reason: str) -> None:
        self.spool.append(
            Report(
                kind=Kind.THROTTLE,
                account_id=spec.account_id,
                region=spec.region,
                function_name=spec.function_name,
                version=spec.version,
                qualifier=head.get("qualifier", ""),
                request_id=head["request_id"],
                source=head.get("source", ""),
                at_ms=time.time() * 1000,
                reason=reason,
                attempt=head.get("attempt", 1),
            )
        )
