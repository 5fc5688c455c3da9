"""What the engine must know to run one function version, and what it answers. Frozen: these cross processes."""

from dataclasses import asdict, dataclass, field
from typing import Any

from functions.execution.runtimes import start
from functions.execution.runtimes.table import RUNTIMES

LATE = "+late"
EGRESS = "egress"
IMAGE = "image"  # the runtime of functions that are container images
CPU_MB = 1769  # AWS gives one whole CPU at so much memory


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
    runtime: str  # empty, as the handler, for a container image
    handler: str
    code: str  # SHA-256 of the package or of the image's manifest: the directory's name in the code store
    memory_mb: int
    timeout_s: int
    ephemeral_mb: int
    environment: dict[str, str] = field(default_factory=dict)  # the user's own variables
    role: str = ""  # ARN
    reserved_concurrency: int | None = None
    # Invocations at once in the account that are not kept by any function for itself.
    unreserved_concurrency: int = 1000
    maximum_environments: int | None = None  # of this version
    log_group: str = ""
    runtime_version: str = ""  # in full: 3.11.7; empty for the node's first interpreter of the runtime
    vcpu_mb: int = CPU_MB  # the memory that gives a share of one whole CPU
    capacity_provider: str = ""  # ARN of the pool of nodes that it runs on; empty for those that belong to none
    tenant_isolation: bool = False  # each invocation has a tenant, and an environment serves one only
    tenant: str = ""  # of one invocation: set by the engine
    snap_start: bool = False  # environments are initialised ahead, or copies of one that was
    live: str = ""  # a directory of the node that is shown in place of the package, as it is
    network: str = "none"  # or "egress": to the internet; every environment has the endpoint of its account besides
    layers: str = ""  # the directory in the code store that is shown at /opt; empty without layers
    stand_in: str = ""  # the interpreter that an administrator chose to serve the runtime: ruby3.1; empty for its own
    # Of a container image, whose tree `code` names: `command`, `directory` and `environment`, its own variables. Empty
    # for a package, which needs a runtime.
    image: dict[str, Any] = field(default_factory=dict)
    log_format: str = "Text"  # or JSON, with the least level that is kept of the function's lines and of the platform's
    application_log_level: str = "INFO"
    system_log_level: str = "INFO"

    @property
    def function(self) -> str:
        return f"{self.account_id}:{self.region}:{self.function_name}"

    @property
    def account(self) -> str:
        return f"{self.account_id}:{self.region}"

    @property
    def group(self) -> str:
        """The log group's name."""
        return self.log_group or f"/aws/lambda/{self.function_name}"

    @property
    def pool(self) -> str:
        """What tells environments apart that may serve one another's invocations."""
        return f"{self.key}/{self.tenant}" if self.tenant else self.key

    @property
    def interpreter(self) -> str:
        """Which sandboxes can become its environments: the id of what runs it, with a version that it is held to, and
        whether that starts with the function."""
        if self.image:
            return IMAGE
        name = self.stand_in or self.runtime
        if self.runtime_version:
            name += f"@{self.runtime_version}"
        return name + LATE if start.is_late(RUNTIMES[self.runtime].family, self.environment) else name

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
    tenant_id: str = ""
    cognito: dict[str, str] = field(default_factory=dict)  # cognitoIdentityId, cognitoIdentityPoolId


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


class NotRestored(LaneError):
    """SnapStart: the hooks after the restore failed, or took too long. The function's fault; the log has it."""

    def __init__(self, timed_out: bool) -> None:
        super().__init__(
            "the hooks after the restore took too long" if timed_out else "a hook after the restore failed"
        )
        self.timed_out = timed_out


class Throttled(Exception):
    """Over a concurrency limit. `reason` is AWS's: ReservedFunctionConcurrentInvocationLimitExceeded, ..."""

    def __init__(self, reason: str, message: str = "Rate Exceeded.") -> None:
        super().__init__(reason)
        self.reason = reason
        self.message = message
