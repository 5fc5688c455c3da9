"""Which node runs an invocation, and the lane to it.

One with an idle environment of that very code first, then the one with the least to do, then the one that comes first
for the function: so a caller that calls in turn stays on one node, and web processes agree without talking. What the
nodes announced is a second old at most; what was sent since is counted here.
"""

import functools
import logging
import threading
import time
import zlib

import redis
from django.conf import settings

from functions import cache
from functions.execution.spec import FunctionSpec, Throttled
from functions.invoke import nodes
from functions.invoke.nodes import Node

log = logging.getLogger(__name__)

REFRESH_SECONDS = 1.0
ASIDE_SECONDS = 1.0  # after a node did not answer: its announcement may outlive it
# A node whose announcement has run out, and is missing in so many reads, is given up with what it runs: every node
# announces itself again within fewer after Redis lost its memory.
MISSING_READS = 3
NO_CAPACITY = "ConcurrentInvocationLimitExceeded"


class Peer:
    """A node as this process knows it. Threads share it: its numbers are estimates, set right each second."""

    __slots__ = ("alone", "aside_until", "client", "idle", "missing", "name", "node")

    def __init__(self, node: Node) -> None:
        self.name = f"@{node.lane}"
        self.client = node.client()
        self.aside_until = 0.0  # monotonic
        self.alone = False  # in its pool: there is nothing to choose
        self.seen(node)

    def seen(self, node: Node) -> None:
        self.node = node
        self.missing = 0  # reads in a row that did not find it
        self.idle: dict[str, int] = dict(node.facts.get("warm", {}))

    @property
    def load(self) -> int:
        """Invocations for each processor, in whole numbers: what differs by less than that is equal, so that web
        processes that know of different calls agree."""
        facts = self.node.facts
        return max(int(facts.get("running", 0)), self.client.under_way) // int(facts.get("cores", 1))

    def took(self, pool: str) -> None:
        self.idle[pool] = self.idle.get(pool, 0) - 1

    def served(self, pool: str) -> None:
        """An invocation came back: its environment is idle there."""
        self.idle[pool] = max(self.idle.get(pool, 0), 0) + 1


class Lanes:
    """Safe for threads."""

    def __init__(self) -> None:
        local = Node("", str(settings.HEARTH_RUN / "lane.sock"))
        self._peers: dict[str, Peer] = {}  # by address
        self._pools: dict[str, list[Peer]] = {}  # by what the nodes say of their capacity provider, a name or an ARN
        self._read_at = 0.0
        self._lock = threading.Lock()
        self._arrange([local])

    def pick(self, spec: FunctionSpec, tenant: str = "") -> Peer:
        """The node for one invocation. Raises Throttled when none of the function's capacity provider lives."""
        peers = self.of(spec.capacity_provider)
        if len(peers) == 1:
            return peers[0]
        now, function, pool = time.monotonic(), spec.function, pool_of(spec, tenant)
        able = [peer for peer in peers if now >= peer.aside_until and not peer.node.draining] or peers
        chosen = min(able, key=lambda peer: (peer.idle.get(pool, 0) <= 0, peer.load, _order(function, peer)))
        chosen.took(pool)
        return chosen

    def set_aside(self, peer: Peer) -> bool:
        """It runs nothing new, or is gone. True when there is another one to try at once."""
        now = time.monotonic()
        peer.aside_until = now + ASIDE_SECONDS
        pool = next((peers for peers in self._pools.values() if peer in peers), [])
        return any(now >= each.aside_until and not each.node.draining for each in pool)

    def of(self, provider: str) -> list[Peer]:
        """The nodes of a capacity provider (ARN), of none if it is empty. Raises Throttled when none of it lives."""
        if cache.may_wait():
            self.refresh()
        peers = self._pools.get(provider, [])
        if provider:
            peers = peers + self._pools.get(provider.rpartition(":")[2], [])
            if not peers:
                raise Throttled(NO_CAPACITY, f"No worker node of the capacity provider {provider} is running.")
        return peers

    def share(self, function: str, provider: str, address: str, count: int) -> int:
        """How many of `count` environments of a function the node at `address` keeps ready. Nodes that drain keep none.

        The parts differ by one at most; which nodes have one more depends on the function.
        """
        peers = [peer for peer in self.of(provider) if not peer.node.draining]
        ordered = sorted(peers, key=lambda peer: _order(function, peer))
        rank = next((rank for rank, peer in enumerate(ordered) if peer.client.address == address), None)
        if rank is None:
            return 0
        whole, rest = divmod(count, len(ordered))
        return whole + (rank < rest)

    def known(self) -> list[tuple[str, str, bool]]:
        """Address, capacity provider and whether it drains, of each node: equal while nothing has changed."""
        self.refresh()
        return [
            (peer.client.address, provider, peer.node.draining)
            for provider, peers in self._pools.items()
            for peer in peers
        ]

    def refresh(self) -> None:
        """Read who is there, once in a second."""
        if time.monotonic() - self._read_at <= REFRESH_SECONDS:
            return
        if not self._lock.acquire(blocking=False):
            return  # another thread is reading; what is known serves meanwhile
        try:
            self._read_at = time.monotonic()
            self._arrange(nodes.live())
            self._give_up()
        except redis.RedisError as error:
            log.warning("the broker is away, going on with the nodes known: %s", error)
        finally:
            self._lock.release()

    def cut(self) -> None:
        """Wait no longer for any answer: who does gets LaneError."""
        for peer in list(self._peers.values()):
            peer.client.cut()

    def _arrange(self, found: list[Node]) -> None:
        pools: dict[str, list[Peer]] = {}
        for peer in self._peers.values():
            peer.missing += 1
        for node in found:
            peer = self._peers.get(node.lane) or self._peers.setdefault(node.lane, Peer(node))
            peer.seen(node)
            pools.setdefault(node.capacity_provider, []).append(peer)
        # While those of none are away, the last known get what comes for them.
        pools.setdefault("", self._pools.get("", []))
        for provider, peers in pools.items():
            for peer in peers:
                peer.alone = len(peers) == 1 and not provider
        self._pools = pools

    def _give_up(self) -> None:
        """Let go of nodes that say nothing: who waits for one gets an error at once, and may call another."""
        for address, peer in list(self._peers.items()):
            if peer.missing < MISSING_READS:
                continue
            if peer.missing == MISSING_READS and peer.node.id:
                log.warning("worker node %s says nothing any more", peer.node.id)
            peer.client.cut()
            if peer not in self._pools[""]:
                del self._peers[address]


def pool_of(spec: FunctionSpec, tenant: str) -> str:
    """The name of the environments that may serve it, as nodes announce them (`FunctionSpec.pool`)."""
    return f"{spec.key}/{tenant}" if tenant else spec.key


def _order(function: str, peer: Peer) -> int:
    return zlib.crc32((function + peer.name).encode())


@functools.cache
def lanes() -> Lanes:
    return Lanes()
