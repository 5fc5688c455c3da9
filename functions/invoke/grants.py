"""The coordinator of limits that several nodes keep together: a script in Redis, asked by each node's worker.

What a node holds lives as long as the node speaks: four seconds after its last word others may have it. Losing Redis
stops nobody: nodes go on with what they hold, and when it comes back it grants nothing new before each has said what
that is.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from redis.commands.core import Script

from functions.execution.shares import LEASE_SECONDS
from functions.invoke.nodes import LIFE_SECONDS, PREFIX, Node, broker

MEMBERS = "hearth:members"
SINCE = "hearth:members:since"
SCOPE = "hearth:lease:"
CHANNEL = "hearth:beat"  # who hears its name or another's here sends a pulse at once
LIFE_MS = int(LEASE_SECONDS * 1000)
SILENCE_MS = 2000  # every member sends a pulse each second


@dataclass(frozen=True, slots=True)
class Answer:
    alone: bool  # no other node: the limits are this node's own
    ready: bool  # it may be announced
    scopes: dict[str, list[int]]  # granted, whether others lack places, whether others have more than they need


@cache
def _script() -> Script:
    return broker().register_script((Path(__file__).with_name("grants.lua")).read_text())


def exchange(node: Node, pulse: dict[str, Any]) -> Answer:
    """Say one pulse of the node's executor (`Membership`). The node is announced if others may send it invocations.

    Raises redis.RedisError: after a TimeoutError it may have been heard all the same.
    """
    scopes: dict[str, list[int]] = pulse["scopes"]
    keys = [MEMBERS, SINCE, PREFIX + node.id, *(SCOPE + scope for scope in scopes)]
    said = [
        node.id,
        pulse["state"],
        node.announcement,
        LIFE_MS,
        SILENCE_MS,
        LIFE_SECONDS * 1000,
        CHANNEL,
        pulse["term"],
    ]
    said += [value for each in scopes.values() for value in each]
    alone, ready, granted = _script()(keys, said, client=broker())
    return Answer(bool(alone), bool(ready), dict(zip(scopes, granted, strict=True)))


def leave(node: str) -> None:
    """Give back all at once. Raises redis.RedisError."""
    broker().hdel(MEMBERS, node)
    broker().publish(CHANNEL, node)
