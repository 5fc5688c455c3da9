"""Limits that several executors keep together: never exceeded, usable in full by any one, free again after a death."""

import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.conf import settings

from functions.execution.spec import FunctionSpec, InvocationResult, LaneError, Throttled
from functions.invoke import nodes
from monitoring.report import Kind
from tests.broker import running_redis
from tests.execution.running import eventually
from tests.invoke.cluster import Member, announced, cluster

pytestmark = pytest.mark.sandbox
SLEEP = "import time\ndef handler(event, context):\n    time.sleep(event)\n    return context.log_stream_name"
NAMES = ("a", "b", "c")
Members = dict[str, Member]


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Members]:
    directory = tmp_path_factory.mktemp("cluster")
    before = settings.REDIS_URL
    with running_redis(directory) as url:
        settings.REDIS_URL = url
        nodes.broker.cache_clear()
        with cluster(directory, *NAMES) as found:
            eventually(lambda: announced() == set(NAMES))
            yield found
    settings.REDIS_URL = before
    nodes.broker.cache_clear()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as pool:
        yield pool


def outcome(member: Member, spec: FunctionSpec, event: object = None) -> str:
    try:
        return member.executor.invoke(spec, event).function_error or "ok"
    except Throttled as refused:
        return refused.reason


def test_one_node_that_gets_all_calls_may_use_the_limit_in_full(members: Members, threads: ThreadPoolExecutor) -> None:
    spec = members["a"].executor.waiting(reserved_concurrency=6)
    for name in ("b", "c"):  # which hold a little each, then
        assert outcome(members[name], spec) == "ok"
    refused = "ReservedFunctionConcurrentInvocationLimitExceeded"

    def insist() -> str:
        """While the others' places are on their way a call may be refused, if their nodes are slow."""
        while (said := outcome(members["a"], spec, "go")) == refused:
            time.sleep(0.05)
        return said

    running = [threads.submit(insist) for _ in range(6)]
    eventually(lambda: members["a"].executor.busy(spec) == 6)
    assert [outcome(members[name], spec) for name in NAMES] == [refused] * 3
    members["a"].executor.let_go(spec)
    assert [each.result() for each in running] == ["ok"] * 6


def test_three_nodes_together_never_exceed_a_limit(members: Members, threads: ThreadPoolExecutor) -> None:
    spec = replace(members["a"].executor.function(SLEEP, reserved_concurrency=5), function_name="hammered")
    until = time.monotonic() + 2.5

    def hammer(name: str) -> list[str]:
        said = []
        while time.monotonic() < until:
            said.append(outcome(members[name], spec, 0.03))
        return said

    answers = {name: [threads.submit(hammer, name) for _ in range(4)] for name in NAMES}
    for name, said in answers.items():
        assert {text for each in said for text in each.result()} >= {"ok"}, name
    runs = [
        (report.at_ms, report.at_ms + report.duration_ms)
        for name in NAMES
        for report in members[name].executor.reports(spec)
        if report.kind == Kind.INVOCATION
    ]
    assert most_at_once(runs) <= 5


def most_at_once(runs: list[tuple[float, float]]) -> int:
    steps = sorted([(begin, 1) for begin, _ in runs] + [(end, -1) for _, end in runs])
    now = most = 0
    for _, step in steps:
        now += step
        most = max(most, now)
    return most


def test_what_a_node_needed_is_another_nodes_a_moment_later(members: Members) -> None:
    spec = members["a"].executor.waiting(reserved_concurrency=1)
    assert [outcome(members[name], spec) for name in (*NAMES, *NAMES)] == ["ok"] * 6
    assert sum(member.granted(spec) for member in members.values()) == 1


def test_a_drained_node_runs_nothing_new_and_ends_what_it_runs(members: Members, threads: ThreadPoolExecutor) -> None:
    node = members["c"]
    spec = node.executor.waiting()
    last: Future[InvocationResult] = threads.submit(node.executor.invoke, spec, "go")
    eventually(lambda: node.executor.client.status()["in_use"].get(spec.function))
    node.executor.client.drain()
    with pytest.raises(LaneError, match="takes no new invocations"):
        node.executor.invoke(spec)
    eventually(lambda: [each.draining for each in nodes.live()] == [False, False, True])
    node.executor.let_go(spec)
    assert json.loads(last.result().payload)
    node.executor.client.drain(False)
    assert outcome(node, spec) == "ok"


def test_a_dead_holders_places_are_free_soon(members: Members, threads: ThreadPoolExecutor) -> None:
    """The last of these: it ends two nodes."""
    spec = members["a"].executor.waiting(reserved_concurrency=4)
    dead = members["b"]
    lost = [threads.submit(dead.executor.invoke, spec, "never") for _ in range(4)]
    eventually(lambda: dead.executor.client.status()["in_use"].get(spec.function) == 4)
    assert outcome(members["a"], spec) != "ok"
    os.kill(dead.executor.process.pid, signal.SIGKILL)
    for each in lost:
        with pytest.raises(LaneError, match="died"):
            each.result(10)
    eventually(lambda: outcome(members["a"], spec) == "ok")  # after four seconds
    eventually(lambda: announced() == {"a", "c"})
    members["c"].stop()
    eventually(lambda: members["a"].granted(spec) == -1)
    alone = [threads.submit(outcome, members["a"], spec, "go") for _ in range(4)]
    eventually(lambda: members["a"].executor.client.status()["in_use"].get(spec.function) == 4)
    members["a"].executor.let_go(spec)
    assert [each.result() for each in alone] == ["ok"] * 4
