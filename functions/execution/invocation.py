"""One invocation's life in the executor: environment, init, the call, its log, its report, its answer."""

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from functions.execution import events, failures
from functions.execution.assignment import assignment, stream_name
from functions.execution.caller import Caller
from functions.execution.chunks import Chunks
from functions.execution.environment import Environment
from functions.execution.failures import Failure
from functions.execution.initialisation import failed, initialise, is_of_hooks
from functions.execution.logs import Line, tail
from functions.execution.outcome import MAX_RESPONSE, Answer, Ended, Outcome
from functions.execution.record import report
from functions.execution.spec import FunctionSpec, NotRestored
from functions.execution.stream import Head
from monitoring.report import Outcome as Result

if TYPE_CHECKING:
    from functions.execution.engine import Engine

FLUSH_SECONDS = 0.2
GRACE_SECONDS = 0.02  # from the response to the runtime's wish for the next invocation, usually far less
TAIL_LINES = 200  # kept for `LogType: Tail` of what was reported already


@dataclass(slots=True)
class Invocation:
    """`run` answers the caller, once the report is in the spool: earlier only while the runtime or an extension works
    on after the response."""

    engine: "Engine"
    spec: FunctionSpec
    head: Head  # of the request
    event: bytes
    in_use: int
    caller: Caller
    chunks: Chunks | None = None
    environment: Environment | None = None
    log_stream: str = ""
    init_ms: float | None = None  # or that of the restore
    is_restored: bool = False  # from a snapshot
    started_ms: float = 0.0
    began: float = 0.0
    taken: list[str] = field(default_factory=list)  # messages that were reported before the end
    flushed: float = 0.0

    in_init: bool = False  # what failed was the init that runs as part of the invocation

    @property
    def request_id(self) -> str:
        return str(self.head["request_id"])

    @property
    def trace(self) -> str:
        return str(self.head.get("trace_id", ""))

    async def run(self) -> None:
        spec = self.spec
        self.started_ms = time.time() * 1000
        environment = await self.engine.pools.acquire(spec)
        self.take(environment)
        if environment.awaits_init:
            outcome = await self.initialise(environment, "init", self.engine.init_s)
            if self.is_restored and is_of_hooks(outcome):
                raise self.not_restored(environment, outcome)
            if failed(outcome):
                # As AWS: the failed init phase is said in the log, and init runs again as part of the invocation.
                await self.end(await self.again())
                return
        self.begin()
        await self.end(await self.call(environment, spec.timeout_s))

    def take(self, environment: Environment) -> None:
        self.environment = environment
        if not environment.log_stream:
            layers = self.engine.beside(self.spec)
            environment.belong(self.spec, self.log_stream or stream_name(self.spec.version), layers)
        self.log_stream = environment.log_stream
        self.engine.running[environment] = self
        self.engine.watch()

    def leave(self) -> None:
        """However `run` ended: nothing of it stays."""
        environment = self.environment
        if environment is not None and self.engine.running.get(environment) is self:
            del self.engine.running[environment]
            environment.kill("failed")

    def begin(self) -> None:
        assert self.environment is not None
        self.began = self.flushed = time.monotonic()
        spec = self.spec
        self.environment.emit(events.Start(self.request_id, spec.version, spec.tenant, self.trace))

    async def initialise(self, environment: Environment, phase: str, limit_s: float) -> Outcome:
        self.is_restored = environment.is_copy or environment.awaits_restore
        kind = "snap-start" if self.is_restored else "on-demand"
        given = assignment(self.spec, self.log_stream, self.engine.endpoint, kind)
        outcome, self.init_ms = await initialise(
            self.engine, environment, self.spec, given, limit_s=limit_s, phase=phase, request_id=self.request_id
        )
        return outcome

    async def again(self) -> Outcome:
        """Init once more, in a new environment, on the invocation's own time."""
        before, spec = self.environment, self.spec
        assert before is not None
        logged = before.logs.take()
        self.engine.running.pop(before, None)
        environment = await self.engine.pools.fresh(spec)
        self.take(environment)
        environment.logs.lines[:0] = logged
        self.init_ms = None
        self.begin()
        if environment.awaits_init:  # not so if one of this key came back meanwhile
            outcome = await self.initialise(environment, "invoke", spec.timeout_s)
            self.init_ms = None  # REPORT tells of the init phase only
            if failed(outcome):
                self.in_init = True
                return outcome
        return await self.call(environment, spec.timeout_s - (time.monotonic() - self.began))

    def not_restored(self, environment: Environment, outcome: Outcome) -> NotRestored:
        """What the caller is told. What was printed goes to the log now: there is no invocation to be reported."""
        if logged := environment.logs.take():
            self.engine.report_lines(self.spec, self.log_stream, logged, self.request_id)
        return NotRestored(isinstance(outcome, Ended) and outcome.reason == "timeout")

    async def call(self, environment: Environment, limit_s: float) -> Outcome:
        head = {
            "op": "invoke",
            "id": self.request_id,
            "deadline_ms": int((time.time() + limit_s) * 1000),
            "arn": self.head["invoked_arn"],
            "trace": self.trace,
            "client_context": self.head.get("client_context", ""),
        }
        if self.spec.tenant:
            head["tenant"] = self.spec.tenant
        if "cognito" in self.head:
            head["cognito"] = self.head["cognito"]
        environment.on_chunk = self.streamed
        outcome = await environment.invoke(head, self.event or b"{}", limit_s)
        if isinstance(outcome, Answer) and outcome.head.get("id") != head["id"]:
            environment.kill("protocol")
            return Ended(137, "protocol")
        return outcome

    def failure(self, outcome: Outcome) -> Failure | None:
        if self.chunks is not None and self.chunks.too_large:
            return failures.too_large(self.chunks.limit)
        return failures.of(outcome, self.request_id, self.spec.timeout_s)

    def streamed(self, head: Head, data: bytes) -> None:
        """A chunk of the response came."""
        if self.chunks is None:
            assert self.environment is not None
            client = self.caller.chunks
            limit = MAX_RESPONSE if client is None else self.head["stream"]
            self.chunks = Chunks(self.environment, self.request_id, client, limit, self.engine.record_bytes)
        self.chunks.take(head, data)

    def response(self, outcome: Outcome, failure: Failure | None) -> bytes:
        """What the function answered, all of it or, when it was streamed, its beginning."""
        if self.chunks is not None:
            self.chunks.end()
        if failure is not None:
            return failure.payload
        if self.chunks is not None:
            return bytes(self.chunks.body)
        body = outcome.body if isinstance(outcome, Answer) else b""
        if self.caller.chunks is not None and body:  # not a handler that streams: all at once
            self.caller.chunks.send({"status": "chunk", "type": "application/json"}, body)
        return body

    async def end(self, outcome: Outcome) -> None:
        """The response is here. Wait for those in the sandbox who work on, and not long with the answer in hand."""
        environment = self.environment
        assert environment is not None
        failure = self.failure(outcome)
        response = self.response(outcome, failure)
        if environment.journal is not None:
            self.tell_done(environment, failure, response)
        gone = None
        if not environment.debts.settled:
            early = None
            if not self.head.get("want_tail"):  # that has the last line of the log
                early = self.engine.loop.later(GRACE_SECONDS, lambda: self.answer(failure, response))
            await environment.debts.settle()
            gone = environment.ending.told
            if early is not None:
                early.cancel()
        if isinstance(outcome, Answer) and outcome.head.get("last"):
            environment.kill("last")
        self.finish(failure, response, gone)

    def finish(self, failure: Failure | None, response: bytes, gone: Ended | None) -> None:
        """Close the books: the log's last lines, the report, the environment back to its pool, the answer.

        `gone` is how the runtime went away after its response: the caller has that, the log has both."""
        environment, spec, engine = self.environment, self.spec, self.engine
        assert environment is not None
        duration_ms = (time.monotonic() - self.began) * 1000
        peak_mb = min(environment.peak_mb(), spec.memory_mb)
        logs = environment.logs
        environment.drain_logs()
        logs.end()
        environment.companions.extensions.end_lines()
        told = failure if gone is None else failures.of(gone, self.request_id, spec.timeout_s)
        if told is not None:
            if told.outcome is Result.TIMEOUT:
                duration_ms = spec.timeout_s * 1000.0
            elif told.outcome is Result.OUT_OF_MEMORY:
                peak_mb = spec.memory_mb
            if told.line:
                environment.emit(events.Fault(told.line))
            if self.in_init:
                told = replace(told, status=told.status or "error", outcome=Result.INIT_ERROR)
        self.tell_end(told, duration_ms, peak_mb)
        logged = logs.take()
        engine.running.pop(environment, None)
        engine.spool.append(report(self, logged, told, duration_ms, peak_mb, response))
        engine.pools.release(environment)
        log_tail = tail(self.taken + [message for _, message in logged]) if self.head.get("want_tail") else b""
        self.answer(failure, response, duration_ms, peak_mb, log_tail)

    def answer(
        self,
        failure: Failure | None,
        response: bytes,
        duration_ms: float | None = None,
        peak_mb: int | None = None,
        log_tail: bytes = b"",
    ) -> None:
        """Tell the caller: with the figures of the end, or with those of now."""
        assert self.environment is not None
        if duration_ms is None:
            duration_ms = (time.monotonic() - self.began) * 1000
        if peak_mb is None:
            peak_mb = min(self.environment.peak_mb(), self.spec.memory_mb)
        answer = {
            "status": "ok",
            "tail": len(log_tail),
            "function_error": "Unhandled" if failure else "",
            "error_type": failure.error_type if failure else "",
            "duration_ms": round(duration_ms, 3),
            "billed_ms": events.billed(duration_ms),
            "init_ms": self.init_ms,
            "memory_mb": self.spec.memory_mb,
            "max_memory_mb": peak_mb,
        }
        if failure is None and self.caller.chunks is not None:
            response = b""  # is there already
        self.caller.answer(answer, response + log_tail)

    def produced(self, response: bytes) -> int:
        """Bytes that the function answered."""
        return max(len(response), self.chunks.size if self.chunks is not None else 0)

    def tell_done(self, environment: Environment, failure: Failure | None, response: bytes) -> None:
        environment.drain_logs()
        duration_ms = (time.monotonic() - self.began) * 1000
        status, error_type = failures.status(failure)
        produced = self.produced(response)
        environment.emit(
            events.RuntimeDone(status, error_type, self.request_id, self.spec.tenant, self.trace, duration_ms, produced)
        )

    def tell_end(self, failure: Failure | None, duration_ms: float, peak_mb: int) -> None:
        environment, spec, request_id, trace = self.environment, self.spec, self.request_id, self.trace
        assert environment is not None
        status, error_type = failures.status(failure)
        environment.emit(events.End(request_id))
        environment.emit(
            events.Report(
                status,
                error_type,
                request_id,
                spec.tenant,
                trace,
                duration_ms,
                spec.memory_mb,
                peak_mb,
                *((None, self.init_ms) if self.is_restored else (self.init_ms, None)),
            )
        )
        if environment.journal is not None:
            environment.journal.flush()  # the sandbox may be frozen soon

    def tick(self, now: float) -> bool:
        """While it runs. True when the next look should come soon."""
        environment = self.environment
        assert environment is not None
        much = environment.oversee(now)
        if environment.logs.lines and self.began and now - self.flushed >= FLUSH_SECONDS:
            self.flushed = now
            self.report_lines(environment.logs.take())
        return much

    def report_lines(self, logged: list[Line]) -> None:
        """Lines of an invocation that goes on, so that a live tail sees them."""
        self.taken = [*self.taken, *(message for _, message in logged[-TAIL_LINES:])][-TAIL_LINES:]
        self.engine.report_lines(self.spec, self.log_stream, logged, self.request_id)
