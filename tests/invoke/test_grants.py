"""The coordinator of limits: the sum of what nodes hold never exceeds a limit, and nothing is lost with a node."""

import random
import time
import uuid
from collections.abc import Iterator

import pytest
import redis
from pytest_django import Settings

from functions.invoke import grants, nodes
from tests.broker import running_redis

SCOPE = "f:1:r:f"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(autouse=True)
def broker(url: str, settings: Settings) -> Iterator[redis.Redis]:
    settings.REDIS_URL = url
    nodes.broker.cache_clear()
    client = nodes.broker()
    client.flushall()
    client.set(grants.SINCE, 0)  # long ago
    yield client
    nodes.broker.cache_clear()


class Member:
    """A node as an executor is one: uses at most what it holds, and gives back before it says so."""

    def __init__(self, name: str, state: str = "member") -> None:
        self.node = nodes.Node(name, f"/{name}")
        self.state = state
        self.term = uuid.uuid4().hex
        self.held = self.used = 0
        self.fair = 0
        self.hope = False

    def pulse(self, wanted: int, limit: int = -1, *, kept: int | None = None, waited: int = -1) -> grants.Answer:
        self.held = min(self.held, self.held if kept is None else kept)
        said = {SCOPE: [limit, self.held, wanted, max(self.used, wanted if waited >= 0 else 0), waited]}
        answer = grants.exchange(self.node, {"state": self.state, "term": self.term, "scopes": said})
        self.state = "alone" if answer.alone else "joining" if self.state == "alone" else "member"
        self.held, self.fair, hope = answer.scopes[SCOPE]
        self.hope = bool(hope)
        return answer


def pair() -> tuple[Member, Member]:
    """Two members that know of each other."""
    first, second = Member("a", "new"), Member("b", "new")
    for each in (first, second, first, first, second):
        each.pulse(0)
    assert (first.state, second.state) == ("member", "member")
    return first, second


def test_a_node_that_is_alone_has_every_limit_for_itself() -> None:
    only = Member("a", "new")
    answer = only.pulse(0)
    assert (answer.alone, answer.ready) == (True, True)
    assert [node.id for node in nodes.live()] == ["a"]


def test_a_second_node_gets_nothing_before_the_first_has_said_what_it_uses() -> None:
    first, second = Member("a", "new"), Member("b", "new")
    first.pulse(0)
    first.used = 7
    joined = second.pulse(5, 10, waited=0)
    assert (joined.ready, second.held, second.hope) == (False, 0, True)
    assert [node.id for node in nodes.live()] == ["a"]
    assert not first.pulse(0).alone
    first.held = first.used  # what it has in use is what it keeps
    first.pulse(7, 10)
    assert second.pulse(5, 10, waited=0).ready
    assert (first.held, second.held) == (7, 3)


def test_one_node_may_hold_the_whole_limit_and_gives_back_what_another_lacks() -> None:
    first, second = pair()
    first.pulse(100, 10)
    assert first.held == 10
    first.used = 4
    second.pulse(3, 10, waited=0)
    assert (second.held, second.hope) == (0, True)
    first.pulse(100, 10)
    assert first.fair == 5
    first.pulse(4, 10, kept=4)
    second.pulse(3, 10, waited=0)
    assert (first.held, second.held) == (4, 3)


def test_nobody_starves_while_another_holds_more_than_a_fair_part() -> None:
    first, second = pair()
    first.used = 10
    first.pulse(10, 10)
    second.pulse(3, 10, waited=0)
    first.pulse(10, 10)
    assert (first.held, first.fair) == (10, 5)
    first.used = 5
    first.pulse(10, 10, kept=5)
    second.pulse(8, 10, waited=0)
    assert (first.held, second.held) == (5, 5)
    first.pulse(10, 10)
    assert first.fair == 10  # the second lacks places still, and holds as many: idle ones are all that it may get


