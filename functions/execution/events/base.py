"""What all events have."""

import math
from abc import ABC, abstractmethod
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
class Event(ABC):
    kind: ClassVar[str] = ""
    of: ClassVar[frozenset[str]] = frozenset(("json", "telemetry"))  # who knows it: logs of format JSON, the two APIs

    @property
    def level(self) -> Level:
        return Level.INFO

    def text(self) -> str | None:
        return None

    @abstractmethod
    def record(self) -> Any:
        """What the JSON of this event holds."""


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


def billed(duration_ms: float) -> int:
    return math.ceil(duration_ms)
