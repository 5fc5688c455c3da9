"""The report of one invocation: what leaves a worker node on the spool, one JSON object a line.

Written by the engine before the answer goes out, read by `monitoring.ingest`. Times are epoch milliseconds.
"""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    INVOCATION = "invocation"  # an invocation ended: record, remaining log lines, metrics
    LOG = "log"  # lines of an invocation that still runs, or of an environment between invocations
    THROTTLE = "throttle"  # an invocation was refused


class Outcome(StrEnum):
    SUCCESS = "success"
    ERROR = "error"  # the handler raised, or its response could not be serialised
    TIMEOUT = "timeout"
    CRASH = "crash"  # the runtime process ended (sys.exit, signal)
    OUT_OF_MEMORY = "oom"
    INIT_ERROR = "init_error"


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
    concurrency: int = 0  # invocations of the function that ran at once on the node, this one included
    event_size: int = 0
    response_size: int = 0
    event: str | None = None  # text, cut to the recorded length; None when it is not UTF-8
    response: str | None = None
    # Kind.THROTTLE only
    reason: str = ""

    def to_wire(self) -> dict[str, Any]:
        return asdict(self)
