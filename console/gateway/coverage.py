"""Which operations of Lambda's model are served, which in part, and which not: for the page, the command and a test.

What is served is read from the table of operations; here stands only what a table of functions cannot say.
"""

from dataclasses import dataclass
from enum import StrEnum

from console.gateway import operations
from console.gateway.wire import catalogue
from functions.actions.configuration import ABSENT
from functions.errors import InvalidParameterValueException

DURABLE = "Durable execution comes in a later version: no function here has one."
# Operation -> why it is not served. Each answers an error of its own model that says so.
LATER = dict.fromkeys(
    (
        "CheckpointDurableExecution",
        "DeleteDurableExecution",
        "GetDurableExecution",
        "GetDurableExecutionHistory",
        "GetDurableExecutionState",
        "ListDurableExecutionsByFunction",
        "PauseDurableExecution",
        "ResumeDurableExecution",
        "SendDurableExecutionCallbackFailure",
        "SendDurableExecutionCallbackHeartbeat",
        "SendDurableExecutionCallbackSuccess",
        "StopDurableExecution",
    ),
    DURABLE,
)
_UNPOLLED = "The configuration is checked and kept; nothing reads the event source yet."
_MEMBERS = (
    f"{', '.join(ABSENT)} are refused. VpcConfig, FileSystemConfigs and KMSKeyArn are kept and shown: no VPC, no file "
    "system and no key stands behind them. So is TracingConfig: no traces are written. With the log format JSON the "
    "lines of the function itself are JSON in Python and Node.js only. SnapStart has no effect for Java and .NET; it "
    "has one for Node.js and Ruby, other than on AWS. With a CapacityProviderConfig an environment still serves one "
    "invocation at a time. Code for either architecture runs on the machine's own."
)
_CODE = (
    "Container images come from OCI layouts and archives in directories that the administrator named, or from "
    "registries that he named where the machine has skopeo or crane. Layers compressed by zstd need Python 3.14."
)
_SIGNED = (
    "The format of AWS Signer's signatures is not published, so every artifact is an untrusted one: Enforce refuses "
    "it, Warn says so in the audit log."
)
# Operation -> what of it is missing.
PARTLY = {
    "CreateCodeSigningConfig": _SIGNED,
    "CreateEventSourceMapping": _UNPOLLED,
    "CreateFunction": f"{_MEMBERS} {_CODE}",
    "GetEventSourceMapping": _UNPOLLED,
    "Invoke": "DurableExecutionName is refused.",
    "ListEventSourceMappings": _UNPOLLED,
    "PutFunctionCodeSigningConfig": _SIGNED,
    "UpdateEventSourceMapping": _UNPOLLED,
    "UpdateFunctionCode": _CODE,
    "UpdateFunctionConfiguration": _MEMBERS,
}


class Status(StrEnum):
    SERVED = "served"
    PARTLY = "partly"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Coverage:
    """One operation. `text`: what is missing, or why it is not served."""

    name: str
    status: Status
    text: str = ""


def of_lambda() -> list[Coverage]:
    """Every operation of the model, in its order."""
    return [_of(name) for name in catalogue.get("lambda").model.operation_names]


def not_served(operation: str) -> InvalidParameterValueException | None:
    """The error that an operation answers which comes later."""
    if operation not in LATER:
        return None
    return InvalidParameterValueException(f"{operation} is not supported by this endpoint. {LATER[operation]}")


def _of(name: str) -> Coverage:
    if not operations.is_served("lambda", name):
        return Coverage(name, Status.NOT, LATER.get(name, "Not written yet."))
    if name in PARTLY:
        return Coverage(name, Status.PARTLY, PARTLY[name])
    return Coverage(name, Status.SERVED)
