"""What AWS says when a function fails: payloads, REPORT fields and log lines, word for word."""

import json
import time
from dataclasses import dataclass

from functions.execution.error_types import UNKNOWN, known
from functions.execution.outcome import MAX_RESPONSE, OOM, Answer, Ended
from functions.execution.signals import ending
from monitoring.report import Outcome


@dataclass(frozen=True, slots=True)
class Failure:
    """`status` is REPORT's (`error`, `timeout`); empty for an exception of the handler: AWS does not mark that one."""

    outcome: Outcome
    error_type: str
    payload: bytes
    message: str
    status: str = ""
    line: str = ""  # to be logged


def status(failure: Failure | None) -> tuple[str, str]:
    """How the platform's events call the end of an init or invocation: status and error type."""
    if failure is None or not failure.status:
        return "success", ""
    return failure.status, known(failure.error_type)


def reason(status: int) -> str:
    return f"Runtime exited with error: {ending(status)}" if status else "Runtime exited without providing a reason"


def _platform(outcome: Outcome, kind: str, request_id: str, text: str, status: str, line: str) -> Failure:
    message = f"RequestId: {request_id} Error: {text}"
    payload = json.dumps({"errorType": kind, "errorMessage": message}, separators=(",", ":")).encode()
    return Failure(outcome, kind, payload, message, status, line)


def of(outcome: Answer | Ended, request_id: str, timeout_s: float) -> Failure | None:
    """What AWS says of an outcome; None when it is none of failure."""
    return ended(outcome, request_id, timeout_s) if isinstance(outcome, Ended) else answered(outcome, request_id)


def ended(end: Ended, request_id: str, timeout_s: float) -> Failure:
    """The runtime went away instead of answering."""
    if end.reason == "timeout":
        text = f"Task timed out after {timeout_s:.2f} seconds"
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + f".{time.time_ns() // 1_000_000 % 1000:03d}Z"
        line = f"{stamp} {request_id} {text}\n"
        return _platform(Outcome.TIMEOUT, "Sandbox.Timedout", request_id, text, "timeout", line)
    text = reason(end.status)
    if end.fault is not None:
        outcome, (kind, text) = Outcome.CRASH, end.fault
    elif end.reason == OOM:
        outcome, kind = Outcome.OUT_OF_MEMORY, "Runtime.OutOfMemory"
        text = "Runtime exited with error: signal: killed"
    else:
        outcome, kind = Outcome.CRASH, "Runtime.ExitError"
    # For memory too: only payload and REPORT name it.
    line = f"RequestId: {request_id} Error: {text}\nRuntime.ExitError\n"
    return _platform(outcome, kind, request_id, text, "error", line)


def too_large(limit: int) -> Failure:
    kind = "Function.ResponseSizeTooLarge"
    message = f"Response payload size exceeded maximum allowed payload size ({limit} bytes)."
    payload = json.dumps({"errorMessage": message, "errorType": kind}, separators=(",", ":")).encode()
    return Failure(Outcome.ERROR, kind, payload, message)


def answered(answer: Answer, request_id: str = "") -> Failure | None:
    """What an answer tells of failure; None for a response."""
    head = answer.head
    if "size" in head or (len(answer.body) > MAX_RESPONSE and "error" not in head):
        return too_large(MAX_RESPONSE)
    if "error" not in head:
        return None
    if "reason" in head:  # the platform's words, not the function's
        kind, text = str(head["error"])[:256], str(head["reason"])[:4096]
        line = f"RequestId: {request_id} Error: {text}\n{kind}\n"
        return _platform(Outcome.CRASH, kind, request_id, text, "error", line)
    kind, message = _told(answer.body)
    named = str(head["error"])[:256]
    return Failure(Outcome.ERROR, kind if kind and named == UNKNOWN else named, answer.body, message)


def _told(payload: bytes) -> tuple[str, str]:
    """Type and message of the function's own words; empty where there are none."""
    try:
        told = json.loads(payload)
        return str(told.get("errorType") or "")[:256], str(told["errorMessage"])[:4096]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "", ""
