"""Of an invocation."""

from dataclasses import dataclass

from functions.execution.events.base import EVERYWHERE, Ending, Event, Level, Record, billed


@dataclass(slots=True)
class Start(Event):
    kind = "platform.start"
    of = EVERYWHERE
    request_id: str
    version: str
    tenant: str
    trace: str

    def text(self) -> str:
        return f"START RequestId: {self.request_id} Version: {self.version}\n"

    def record(self) -> Record:
        return {"requestId": self.request_id, "version": self.version, **context(self.tenant, self.trace)}


@dataclass(slots=True)
class RuntimeDone(Ending):
    kind = "platform.runtimeDone"
    of = EVERYWHERE
    request_id: str
    tenant: str
    trace: str
    duration_ms: float
    produced_bytes: int

    @property
    def level(self) -> Level:
        return Level.DEBUG if self.status == "success" else Level.WARN

    def record(self) -> Record:
        metrics = {"durationMs": round(self.duration_ms, 3), "producedBytes": self.produced_bytes}
        return {
            "requestId": self.request_id,
            **self.ended(),
            "metrics": metrics,
            **context(self.tenant, self.trace),
        }


@dataclass(slots=True)
class Fault(Event):
    """Of an invocation that had no answer. `line` is the log's, with its newline."""

    kind = "platform.fault"
    of = frozenset(("json", "logs"))
    line: str

    @property
    def level(self) -> Level:
        return Level.WARN

    def text(self) -> str:
        return self.line

    def record(self) -> str:
        return self.line.rstrip("\n")


@dataclass(slots=True)
class End(Event):
    """A line of the text format, and an event of the Logs API: the Telemetry API has none."""

    kind = "platform.end"
    of = frozenset(("logs",))
    request_id: str

    def text(self) -> str:
        return f"END RequestId: {self.request_id}\n"

    def record(self) -> Record:
        return {"requestId": self.request_id}


@dataclass(slots=True)
class Report(Ending):
    kind = "platform.report"
    of = EVERYWHERE
    request_id: str
    tenant: str
    trace: str
    duration_ms: float
    memory_mb: int
    max_memory_mb: int
    init_ms: float | None
    restore_ms: float | None = None

    def text(self) -> str:
        line = (
            f"REPORT RequestId: {self.request_id}\tDuration: {self.duration_ms:.2f} ms\t"
            f"Billed Duration: {billed(self.duration_ms)} ms\t"
            f"Memory Size: {self.memory_mb} MB\tMax Memory Used: {self.max_memory_mb} MB\t"
        )
        if self.init_ms is not None:
            line += f"Init Duration: {self.init_ms:.2f} ms\t"
        if self.restore_ms is not None:
            line += f"Restore Duration: {self.restore_ms:.2f} ms\t"
            line += f"Billed Restore Duration: {billed(self.restore_ms)} ms\t"
        if self.status == "timeout":
            line += "Status: timeout\t"
        elif self.status != "success":
            line += f"Status: {self.status}\tError Type: {self.error_type}\t"
        return line + "\n"

    def record(self) -> Record:
        metrics: Record = {
            "durationMs": round(self.duration_ms, 3),
            "billedDurationMs": billed(self.duration_ms),
            "memorySizeMB": self.memory_mb,
            "maxMemoryUsedMB": self.max_memory_mb,
        }
        if self.init_ms is not None:
            metrics["initDurationMs"] = round(self.init_ms, 3)
        if self.restore_ms is not None:
            metrics["restoreDurationMs"] = round(self.restore_ms, 3)
            metrics["billedRestoreDurationMs"] = billed(self.restore_ms)
        return {
            "requestId": self.request_id,
            "metrics": metrics,
            **self.ended(),
            **context(self.tenant, self.trace),
        }


def context(tenant: str, trace: str) -> Record:
    """What tells invocations apart beyond their id, where there is any."""
    shown: Record = {}
    if tenant:
        shown["tenantId"] = tenant
    if trace:
        shown["tracing"] = {"type": "X-Amzn-Trace-Id", "value": trace}
    return shown
