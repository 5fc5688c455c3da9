"""Which ARNs may be the destination of asynchronous events, or the target of dead letters."""

import re

from functions import lookup
from functions.access.caller import Caller
from functions.arn import parse
from functions.errors import InvalidParameterValueException, ServiceError
from functions.models import Function

# The services whose resources AWS takes, for outcomes and for dead letters.
SERVICES = ("events", "lambda", "s3", "sns", "sqs")
DEAD_LETTER_SERVICES = ("sns", "sqs")
# The last part of their ARNs. FIFO queues and topics, which AWS does not take, have a dot.
NAMES = {
    "events": re.compile(r"event-bus/[A-Za-z0-9._/-]{1,256}"),
    "s3": re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"),
    "sns": re.compile(r"[A-Za-z0-9_-]{1,256}"),
    "sqs": re.compile(r"[A-Za-z0-9_-]{1,80}"),
}


def service(arn: str) -> str:
    """`sqs` of `arn:aws:sqs:...`; empty for what is no ARN."""
    return arn.split(":")[2] if arn.count(":") >= 5 else ""


def check(caller: Caller, function: Function, arn: str, field: str) -> None:
    """Raise InvalidParameterValueException unless the ARN names what an outcome of the function can be sent to."""
    problem = f"The destination ARN {arn} is invalid."
    if service(arn) != "lambda":
        _check_resource(caller, arn, field, problem)
        return
    try:
        target = parse(arn, None, caller)
        lookup.version(target)
    except ServiceError:
        raise InvalidParameterValueException(problem, field=field) from None
    if target.name == function.name:
        raise InvalidParameterValueException("You can't specify the function as a destination for itself.", field=field)


def check_dead_letter(caller: Caller, arn: str) -> None:
    """Raise InvalidParameterValueException unless the ARN is a standard queue's or topic's; empty is none."""
    problem = f"The provided target ARN {arn} is invalid."
    if arn and service(arn) not in DEAD_LETTER_SERVICES:
        raise InvalidParameterValueException(problem, field="DeadLetterConfig")
    if arn:
        _check_resource(caller, arn, "DeadLetterConfig", problem)


def _check_resource(caller: Caller, arn: str, field: str, problem: str) -> None:
    """One of the caller's account and region; a bucket's ARN has neither."""
    _, _, kind, region, account_id, name = arn.split(":", 5)
    place = ("", "") if kind == "s3" else (caller.region, caller.account_id)
    if (region, account_id) != place or not NAMES[kind].fullmatch(name):
        raise InvalidParameterValueException(problem, field=field)
