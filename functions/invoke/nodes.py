"""Worker nodes: who is alive, and the lane to one.

A node's bootstep writes `hearth:node:<id>` to Redis every second with a short life; the value is the node's lane
address and what it reports of itself. Losing Redis does not stop synchronous invocations: the last known nodes, or the
local socket, go on serving.
"""

import json
import logging
import threading
import time
import zlib
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import redis
from django.conf import settings

from functions.execution.lane import LaneClient
from functions.execution.spec import Throttled

log = logging.getLogger(__name__)

PREFIX = "hearth:node:"
LIFE_SECONDS = 5
REFRESH_SECONDS = 1.0
NO_CAPACITY = "ConcurrentInvocationLimitExceeded"


@dataclass(frozen=True, slots=True)
class Node:
    id: str
    address: str  # path of the lane's socket
    facts: dict[str, Any] = field(default_factory=dict)  # isolation, pid, capacity_provider


@cache
def broker() -> redis.Redis:
    """Redis. Safe for threads; connects lazily."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


def announce(node: Node) -> None:
    """Say that the node lives. Raises redis.RedisError when the broker is away."""
    value = json.dumps({"address": node.address, "facts": node.facts})
    broker().set(PREFIX + node.id, value, ex=LIFE_SECONDS)


def retire(node: Node) -> None:
    broker().delete(PREFIX + node.id)


def live() -> list[Node]:
    """The nodes that spoke within the last seconds. Raises redis.RedisError when the broker is away."""
    client = broker()
    nodes = []
    for key in sorted(client.scan_iter(PREFIX + "*", count=1000)):
        value: Any = client.get(key)
        if value is not None:
            known = json.loads(value)
            nodes.append(Node(key.decode().removeprefix(PREFIX), known["address"], known["facts"]))
    return nodes


class _Lanes:
    """One client per address, and the nodes as they were known up to a second ago, by capacity provider."""

    def __init__(self) -> None:
        self._clients: dict[str, LaneClient] = {}
        self._pools = {"": [str(settings.HEARTH_RUN / "lane.sock")]}
        self._read_at = 0.0
        self._lock = threading.Lock()

    def pick(self, function: str, provider: str = "") -> LaneClient:
        """The lane to the function's node. Raises Throttled when no node of the capacity provider (its ARN) lives."""
        address = self.address(function, provider)
        client = self._clients.get(address)
        if client is None:
            client = self._clients.setdefault(address, LaneClient(address))
        return client

    def address(self, function: str, provider: str = "") -> str:
        """A function keeps to one node while the set of nodes does not change: its warm environments are there, and its
        concurrency is counted there."""
        pools = self.known()
        addresses = pools.get(provider, [])
        if provider:
            addresses = addresses + pools.get(provider.rpartition(":")[2], [])
            if not addresses:
                raise Throttled(NO_CAPACITY, f"No worker node of the capacity provider {provider} is running.")
        if len(addresses) == 1:
            return addresses[0]
        return max(addresses, key=lambda each: zlib.crc32(f"{function}@{each}".encode()))

    def known(self) -> dict[str, list[str]]:
        """Addresses by what their nodes say of their capacity provider, a name or an ARN; empty for those of none."""
        if time.monotonic() - self._read_at > REFRESH_SECONDS:
            self._refresh()
        return self._pools

    def _refresh(self) -> None:
        if not self._lock.acquire(blocking=False):
            return  # another thread is reading; what is known serves meanwhile
        try:
            self._read_at = time.monotonic()
            nodes = live()
            if nodes:
                pools: dict[str, list[str]] = {"": []}
                for node in nodes:
                    pools.setdefault(str(node.facts.get("capacity_provider", "")), []).append(node.address)
                self._pools = {"": pools.pop("") or self._pools[""], **pools}
        except redis.RedisError as error:
            log.warning("the broker is away, going on with the nodes known: %s", error)
        finally:
            self._lock.release()


@cache
def lanes() -> _Lanes:
    return _Lanes()


def status() -> list[dict[str, Any]]:
    """What each live node says of itself: `node`, and the executor's status."""
    return [{"node": node.id, **LaneClient(node.address).status()} for node in live()]
