"""How many calls of Lambda's control plane an account may make in a second. Invocations have limits of their own.

AWS allows 100 of GetFunction, 15 of GetPolicy and 15 of all others together. Here there is no limit until
HEARTH_LIMITS sets one: a local deployment tool has nobody to be fair to. With a limit each call asks Redis, so that all
web processes count together; without Redis nothing is limited.
Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html#api-requests
"""

import logging
from time import time as clock

import redis

from functions.access.caller import Caller
from functions.errors import TooManyRequestsException
from functions.invoke.nodes import broker
from functions.limits import limits

log = logging.getLogger(__name__)

OTHERS = "control_requests_per_second"
OF_THEIR_OWN = {"GetFunction": "get_function_requests_per_second", "GetPolicy": "get_policy_requests_per_second"}


def take(caller: Caller, service: str, operation: str) -> None:
    """Count one call. Raises TooManyRequestsException when that is too many in this second."""
    if service != "lambda":
        return
    which = OF_THEIR_OWN.get(operation, OTHERS)
    allowed: int = getattr(limits(), which)
    if allowed and _count(f"hearth:calls:{caller.account_id}:{caller.region}:{which}:{int(clock())}") > allowed:
        raise TooManyRequestsException("Rate exceeded", Reason="CallerRateLimitExceeded")


def _count(key: str) -> int:
    try:
        with broker().pipeline(transaction=False) as pipe:
            pipe.incr(key)
            pipe.expire(key, 5)
            return int(pipe.execute()[0])
    except redis.RedisError as error:
        log.warning("calls are not counted: %s", error)
        return 0