def test_nobody_is_kept_waiting_once_the_others_have_said_that_they_need_what_they_hold() -> None:
    first, second = pair()
    first.used = 10
    first.pulse(10, 10)
    time.sleep(0.01)
    second.pulse(1, 10, waited=0)
    assert (second.held, second.hope) == (0, True)  # the first one's need may be over
    first.pulse(10, 10)
    second.pulse(1, 10, waited=500)
    assert (second.held, second.hope) == (0, False)


def test_a_limit_that_is_lowered_shrinks_what_is_held() -> None:
    first, second = pair()
    first.pulse(5, 10)
    second.pulse(5, 10)
    first.pulse(5, 2)
    assert first.held == 0
    second.pulse(5)  # it has not heard of the new limit
    assert second.held == 2
    first.pulse(5)
    assert first.held == 0


def test_what_a_dead_node_held_is_free_after_its_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grants, "LIFE_MS", 150)
    assert grants.SILENCE_MS < 4000
    first, second = pair()
    first.pulse(10, 10)
    monkeypatch.setattr(grants, "LIFE_MS", 4000)
    second.pulse(4, 10)
    assert second.held == 0
    time.sleep(0.2)
    answer = second.pulse(4, 10)
    assert answer.alone
    third = Member("c", "new")
    third.pulse(4, 10)
    second.pulse(0)
    second.held = 4
    second.pulse(4, 10)
    third.pulse(10, 10)
    assert (second.held, third.held) == (4, 6)
    late = first.pulse(10)  # it was only asleep: others have its places
    assert not late.alone
    assert first.held == 0


def test_after_redis_lost_its_memory_nothing_is_granted_before_all_have_spoken(broker: redis.Redis) -> None:
    first, second = pair()
    first.pulse(6, 10)
    broker.flushall()
    second.pulse(10, 10, waited=0)
    assert (second.held, second.hope) == (0, True)
    first.pulse(6, 10)
    assert first.held == 6
    broker.set(grants.SINCE, 0)
    second.pulse(10, 10, waited=0)
    assert second.held == 4


def test_a_leaving_node_frees_what_it_held_at_once() -> None:
    first, second = pair()
    first.pulse(10, 10)
    grants.leave("a")
    assert second.pulse(10, 10).alone


def test_what_a_node_held_before_it_began_anew_is_free() -> None:
    first, second = pair()
    first.pulse(10, 10)
    first = Member("a", "new")  # its executor was started again, and runs other functions
    grants.exchange(first.node, {"state": "new", "term": first.term, "scopes": {}})
    second.pulse(10, 10)
    assert second.held == 10


def test_who_lacks_places_wakes_the_others(broker: redis.Redis) -> None:
    first, second = pair()
    first.pulse(10, 10)
    with broker.pubsub(ignore_subscribe_messages=True) as heard:  # type: ignore[no-untyped-call]
        heard.subscribe(grants.CHANNEL)
        heard.get_message(timeout=60)
        second.pulse(1, 10, waited=0)
        assert heard.get_message(timeout=60)["data"] == b"b"
        first.pulse(2, 10, kept=2)
        assert heard.get_message(timeout=60)["data"] == b"a"
        second.pulse(1, 10)
        assert heard.get_message(timeout=0.05) is None


@pytest.mark.parametrize("seed", range(5))
def test_the_sum_of_what_is_held_never_exceeds_the_limit(seed: int) -> None:
    chance = random.Random(seed)
    members, limit, most = [Member(name, "new") for name in "abc"], 10, 10
    for each in (*members, *members, *members):
        each.pulse(0)
    for _ in range(400):
        each = chance.choice(members)
        if chance.random() < 0.02:
            limit, most = chance.randint(0, 12), limit
        each.used = chance.randint(0, each.held)
        kept = chance.randint(each.used, each.held) if chance.random() < 0.5 else None
        each.pulse(chance.randint(0, 15), limit, kept=kept, waited=chance.choice((-1, -1, 0, 500)))
        # Others have not heard of a lower limit yet; nobody gets more because of that.
        assert sum(member.held for member in members) <= max(limit, most)
        if sum(member.held for member in members) <= limit:
            most = limit
