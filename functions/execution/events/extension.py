"""Of extensions and of those who subscribed."""

from dataclasses import dataclass
from typing import ClassVar

from functions.execution.events.base import EVERYWHERE, Event, Level, Record


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
