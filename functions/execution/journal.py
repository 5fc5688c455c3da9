"""What is written and told of one environment: the platform's events and the function's lines, filtered by level.

Only environments whose log has the format JSON, or whose lines somebody subscribed to, have one. For the others events
are lines of text, and what a function prints is kept as it is.
Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-advanced.html
"""

import time
from typing import Any

import orjson

from functions.execution.events import Event, Level
from functions.execution.logs import LogBuffer, now_ms
from functions.execution.spec import FunctionSpec

# What runtimes and libraries call levels, beyond AWS's own names.
LEVELS = {level.name: level for level in Level} | {"WARNING": Level.WARN, "CRITICAL": Level.FATAL}
LEVEL_KEYS = ("level", "log_level")


class Journal:
    __slots__ = ("_application", "_json", "_logs", "_system")

    def __init__(self, spec: FunctionSpec, logs: LogBuffer) -> None:
        self._json = spec.log_format == "JSON"
        self._application = LEVELS[spec.application_log_level]
        self._system = LEVELS[spec.system_log_level]
        self._logs = logs
        logs.on_line = self._line

    @staticmethod
    def is_needed(spec: FunctionSpec) -> bool:
        return spec.log_format == "JSON"

    def emit(self, event: Event) -> None:
        if not self._json:
            if text := event.text():
                self._logs.add(text)
        elif event.in_json and event.level >= self._system:
            self._logs.add(to_json(now_ms(), event.kind, event.record()))

    def _line(self, _at_ms: int, text: str) -> bool:
        """Whether a line of the function is to be kept."""
        return not self._json or level_of(text) >= self._application


def to_json(at_ms: int, kind: str, record: Any) -> str:
    return orjson.dumps({"time": stamp(at_ms), "type": kind, "record": record}).decode() + "\n"


def stamp(at_ms: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at_ms // 1000)) + f".{at_ms % 1000:03d}Z"


def level_of(text: str) -> Level:
    """Of a line that a function printed. What is no JSON object has none, and is always kept; AWS takes a JSON object
    without a level it knows for INFO."""
    if not text.startswith("{"):
        return Level.FATAL
    try:
        values = orjson.loads(text)
    except ValueError:
        return Level.FATAL
    for key in LEVEL_KEYS:
        if isinstance(name := values.get(key), str):
            return LEVELS.get(name.upper(), Level.INFO)
    return Level.INFO
