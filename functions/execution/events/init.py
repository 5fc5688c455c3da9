"""Of an environment that is made: by its init, or from a snapshot."""

from dataclasses import dataclass

from functions.execution.events.base import Ending, Event, Level, Record


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
