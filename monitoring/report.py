"""The report of one invocation: what leaves a worker node on the spool, one JSON object a line.

Written by the engine before the answer goes out, read by `monitoring.ingest`. Times are epoch milliseconds.
"""

import json
from dataclasses import MISSING, dataclass, field, fields
from enum import StrEnum
from typing import Any

import orjson


class Kind(StrEnum):
    INVOCATION = "invocation"  # an invocation ended: record, remaining log lines, metrics
    LOG = "log"  # lines of an invocation that still runs, or of an environment between invocations
    THROTTLE = "throttle"  # an invocation was refused
    SAMPLE = "sample"  # one sample of a metric that belongs to no invocation


class Outcome(StrEnum):
    SUCCESS = "success"
    ERROR = "error"  # the handler raised, or its response could not be serialised
    TIMEOUT = "timeout"
    CRASH = "crash"  # the runtime process ended (sys.exit, signal)
    OUT_OF_MEMORY = "oom"
    INIT_ERROR = "init_error"


class Sample(StrEnum):
    """The metrics of Kind.SAMPLE.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    """

    RECEIVED = "AsyncEventsReceived"
    AGE = "AsyncEventAge"  # milliseconds
    DROPPED = "AsyncEventsDropped"
    DEAD_LETTER_ERRORS = "DeadLetterErrors"
    DESTINATION_FAILURES = "DestinationDeliveryFailures"
    RECURSIVE = "RecursiveInvocationsDropped"


@dataclass(slots=True)
class Report:
    kind: str
    account_id: str
    region: str
    function_name: str
    version: str = ""  # label
    qualifier: str = ""  # alias or version asked for
    request_id: str = ""
    source: str = ""
    tenant_id: str = ""  # of a function that isolates tenants
    at_ms: float = 0.0  # when the invocation began (Kind.INVOCATION), was refused, or the first line was written
    log_group: str = ""
    log_stream: str = ""
    lines: list[tuple[int, str]] = field(default_factory=list)  # (epoch ms, message), in order
    # Kind.INVOCATION only
    outcome: str = ""
    duration_ms: float = 0.0
    billed_ms: int = 0
    init_ms: float | None = None
    memory_mb: int = 0
    max_memory_mb: int = 0
    error_type: str = ""
    error_message: str = ""
    attempt: int = 1
    # Of a version with provisioned concurrency: whether a provisioned environment served (else one made on demand), and
    # how many of how many were in use when it ended. None: the version has none.
    provisioned: bool | None = None
    provisioned_in_use: int = 0
    provisioned_wanted: int = 0
    concurrency: int = 0  # invocations of the function that ran at once on the node, this one included
    event_size: int = 0
    response_size: int = 0
    event: str | None = None  # text, cut to the recorded length; None when it is not UTF-8
    response: str | None = None
    # Kind.THROTTLE only
    reason: str = ""
    # Kind.SAMPLE only
    metric: str = ""
    value: float = 1.0

    def to_wire(self) -> dict[str, Any]:
        """The fields that differ from their defaults."""
        return {name: value for name, default in DEFAULTS if (value := getattr(self, name)) != default}

    @classmethod
    def from_wire(cls, wire: dict[str, Any]) -> "Report":
        """A report as it was written, by this release or another: fields it does not know are left out."""
        return cls(**{name: value for name, value in wire.items() if name in NAMES})


# A mutable default counts as the empty one.
DEFAULTS = tuple((f.name, [] if f.default_factory is not MISSING else f.default) for f in fields(Report))
NAMES = frozenset(name for name, _ in DEFAULTS)


def encode(report: Report) -> bytes:
    """One line of the spool, with its newline. Any text survives, lone surrogates too."""
    wire = report.to_wire()
    try:
        return orjson.dumps(wire, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # what is no UTF-8, and numbers beyond 64 bits
        return (json.dumps(wire, separators=(",", ":")) + "\n").encode("ascii")


def decode(line: bytes) -> Report:
    """The report in one line of the spool. Raises ValueError, TypeError when it is none."""
    try:
        wire = orjson.loads(line)
    except ValueError:
        wire = json.loads(line)
    if not isinstance(wire, dict):
        raise ValueError("not an object")
    return Report.from_wire(wire)
