"""The platform's own log lines, as AWS writes them."""

import math

from functions.execution.failures import Failure


def start(request_id: str, version: str) -> str:
    return f"START RequestId: {request_id} Version: {version}\n"


def end(request_id: str) -> str:
    return f"END RequestId: {request_id}\n"


def init_report(init_ms: float, phase: str, failure: Failure) -> str:
    """Only for an init that failed. `phase` is `init`, or `invoke` for one that is tried again."""
    line = f"INIT_REPORT Init Duration: {init_ms:.2f} ms\tPhase: {phase}\tStatus: {failure.status or 'error'}"
    if failure.status != "timeout":
        line += f"\tError Type: {failure.error_type}"
    return line + "\n"


def report(
    request_id: str, duration_ms: float, memory_mb: int, max_memory_mb: int, init_ms: float | None, status: str
) -> str:
    line = (
        f"REPORT RequestId: {request_id}\tDuration: {duration_ms:.2f} ms\tBilled Duration: {billed(duration_ms)} ms\t"
        f"Memory Size: {memory_mb} MB\tMax Memory Used: {max_memory_mb} MB\t"
    )
    if init_ms is not None:
        line += f"Init Duration: {init_ms:.2f} ms\t"
    return line + status + "\n"


def status(failure: Failure | None) -> str:
    """The end of REPORT. An exception of the handler is not marked there."""
    if failure is None or not failure.status:
        return ""
    if failure.status == "timeout":
        return "Status: timeout\t"
    return f"Status: {failure.status}\tError Type: {failure.error_type}\t"


def billed(duration_ms: float) -> int:
    return math.ceil(duration_ms)
