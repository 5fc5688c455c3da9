"""This node's shares of limits that several nodes keep together.

The coordinator (`functions.invoke.grants`) gives each node a part of every limit that it needs; the sum of the parts
never exceeds the limit. A node asks for more before it runs short, so that an invocation waits for the coordinator only
when its node holds nothing yet or others hold what it lacks. What is not needed is given back by itself, and down to
what is in use as soon as another node runs short. A node that is alone has no shares: its own counters are the truth.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from functions.execution.concurrency import Concurrency
from functions.execution.loop import Loop, Promise
from functions.execution.rate import Rate
from functions.execution.spec import FunctionSpec

# What was granted holds for so long after the pulse that it answers: then others may have it.
LEASE_SECONDS = 4.0
# What is counted, and by what: a scope is one of these and the counter's key.
RESERVED, ACCOUNT, VERSION = "f:", "a:", "v:"
WAIT_SECONDS = 2.5  # at most, for places that other nodes may give back
AGAIN_SECONDS = 0.02
YIELD_SECONDS = 0.1  # until what ended meanwhile is given to others
REFUSED_SECONDS = 0.05  # during which nobody asks for what was just refused
PEAK_SECONDS = 1.0
FORGET_SECONDS = 30.0
UNKNOWN = NOBODY = -1


@dataclass(slots=True)
class Share:
    """Of one scope."""

    limit: int = UNKNOWN  # of all nodes together, as the last invocation here said
    news: bool = False  # an invocation has said it since the last pulse: another node may have heard of a later one
    granted: int = 0
    before: int = 0  # what was granted when the pulse was sent: it lowers `granted` to what is kept
    peak: int = 0  # most places that were needed at once, now and in the second before
    peak_before: int = 0
    peak_at: float = 0.0
    used_at: float = field(default_factory=time.monotonic)
    fair: int = 0  # another node lacks places: no more than this shall be used, nor idle places held; 0: nobody does
    refused_until: float = 0.0
    waiting_since: float = 0.0
    pleaded: bool = False  # the pulse said that somebody waits: its answer is one to that
    waiters: deque[Promise[None]] = field(default_factory=deque)

    @property
    def waiting(self) -> int:
        return sum(not waiter.done for waiter in self.waiters)

    @property
    def spare(self) -> int:
        """Places that are held beyond those in use, against the next burst."""
        return max(2, self.limit // 50)

    @property
    def usable(self) -> int:
        """What may be in use here. What is in use beyond that ends by itself."""
        return min(self.granted, self.fair) if self.fair else self.granted

    def highest(self, needed: int, now: float) -> int:
        """Most places needed within the last one to two seconds."""
        if now - self.peak_at >= PEAK_SECONDS:
            self.peak_before, self.peak, self.peak_at = self.peak, needed, now
        return max(needed, self.peak, self.peak_before)


class Shares:
    def __init__(self, loop: Loop, concurrency: Concurrency, rate: Rate, ask: Callable[[], None]) -> None:
        """`ask` sends a pulse to the coordinator, now or as soon as the last one is answered."""
        self._loop = loop
        self._concurrency = concurrency
        self._rate = rate
        self._ask = ask
        self._asking_later = False
        self._ended = False
        self._pulsed_at = self._lapses_at = float("inf")
        self._shares: dict[str, Share] = {}
        for function in concurrency.by_function:
            self._keep(RESERVED + function)
        for account in concurrency.unreserved:
            self._keep(ACCOUNT + account)
        for key in concurrency.by_version:
            self._keep(VERSION + key)

    async def secure(
        self, spec: FunctionSpec, reserved: int | None, unreserved: int, maximum: int | None, provisioned: bool
    ) -> tuple[int | None, int, int | None]:
        """The limits that hold on this node, as `Concurrency.lease` takes them: raised before where they can be."""
        if reserved is not None:
            reserved = await self._place(RESERVED + spec.function, reserved)
        elif not provisioned:
            unreserved = await self._place(ACCOUNT + spec.account, unreserved)
        if maximum is not None:
            maximum = await self._place(VERSION + spec.key, maximum)
        return reserved, unreserved, maximum

    def pulse(self, leaving: bool) -> dict[str, list[int]]:
        """By scope: limit, what is kept, what is wanted, what is needed now, the milliseconds that somebody has waited.

        From here on no more is used than is kept. `leaving`: the node takes no new invocations.
        """
        self._pulsed_at = now = time.monotonic()
        said = {}
        for scope, share in self._shares.items():
            waiting = share.waiting
            used = self._used(scope)
            need = used + waiting
            if need:
                share.used_at = now
            if leaving or share.fair:
                kept, wanted = used, need
            elif now - share.used_at > FORGET_SECONDS:
                kept = wanted = 0
            else:
                wanted = 2 * share.highest(need, now) + share.spare
                kept = max(used, wanted)
            if share.limit != UNKNOWN:
                kept, wanted = min(kept, share.limit), min(wanted, share.limit)
            share.before = share.granted
            share.granted = min(share.granted, kept)
            limit = share.limit if share.news else UNKNOWN
            share.news = False
            share.pleaded = waiting > 0
            waited = int((now - share.waiting_since) * 1000) if waiting else NOBODY
            said[scope] = [limit, share.granted, wanted, need, waited]
        return said

    def granted(self, answers: dict[str, list[int]]) -> None:
        """By scope: what is granted, a fair part if others lack places (else 0), whether others may have some over."""
        self._lapses_at = self._pulsed_at + LEASE_SECONDS
        now = time.monotonic()
        for scope, (granted, fair, hope) in answers.items():
            share = self._shares.get(scope)
            if share is None:
                continue
            share.granted, share.fair = granted, fair
            self._let_in(scope, share)
            if share.fair and self._used(scope) < granted:
                self._ask()  # what lies idle is given back now
            elif share.usable < granted:
                self._ask_later(YIELD_SECONDS)  # and what is in use when it has ended
            if share.waiting and hope:
                self._ask_later(AGAIN_SECONDS)
            elif share.waiting and share.pleaded:
                share.refused_until = now + REFUSED_SECONDS
                self._let_go(share)
            elif not granted and now - share.used_at > FORGET_SECONDS:
                del self._shares[scope]

    def unanswered(self, restore: bool) -> None:
        """The coordinator is away: what was granted goes on. `restore`: it cannot have taken back what was offered."""
        self._lapses_at = self._pulsed_at + LEASE_SECONDS
        for scope, share in list(self._shares.items()):
            share.news = share.limit != UNKNOWN
            if restore:
                share.granted = share.before
            self._let_in(scope, share)
            self._let_go(share)

    def end(self) -> None:
        """The node is alone from now on, and the limits are its own."""
        self._ended = True
        for share in list(self._shares.values()):
            self._let_go(share)

    def facts(self) -> dict[str, int]:
        return {scope: share.granted for scope, share in self._shares.items()}

    # --- inside ---

    async def _place(self, scope: str, limit: int) -> int:
        """What the scope's counter may reach here. Waits while one place more may be had and is not there."""
        share = self._shares.get(scope)
        if share is None:
            share = self._shares[scope] = Share()
        share.limit, share.news = limit, True
        if time.monotonic() > self._lapses_at:
            self._lapse()
        needed = self._used(scope) + 1
        if needed > share.peak:
            share.peak = needed
        if share.usable < limit:
            if needed > share.usable:
                if needed <= limit and time.monotonic() >= share.refused_until:
                    await self._wait(share)
            elif 2 * needed > share.granted and not share.fair:
                self._ask()
        return limit if self._ended else min(share.usable, limit)

    def _lapse(self) -> None:
        """The worker says nothing: it hangs, or this process did. Only what is in use is left."""
        for scope, share in self._shares.items():
            share.granted = min(share.granted, self._used(scope))

    async def _wait(self, share: Share) -> None:
        promise: Promise[None] = Promise(self._loop)
        if not share.waiting:
            share.waiting_since = time.monotonic()
        share.waiters.append(promise)
        timer = self._loop.later(WAIT_SECONDS, lambda: promise.set(None))
        self._ask()
        await promise
        timer.cancel()

    def _keep(self, scope: str) -> None:
        self._shares[scope] = Share(granted=self._used(scope))

    def _used(self, scope: str) -> int:
        kind, key = scope[:2], scope[2:]
        if kind == RESERVED:
            return max(self._concurrency.by_function[key], self._rate.places(key))
        if kind == ACCOUNT:
            return max(self._concurrency.unreserved[key], self._rate.places(key))
        return self._concurrency.by_version[key]

    def _let_in(self, scope: str, share: Share) -> None:
        """Each that is let in takes its place before the next is looked at."""
        while share.waiters and self._used(scope) < share.usable:
            share.waiters.popleft().set(None)

    @staticmethod
    def _let_go(share: Share) -> None:
        while share.waiters:
            share.waiters.popleft().set(None)

    def _ask_later(self, seconds: float) -> None:
        if not self._asking_later:
            self._asking_later = True
            self._loop.later(seconds, self._ask_again)

    def _ask_again(self) -> None:
        self._asking_later = False
        self._ask()
