"""What the engine must know to run one function version, and what it answers. Frozen: these cross processes."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One function version as the engine sees it. Built by `functions.invoke.routing` from the database.

    `key` names the exact code and configuration: an environment serves one key for its whole life, and a change of
    anything below is a new key. `function` (`account:region:name`) is what concurrency is counted by.
    """

    key: str
    account_id: str
    region: str
    function_name: str
    version: str  # label: "$LATEST" or a number
    runtime: str
    handler: str
    code: str  # SHA-256 of the package: the directory's name in the code store
    memory_mb: int
    timeout_s: int
    ephemeral_mb: int
    environment: dict[str, str] = field(default_factory=dict)  # the user's own variables
    role: str = ""  # ARN
    reserved_concurrency: int | None = None
    # Invocations at once in the account that are not reserved by any function.
    unreserved_concurrency: int = 1000
    log_group: str = ""
    layers: str = ""  # the directory in the code store that is shown at /opt; empty without layers

    @property
    def function(self) -> str:
        return f"{self.account_id}:{self.region}:{self.function_name}"

    @property
    def account(self) -> str:
        return f"{self.account_id}:{self.region}"

    def to_wire(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_wire(cls, wire: dict[str, Any]) -> "FunctionSpec":
        return cls(**wire)


@dataclass(frozen=True, slots=True)
class InvocationRequest:
    """One invocation on its way to a sandbox. The payload travels beside it, untouched."""

    request_id: str
    spec: FunctionSpec
    invoked_arn: str
    qualifier: str = ""  # alias or version that was asked for; empty for none
    source: str = "api"  # api, console, url, async, schedule, ...
    client_context: str = ""  # JSON text, decoded from the header
    trace_id: str = ""
    want_tail: bool = False  # LogType Tail
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class InvocationResult:
    """What came back.

    `function_error` is "Unhandled" when the function failed (payload then holds errorMessage, errorType, ...), else
    empty. Durations are milliseconds, memory MB.
    """

    request_id: str
    payload: bytes
    version: str
    function_error: str = ""
    error_type: str = ""
    log_tail: bytes = b""  # last 4 KB of the log, when asked for
    duration_ms: float = 0.0
    billed_ms: int = 0
    init_ms: float | None = None  # only on a cold start
    memory_mb: int = 0
    max_memory_mb: int = 0


class LaneError(Exception):
    """The platform's fault: no node, a node that died half-way, a broken frame. The caller answers 500 or retries."""


class NodeUnavailable(LaneError):
    """No executor can be reached. Nothing was started."""


class Throttled(Exception):
    """Over a concurrency limit. `reason` is AWS's: ReservedFunctionConcurrentInvocationLimitExceeded, ..."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
