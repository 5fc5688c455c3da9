"""Worker nodes: who is alive, and what each says of itself.

A node's worker writes `hearth:node:<id>` to Redis every second with a short life (`functions.invoke.heart`); the value
is the node's lanes and its inventory. Losing Redis does not stop synchronous invocations: the last known nodes, or the
local socket, go on serving.
"""

import json
import os
import threading
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import redis
from django.conf import settings

from functions.execution.lane import ANSWER_SECONDS, LaneClient
from functions.execution.spec import LaneError

PREFIX = "hearth:node:"
LIFE_SECONDS = 5
ASK_SECONDS = 3  # for what a node can say at once

# Set while the node of this very process takes nothing new: its Celery tasks leave what is due to others.
resting = threading.Event()


@dataclass(frozen=True, slots=True)
class Node:
    id: str
    address: str  # path of the lane's socket
    # isolation, pid, host, tcp (host:port of the lane, or empty), capacity_provider; of its last pulse: draining,
    # running (invocations), cores, warm (idle environments by pool)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def lane(self) -> str:
        """Where this process reaches it: by the socket on the same machine, else by TCP."""
        is_here = self.facts.get("host", os.uname().nodename) == os.uname().nodename and os.path.exists(self.address)
        return self.address if is_here else self.facts.get("tcp") or self.address

    def client(self, patience: int = ANSWER_SECONDS) -> LaneClient:
        """To be closed by who asks for it. `patience`: seconds to wait for an answer."""
        return LaneClient(self.lane, settings.HEARTH_NODE_SECRET.encode(), patience)

    @property
    def capacity_provider(self) -> str:
        """Name or ARN; empty for a node of none."""
        return str(self.facts.get("capacity_provider", ""))

    @property
    def draining(self) -> bool:
        return bool(self.facts.get("draining"))

    @property
    def announcement(self) -> str:
        return json.dumps({"address": self.address, "facts": self.facts})


@cache
def broker() -> redis.Redis:
    """Redis. Safe for threads; connects lazily."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


def own() -> Node:
    """This process's node, if it is the worker of one. Nodes may share a machine and a data directory: each has a name
    and a lane of its own."""
    name = settings.HEARTH_NODE or settings.HEARTH_CAPACITY_PROVIDER.rpartition(":")[2]
    machine = os.uname().nodename
    lane = settings.HEARTH_RUN / (f"lane-{name}.sock" if name else "lane.sock")
    facts = {
        "host": machine,
        "tcp": settings.HEARTH_NODE_ADDRESS,
        "pid": os.getpid(),
        "capacity_provider": settings.HEARTH_CAPACITY_PROVIDER,
    }
    return Node(f"{machine}-{name}" if name else machine, str(lane), facts)


def retire(node: Node) -> None:
    broker().delete(PREFIX + node.id)


def live() -> list[Node]:
    """The nodes that spoke within the last seconds. Raises redis.RedisError when the broker is away."""
    client = broker()
    keys = sorted(client.scan_iter(PREFIX + "*", count=1000))
    values: Any = client.mget(keys) if keys else []
    nodes = []
    for key, value in zip(keys, values, strict=True):
        if value is not None:
            known = json.loads(value)
            nodes.append(Node(key.decode().removeprefix(PREFIX), known["address"], known["facts"]))
    return nodes


def status() -> list[dict[str, Any]]:
    """What each live node says of itself: `node`, and the executor's status. One that has just died is left out.

    Raises LaneError when none answers, redis.RedisError when the broker is away.
    """
    found: list[dict[str, Any]] = []
    silent: LaneError | None = None
    for node in live():
        try:
            with closing(node.client(ASK_SECONDS)) as lane:
                found.append({"node": node.id, **lane.status()})
        except LaneError as error:
            silent = error
    if silent is not None and not found:
        raise silent
    return found
