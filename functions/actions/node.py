"""Worker nodes: taken out of service, and put into it again."""

from contextlib import closing

import redis

from functions.access.caller import Caller
from functions.actions.base import change
from functions.errors import InternalServiceException, ResourceNotFoundException
from functions.execution.spec import LaneError
from functions.invoke import nodes


def drain(caller: Caller, name: str) -> None:
    """Let a node run nothing new, and finish what runs. It stays, until it is put into service again or ended.

    Raises ResourceNotFoundException when no such node is up, InternalServiceException when it does not answer.
    """
    _set(caller, name, True)


def undrain(caller: Caller, name: str) -> None:
    """Put a drained node into service again. Raises as `drain` does."""
    _set(caller, name, False)


def _set(caller: Caller, name: str, draining: bool) -> None:
    # Before the transaction: nobody shall wait for a node with the database locked.
    try:
        node = next((node for node in nodes.live() if node.id == name), None)
        if node is None:
            raise ResourceNotFoundException(f"There is no worker node {name}.")
        with closing(node.client(nodes.ASK_SECONDS)) as lane:
            lane.drain(draining)
    except (redis.RedisError, LaneError) as error:
        raise InternalServiceException(f"The worker node could not be told: {error}") from error
    with change(caller, "DrainNode" if draining else "UndrainNode", f"node/{name}"):
        pass
