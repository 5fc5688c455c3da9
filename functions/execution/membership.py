"""What the executor says to the worker that owns it, and is told: pulses and grants, over one open connection.

    worker    {"op": "beat"}                 at least every second
    executor  {"status": "pulse", ...}       the answer to a beat, or by itself when invocations need more places
    worker    {"op": "grants", ...}          what the coordinator says to the pulse, or that it is away

One pulse is under way at a time: what the coordinator has written down of this node is what this node last said.
"""

import os
import secrets
from typing import TYPE_CHECKING, Any

from functions.execution.shares import Shares
from functions.execution.stream import Head, Stream

if TYPE_CHECKING:
    from functions.execution.engine import Engine

WARM_KEYS = 500  # told of: the last used

# What a node is to the coordinator. "new": it holds nothing, and runs nothing until it is told. "alone": the limits are
# its own. "joining": others have come, what it has in use is to be written down. "member": it lives by its shares.
NEW, ALONE, JOINING, MEMBER = "new", "alone", "joining", "member"


class Membership:
    def __init__(self, engine: "Engine", waits: bool) -> None:
        """`waits`: there may be other nodes, so nothing runs before the worker's first word."""
        self._engine = engine
        self._stream: Stream | None = None
        self._under_way = self._again = False
        self._term = "0"  # of the shares: what was held in another one is nothing
        self.state = ALONE
        if waits:
            self._share(NEW)

    def beat(self, stream: Stream) -> None:
        """`stream` is from now on the way to the worker."""
        if stream is not self._stream:
            self._stream, self._under_way = stream, False
        self.pulse()

    def pulse(self) -> None:
        """Say how things are. Without a worker nobody hears it."""
        if self._stream is None or self._stream.closed:
            return
        self._again = self._under_way
        if self._under_way:
            return
        self._under_way = True
        said = {"state": self.state, "term": self._term, **self._load(), "scopes": self._scopes()}
        self._stream.send({"status": "pulse", **said})

    def told(self, head: Head) -> None:
        """What comes of the pulse. Who asks for more meanwhile gets the next one: it must say all that was granted."""
        if head.get("away"):
            self._unanswered(bool(head["restore"]))
        elif head["alone"]:
            self._be_alone()
        elif self._engine.shares is None:
            self._share(JOINING)
            self._again = True
        else:
            self.state = MEMBER
            self._engine.shares.granted(head["scopes"])
        self._under_way = False
        if self._again:
            self.pulse()

    def drain(self, draining: bool) -> None:
        """Run nothing new, or run again what comes."""
        self._engine.draining = draining
        self.pulse()

    # --- inside ---

    def _share(self, state: str) -> None:
        self.state, self._term = state, secrets.token_hex(8)
        self._engine.shares = Shares(self._engine.loop, self._engine.concurrency, self._engine.rate, self.pulse)

    def _be_alone(self) -> None:
        self.state = ALONE
        shares, self._engine.shares = self._engine.shares, None
        if shares is not None:
            shares.end()

    def _unanswered(self, restore: bool) -> None:
        if self.state == NEW:  # it holds nothing to go on with: as if there were no other node
            self._be_alone()
        elif self._engine.shares is not None:
            self._engine.shares.unanswered(restore)

    def _scopes(self) -> dict[str, list[int]]:
        shares = self._engine.shares
        return shares.pulse(self._engine.draining) if shares is not None else {}

    def _load(self) -> dict[str, Any]:
        engine = self._engine
        return {
            "draining": engine.draining,
            "running": len(engine.running),
            "cores": len(os.sched_getaffinity(0)),
            "warm": engine.pools.warm(WARM_KEYS),
        }
