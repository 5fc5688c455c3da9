"""One log line as a page shows it: its level, what it says, and the fields of a line of JSON."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

# Python's logging in Lambda: [INFO]\t2026-11-21T14:58:07.118Z\t<request id>\tmessage
PYTHON = re.compile(r"\[(?P<level>[A-Z]+)\]\t(?P<time>\S+)\t(?P<request>\S*)\t(?P<message>.*)", re.DOTALL)
# Node's console: 2026-11-21T14:58:07.118Z\t<request id>\tINFO\tmessage
NODE = re.compile(r"(?P<time>\d{4}-\S+Z)\t(?P<request>\S*)\t(?P<level>[A-Z]+)\t(?P<message>.*)", re.DOTALL)
PLATFORM = re.compile(
    r"(?P<level>START|END|REPORT|INIT_START|INIT_REPORT|XRAY|EXTENSION(?=\t)|TELEMETRY(?=\t)|LOGS(?=\t)|LOGS_DROPPED(?=\t))"
    r"\b:?\s*(?P<message>.*)",
    re.DOTALL,
)
FAILURE = re.compile(
    r"Task timed out after|Traceback \(most recent call last\)|RequestId: \S+ Error: |\[ERROR\]|Runtime\.\w+"
)
# What a line of the platform repeats of its surroundings: the time and the request id.
REPEATED = re.compile(r"^RequestId: \S+ Error: |^\d{4}-\S+Z \S+ (?=Task timed out)")
KINDS = {
    "TRACE": "sys",
    "DEBUG": "sys",
    "INFO": "info",
    "NOTICE": "info",
    "WARN": "warn",
    "WARNING": "warn",
    "ERROR": "err",
    "CRITICAL": "err",
    "FATAL": "err",
}
RANK = {"sys": 0, "": 1, "info": 1, "warn": 2, "err": 3}
# What a choice of level keeps, by the least rank.
LEVELS = {"all": 0, "info": 1, "warn": 2, "error": 3}
LEVEL_KEYS = ("level", "levelname", "severity", "log.level", "log_level")
MESSAGE_KEYS = ("message", "msg", "event")
# A line of the platform in a log of format JSON: {"time", "type": "platform.start", "record": {...}}
EVENT = re.compile(r"platform\.(?P<name>\w{1,40})")
# What the platform's lines are called, where it is not their own word: the column is narrow.
WORDS = {
    "INIT_START": "INIT",
    "INIT_REPORT": "INIT",
    "EXTENSION": "EXT",
    "TELEMETRY": "SUB",
    "LOGS": "SUB",
    "LOGS_DROPPED": "DROPPED",
    "initStart": "INIT",
    "initRuntimeDone": "INIT",
    "initReport": "INIT",
    "runtimeDone": "DONE",
    "extension": "EXT",
    "telemetrySubscription": "SUB",
    "logsSubscription": "SUB",
    "logsDropped": "DROPPED",
}
HIDDEN_KEYS = {"timestamp", "time", "ts", "@timestamp", "requestId", "request_id", "AWSRequestId"}


@dataclass(frozen=True, slots=True)
class Line:
    """`kind` is sys, info, warn, err or empty (plain output): the look, and the rank for the level filter."""

    at_ms: int | None
    level: str
    kind: str
    message: str
    fields: dict[str, str] = field(default_factory=dict)  # name -> value as JSON text

    @property
    def rank(self) -> int:
        return RANK[self.kind]


def parse(message: str, at_ms: int | None = None) -> Line:
    text = message.rstrip("\n")
    if text.startswith("{"):
        line = _json(text, at_ms)
        if line is not None:
            return line
    for pattern in (PYTHON, NODE):
        found = pattern.fullmatch(text)
        if found is not None:
            level = found["level"]
            body = found["message"]
            if body.startswith("{"):
                inner = _json(body, at_ms, level)
                if inner is not None:
                    return inner
            return Line(at_ms, _short(level), KINDS.get(level, ""), body)
    found = PLATFORM.fullmatch(text)
    if found is not None:
        # REPORT separates by tabs.
        message = found["message"].replace("\t", "  ").strip()
        return Line(at_ms, WORDS.get(found["level"], found["level"]), "sys", message)
    if FAILURE.search(text):
        return Line(at_ms, "ERROR", "err", REPEATED.sub("", text).removeprefix("[ERROR]").strip())
    return Line(at_ms, "", "", text)


def _json(text: str, at_ms: int | None, level: str = "") -> Line | None:
    """A line that is one JSON object; None when it is not."""
    try:
        values = json.loads(text)
    except ValueError:
        return None
    if not isinstance(values, dict):
        return None
    if "record" in values and isinstance(values.get("type"), str) and (event := EVENT.fullmatch(values["type"])):
        return _event(event["name"], values["record"], at_ms)
    for key in LEVEL_KEYS:
        if isinstance(values.get(key), str):
            level = values.pop(key).upper()
            break
    message = ""
    for key in MESSAGE_KEYS:
        if isinstance(values.get(key), str):
            message = values.pop(key)
            break
    if not message and isinstance(values.get("errorMessage"), str):
        message = ": ".join(filter(None, (str(values.pop("errorType", "")), values.pop("errorMessage"))))
    fields = {name: _value(value) for name, value in values.items() if name not in HIDDEN_KEYS}
    return Line(at_ms, _short(level), KINDS.get(level, ""), message, fields)


def _event(name: str, record: Any, at_ms: int | None) -> Line:
    """What the platform says: in one line, as in a log of text."""
    if isinstance(record, str):
        return Line(at_ms, "ERROR", "err", REPEATED.sub("", record).strip())
    message = _value(record)
    if isinstance(record, dict):
        metrics = record.pop("metrics", None)
        shown = record | (metrics if isinstance(metrics, dict) else {})
        message = "  ".join(
            f"{key}: {value if isinstance(value, str) else _value(value)}"
            for key, value in shown.items()
            if key not in HIDDEN_KEYS and key != "tracing"
        )
    return Line(at_ms, WORDS.get(name, name.upper()), "sys", message)


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _short(level: str) -> str:
    return {"WARNING": "WARN", "CRITICAL": "FATAL"}.get(level, level)
