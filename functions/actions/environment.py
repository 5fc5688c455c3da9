"""Execution environments, ended so that the next invocation gets a new one."""

from contextlib import closing

import redis

from functions.access.caller import Caller
from functions.actions.base import change
from functions.arn import FunctionReference
from functions.errors import InternalServiceException, ResourceNotFoundException
from functions.execution.spec import LaneError
from functions.invoke import nodes


def recycle(caller: Caller, reference: FunctionReference, log_stream: str = "") -> int:
    """End the function's environments on every node, or the one that writes to `log_stream`: returns how many.

    A busy one ends after what it runs. The function may be deleted already. Raises ResourceNotFoundException when there
    is no such environment, InternalServiceException when a node or the broker does not answer.
    """
    reference = reference.unqualified()
    function = f"{reference.account_id}:{reference.region}:{reference.name}"
    # Before the transaction: nobody shall wait for a node with the database locked.
    try:
        ended = sum(_recycle(node, function, log_stream) for node in nodes.live())
    except (redis.RedisError, LaneError) as error:
        raise InternalServiceException(f"The workers could not be asked: {error}") from error
    if not ended:
        raise ResourceNotFoundException(f"{reference.name} has no such environment any more.")
    detail = {"log_stream": log_stream} if log_stream else {}
    with change(caller, "RecycleEnvironments", reference.function_arn, environments=ended, **detail):
        return ended


def _recycle(node: nodes.Node, function: str, log_stream: str) -> int:
    with closing(node.client(nodes.ASK_SECONDS)) as lane:
        return lane.recycle(function, log_stream)
