"""Which node runs an invocation, by what the nodes announced and what was sent since."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
from pytest_django import Settings

from functions.execution.spec import FunctionSpec, LaneError, Throttled
from functions.invoke import lanes as module
from functions.invoke import nodes
from functions.invoke.lanes import Lanes
from tests.broker import running_redis
from tests.execution.running import eventually

SPEC = FunctionSpec("k", "1", "r", "f", "1", "python3.11", "h", "c", 128, 3, 512)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(autouse=True)
def broker(url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    settings.REDIS_URL = url
    monkeypatch.setattr(module, "REFRESH_SECONDS", -1.0)  # each look reads
    nodes.broker.cache_clear()
    nodes.broker().flushall()
    yield nodes.broker()
    nodes.broker.cache_clear()


def announce(name: str, address: str = "", **facts: Any) -> None:
    said = {"address": address or f"/{name}", "facts": {"running": 0, "cores": 2, "warm": {}, **facts}}
    nodes.broker().set(f"{nodes.PREFIX}{name}", json.dumps(said))


def picked(lanes: Lanes, spec: FunctionSpec = SPEC, tenant: str = "") -> str:
    return lanes.pick(spec, tenant).node.id


def test_an_idle_environment_counts_more_than_load(monkeypatch: pytest.MonkeyPatch) -> None:
    announce("a")
    announce("b", running=9, warm={"k": 1})
    announce("c")
    lanes = Lanes()
    assert picked(lanes) == "b"
    assert picked(lanes, replace(SPEC, key="other")) != "b"
    assert picked(lanes, SPEC, "tenant") != "b"


def test_the_one_with_the_least_to_do_is_next(monkeypatch: pytest.MonkeyPatch) -> None:
    announce("a", running=4, cores=8)
    announce("b", running=2, cores=2)
    assert picked(Lanes()) == "a"


def test_what_was_sent_since_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    announce("a", running=4, warm={"k": 1})
    announce("b")
    lanes = Lanes()
    lanes.known()
    monkeypatch.setattr(module, "REFRESH_SECONDS", 60.0)
    first = lanes.pick(SPEC)
    assert first.node.id == "a"
    assert picked(lanes) == "b"  # the idle environment is taken
    first.served("k")
    assert picked(lanes) == "a"


def test_all_agree_where_a_function_begins() -> None:
    for name in "abc":
        announce(name)
    functions = [replace(SPEC, function_name=f"f{number}") for number in range(40)]
    choices = [picked(Lanes(), spec) for spec in functions]
    assert choices == [picked(Lanes(), spec) for spec in functions]
    assert set(choices) == set("abc")


def test_a_node_that_drains_or_does_not_answer_is_passed_over() -> None:
    for name in "ab":
        announce(name, draining=name == "a", warm={"k": 1})
    lanes = Lanes()
    chosen = lanes.pick(SPEC)
    assert chosen.node.id == "b"
    assert lanes.set_aside(chosen) is False  # nobody else runs anything
    announce("a")
    assert picked(lanes) == "a"
    announce("c")
    lanes.known()
    assert lanes.set_aside(chosen) is True


def test_a_capacity_provider_is_a_pool_by_name_or_arn() -> None:
    arn = "arn:aws:lambda:eu-west-1:123456789012:capacity-provider:gpu"
    bound = replace(SPEC, capacity_provider=arn)
    announce("a")
    with pytest.raises(Throttled, match="ConcurrentInvocationLimitExceeded"):
        picked(Lanes(), bound)
    announce("b", capacity_provider="gpu")
    announce("c", capacity_provider=arn)
    assert {picked(Lanes(), replace(bound, function_name=f"f{number}")) for number in range(20)} == {"b", "c"}
    assert picked(Lanes()) == "a"


@pytest.mark.parametrize(("count", "parts"), [(0, [0, 0, 0]), (1, [0, 0, 1]), (5, [1, 2, 2]), (6, [2, 2, 2])])
def test_what_stands_ready_is_spread(count: int, parts: list[int]) -> None:
    for name in "abc":
        announce(name)
    announce("d", draining=True)
    shares = [Lanes().share("1:r:f", "", f"/{name}", count) for name in "abc"]
    assert sorted(shares) == parts
    assert Lanes().share("1:r:f", "", "/d", count) == 0


def test_a_node_elsewhere_is_reached_by_tcp(tmp_path: Path) -> None:
    here = nodes.Node("a", str(tmp_path), {"tcp": "10.0.0.5:7000"})
    assert here.lane == str(tmp_path)
    assert replace(here, facts={**here.facts, "host": "elsewhere"}).lane == "10.0.0.5:7000"
    assert replace(here, address="/of/another/container").lane == "10.0.0.5:7000"


def test_who_waits_for_a_node_that_fell_silent_is_let_go(tmp_path: Path) -> None:
    from socket import AF_UNIX, socket

    path = str(tmp_path / "s")
    with socket(AF_UNIX) as silent:
        silent.bind(path)
        silent.listen()
        announce("a")
        announce("b", path)
        lanes = Lanes()
        peer = next(peer for peer in lanes.of("") if peer.node.id == "b")
        said: list[Exception] = []

        def wait() -> None:
            try:
                peer.client.status()
            except LaneError as error:
                said.append(error)

        waiting = threading.Thread(target=wait)
        waiting.start()
        eventually(lambda: peer.client.busy)
        nodes.broker().delete(f"{nodes.PREFIX}b")
        for _ in range(module.MISSING_READS):
            assert not said
            assert [each[0] for each in lanes.known()] == ["/a"]
        waiting.join(10)
    assert "died" in str(said[0])


def test_the_last_known_go_on_while_the_broker_has_forgotten_all(broker: redis.Redis) -> None:
    announce("a")
    lanes = Lanes()
    assert picked(lanes) == "a"
    broker.flushall()
    assert picked(lanes) == "a"
