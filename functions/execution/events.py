"""The platform's own events in the life of an environment, each with its two renderings.

`text` is the line in a log of format Text, None where AWS writes none; `record` is what a log of format JSON and the
subscribers of the Telemetry API get. `level` decides whether a log of format JSON keeps it.
Source: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
"""

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, ClassVar

Record = dict[str, Any]
EVERYWHERE = frozenset(("json", "telemetry", "logs"))


class Level(IntEnum):
    TRACE = 0
    DEBUG = 1
    INFO = 2
    WARN = 3
    ERROR = 4
    FATAL = 5


@dataclass(slots=True)
class Event:
    kind: ClassVar[str] = ""
    of: ClassVar[frozenset[str]] = frozenset(("json", "telemetry"))  # who knows it: logs of format JSON, the two APIs

    @property
    def level(self) -> Level:
        return Level.INFO

    def text(self) -> str | None:
        return None

    def record(self) -> Any:
        raise NotImplementedError


@dataclass(slots=True)
class Ending(Event):
    """Something ended: `status` is success, error, failure or timeout; `error_type` is empty for success, timeout."""

    status: str
    error_type: str

    @property
    def level(self) -> Level:
        return Level.INFO if self.status == "success" else Level.WARN

    def ended(self) -> Record:
        shown = {"status": self.status}
        if self.status not in ("success", "timeout"):
            shown["errorType"] = self.error_type
        return shown


@dataclass(slots=True)
class InitStart(Event):
    """`memory` in bytes."""

    kind = "platform.initStart"
    initialization: str  # on-demand, provisioned-concurrency, snap-start
    phase: str  # init; invoke when it runs once more as part of the invocation
    runtime_version: str
    function_name: str
    function_version: str
    instance: str  # the log stream's name
    memory: int
    stands_in: str = ""  # for this runtime, whose own interpreter is not installed

    def text(self) -> str | None:
        """None as long as the runtime is what was asked for."""
        return f"INIT_START Runtime Version: {self.version}\n" if self.stands_in else None

    @property
    def version(self) -> str:
        return f"{self.runtime_version} (stands in for {self.stands_in})" if self.stands_in else self.runtime_version

    def record(self) -> Record:
        return {
            "initializationType": self.initialization,
            "phase": self.phase,
            "runtimeVersion": self.version,
            "functionName": self.function_name,
            "functionVersion": self.function_version,
            "instanceId": self.instance,
            "instanceMaxMemory": self.memory,
        }


@dataclass(slots=True)
class InitRuntimeDone(Ending):
    kind = "platform.initRuntimeDone"
    initialization: str
    phase: str

    @property
    def level(self) -> Level:
        return Level.DEBUG if self.status == "success" else Level.WARN

    def record(self) -> Record:
        return {"initializationType": self.initialization, "phase": self.phase, **self.ended()}


@dataclass(slots=True)
class InitReport(Ending):
    kind = "platform.initReport"
    initialization: str
    phase: str
    duration_ms: float

    @property
    def level(self) -> Level:
        if self.status != "success":
            return Level.WARN
        return Level.DEBUG if self.initialization == "on-demand" else Level.INFO

    def text(self) -> str | None:
        if self.status == "success":
            return None
        line = f"INIT_REPORT Init Duration: {self.duration_ms:.2f} ms\tPhase: {self.phase}\tStatus: {self.status}"
        if self.status != "timeout":
            line += f"\tError Type: {self.error_type}"
        return line + "\n"

    def record(self) -> Record:
        return {
            "initializationType": self.initialization,
            "phase": self.phase,
            **self.ended(),
            "metrics": {"durationMs": round(self.duration_ms, 3)},
        }


@dataclass(slots=True)
class RestoreStart(Event):
    kind = "platform.restoreStart"
    runtime_version: str
    function_name: str
    function_version: str
    instance: str  # the log stream's name
    memory: int  # bytes

    def text(self) -> str:
        return f"RESTORE_START Runtime Version: {self.runtime_version}\n"

    def record(self) -> Record:
        return {
            "runtimeVersion": self.runtime_version,
            "functionName": self.function_name,
            "functionVersion": self.function_version,
            "instanceId": self.instance,
            "instanceMaxMemory": self.memory,
        }


@dataclass(slots=True)
class RestoreRuntimeDone(Ending):
    kind = "platform.restoreRuntimeDone"

    @property
    def level(self) -> Level:
        return Level.DEBUG if self.status == "success" else Level.WARN

    def record(self) -> Record:
        return self.ended()


@dataclass(slots=True)
class RestoreReport(Ending):
    kind = "platform.restoreReport"
    duration_ms: float

    def text(self) -> str:
        line = f"RESTORE_REPORT Restore Duration: {self.duration_ms:.2f} ms"
        if self.status != "success":
            line += f"\tStatus: {self.status}"
            line += f"\tError Type: {self.error_type}" if self.status != "timeout" else ""
        return line + "\n"

    def record(self) -> Record:
        return {**self.ended(), "metrics": {"durationMs": round(self.duration_ms, 3)}}


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


@dataclass(slots=True)
class Extension(Event):
    """After init: an extension with its state and the events that it registered for."""

    kind = "platform.extension"
    of = EVERYWHERE
    name: str
    state: str
    events: list[str]
    error_type: str

    @property
    def level(self) -> Level:
        return Level.WARN if self.error_type else Level.INFO

    def text(self) -> str:
        line = f"EXTENSION\tName: {self.name}\tState: {self.state}\tEvents: [{', '.join(self.events)}]"
        if self.error_type:
            line += f"\tError Type: {self.error_type}"
        return line + "\n"

    def record(self) -> Record:
        shown: Record = {"name": self.name, "state": self.state, "events": self.events}
        if self.error_type:
            shown["errorType"] = self.error_type
        return shown


@dataclass(slots=True)
class TelemetrySubscription(Event):
    kind = "platform.telemetrySubscription"
    word: ClassVar[str] = "TELEMETRY"
    name: str
    types: list[str]

    def text(self) -> str:
        types = ", ".join(each.capitalize() for each in self.types)
        return f"{self.word}\tName: {self.name}\tState: Subscribed\tTypes: [{types}]\n"

    def record(self) -> Record:
        return {"name": self.name, "state": "Subscribed", "types": self.types}


@dataclass(slots=True)
class LogsSubscription(TelemetrySubscription):
    kind = "platform.logsSubscription"
    of = frozenset(("json", "logs"))
    word = "LOGS"


@dataclass(slots=True)
class LogsDropped(Event):
    """A subscriber did not take what was sent to it."""

    kind = "platform.logsDropped"
    of = EVERYWHERE
    size: int
    count: int
    reason: str

    @property
    def level(self) -> Level:
        return Level.WARN

    def text(self) -> str:
        return f"LOGS_DROPPED\tDropped Records: {self.count}\tDropped Bytes: {self.size}\tReason: {self.reason}\n"

    def record(self) -> Record:
        return {"droppedRecords": self.count, "droppedBytes": self.size, "reason": self.reason}


def billed(duration_ms: float) -> int:
    return math.ceil(duration_ms)


def context(tenant: str, trace: str) -> Record:
    """What tells invocations apart beyond their id, where there is any."""
    shown: Record = {}
    if tenant:
        shown["tenantId"] = tenant
    if trace:
        shown["tracing"] = {"type": "X-Amzn-Trace-Id", "value": trace}
    return shown
