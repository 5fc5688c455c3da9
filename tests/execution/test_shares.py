"""An executor's shares of limits, told what to hold by hand."""

from collections.abc import Coroutine
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from functions.execution import shares as module
from functions.execution.concurrency import Concurrency
from functions.execution.loop import Loop, Promise
from functions.execution.membership import Membership
from functions.execution.rate import Rate
from functions.execution.shares import Shares
from functions.execution.spec import FunctionSpec

SPEC = FunctionSpec("k", "1", "r", "f", "1", "python3.11", "h", "c", 128, 3, 512)
SCOPE = "f:1:r:f"


class Node:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: self.now))
        self.concurrency = Concurrency()
        self.asked = 0
        self.loop = Loop()
        self.shares = Shares(self.loop, self.concurrency, Rate(10), self._ask)
        self.answers: list[int | None] = []

    def _ask(self) -> None:
        self.asked += 1

    def call(self, limit: int = 10) -> None:
        """An invocation up to its place: what it may count up to is added to `answers`, at once or later."""

        async def place() -> None:
            self.answers.append((await self.shares.secure(SPEC, limit, 0, None, False))[0])

        waiting: Coroutine[Any, None, None] = place()
        self.loop.start(waiting)

    def grant(self, granted: int, fair: int = 0, hope: int = 0) -> None:
        self.shares.pulse(leaving=False)
        self.shares.granted({SCOPE: [granted, fair, hope]})

    def use(self, count: int) -> None:
        self.concurrency.by_function[SPEC.function] = count


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Node:
    return Node(monkeypatch)


def test_the_first_call_waits_for_a_grant_and_others_do_not(node: Node) -> None:
    node.call()
    assert (node.answers, node.asked) == ([], 1)
    assert node.shares.pulse(leaving=False)[SCOPE] == [10, 0, 4, 1, 0]
    node.grant(4)
    node.call()
    assert (node.answers, node.asked) == ([4, 4], 1)
    node.use(2)
    node.call()  # more than half is in use: ask ahead
    assert (node.answers, node.asked) == ([4, 4, 4], 2)


def test_without_hope_a_call_is_refused_and_the_next_ones_at_once(node: Node) -> None:
    node.call()
    node.grant(0)
    node.call()
    assert (node.answers, node.asked) == ([0, 0], 1)
    node.now += 1
    node.call()
    assert (len(node.answers), node.asked) == (2, 2)


def test_an_answer_from_before_somebody_waited_refuses_nobody(node: Node) -> None:
    node.shares.pulse(leaving=False)
    node.call()
    node.shares.granted({SCOPE: [0, 0, 0]})
    assert node.answers == []
    node.grant(1)
    assert node.answers == [1]


def test_a_fair_part_is_all_that_is_used_while_others_lack(node: Node) -> None:
    node.call()
    node.grant(8)
    node.use(5)
    node.grant(8, fair=4)
    node.call()
    node.grant(5, fair=4)
    assert node.answers == [8, 4]
    assert node.shares.pulse(leaving=False)[SCOPE][1:4] == [5, 5, 5]


def test_while_the_coordinator_is_away_nothing_is_given_up(node: Node) -> None:
    node.call()
    node.grant(9)
    node.now += 2
    node.shares.pulse(leaving=False)
    node.now += 2
    assert node.shares.pulse(leaving=False)[SCOPE][1] < 9
    node.shares.unanswered(restore=True)
    node.shares.pulse(leaving=False)
    node.shares.unanswered(restore=False)
    node.use(1)
    node.call()
    assert node.answers[-1] is not None
    assert node.answers[-1] >= 2


def test_what_nobody_confirms_lapses(node: Node) -> None:
    node.call()
    node.grant(9)
    node.use(3)
    node.now += module.LEASE_SECONDS + 0.1
    node.call()
    assert node.answers == [9]
    node.grant(5)
    assert node.answers == [9, 5]


def test_a_node_that_is_alone_again_has_the_whole_limit(node: Node) -> None:
    node.call()
    node.shares.end()
    assert node.answers == [10]


def test_what_is_in_use_when_others_come_is_held(node: Node) -> None:
    node.use(3)
    joined = Shares(node.loop, node.concurrency, Rate(10), lambda: None)
    assert joined.facts() == {SCOPE: 3}


def test_a_pulse_says_all_that_the_last_one_brought() -> None:
    """One grant makes the node speak at once, while others of the same answer are not applied yet."""
    sent: list[dict[str, Any]] = []
    stream: Any = SimpleNamespace(send=sent.append, closed=False)
    pools = SimpleNamespace(warm=lambda _: {})
    engine: Any = SimpleNamespace(
        loop=Loop(), concurrency=Concurrency(), rate=Rate(10), shares=None, draining=False, running={}, pools=pools
    )
    membership = Membership(engine, waits=True)
    membership.beat(stream)
    other = replace(SPEC, function_name="g")

    async def call(spec: FunctionSpec) -> None:
        limits = await engine.shares.secure(spec, 100, 0, None, False)
        with engine.concurrency.lease(spec, *limits[:2]):
            await Promise(engine.loop)

    for spec in (SPEC, SPEC, other):
        engine.loop.start(call(spec))
    assert len(sent) == 1
    membership.told({"alone": False, "scopes": {}})
    assert [said[3] for said in sent[1]["scopes"].values()] == [2, 1]
    membership.told({"alone": False, "scopes": {SCOPE: [3, 1, 0], "f:1:r:g": [4, 0, 0]}})
    assert len(sent) == 3  # of the first scope two places are given back
    assert {scope: said[1] for scope, said in sent[2]["scopes"].items()} == {SCOPE: 1, "f:1:r:g": 4}
