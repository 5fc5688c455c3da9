"""Three worker nodes on this machine: who runs what, and what becomes of it when a node is drained, ends or dies."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from functions.execution.lane import LaneClient
from tests.family import ROOT, RunningHearth, start, wait_for
from tests.gate import waits
from tests.processes import descendants

NAMES = ("", "b", "c")
# Calls at once that no two nodes take: whoever sends them gives a node as many as it has processors first.
MANY = 2 * len(NAMES) * len(os.sched_getaffinity(0)) + 2
SLEEP = "import time\ndef handler(event, context):\n    time.sleep(event or 0)\n    return context.log_stream_name"
Call = Callable[[float], "Future[bytes]"]


class Cluster:
    """A family and two nodes beside it."""

    def __init__(self, hearth: RunningHearth) -> None:
        self.hearth = hearth
        self.started: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        environment = {
            **os.environ,
            "HEARTH_DATA": str(self.hearth.data),
            "HEARTH_PORT": str(self.hearth.port),
            "HEARTH_NODE": name,
        }
        with (self.hearth.data / f"node-{name}.log").open("wb") as log:
            self.started[name] = subprocess.Popen(
                [sys.executable, "-m", "console.launch.node"], cwd=ROOT, env=environment, stdout=log, stderr=log
            )

    def stop(self) -> None:
        for process in self.started.values():
            process.terminate()
        for process in self.started.values():
            process.wait(60)

    def count(self) -> int:
        with urllib.request.urlopen(f"{self.hearth.endpoint}/healthz", timeout=10) as answer:
            return int(json.load(answer)["workers"])

    def status(self, name: str) -> dict[str, Any]:
        lane = self.hearth.data / "run" / (f"lane-{name}.sock" if name else "lane.sock")
        with closing(LaneClient(str(lane))) as client:
            return client.status()

    def environments(self, function: str, *states: str) -> dict[str, int]:
        """How many each node has of a function, without those that are dying; or of those in these states."""

        def count(name: str) -> int:
            found = (each for each in self.status(name)["sandboxes"] if each["function_name"] == function)
            return sum(each["state"] in (states or each["state"]) for each in found)

        return {name: count(name) for name in NAMES}

    def running(self, name: str) -> int:
        return int(self.status(name)["in_flight"])

    def manage(self, *arguments: str) -> str:
        environment = {**os.environ, "HEARTH_DATA": str(self.hearth.data)}
        command = [sys.executable, "manage.py", "nodes", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    hearth = start(tmp_path_factory.mktemp("nodes"), HEARTH_RETRY_FIRST_SECONDS="1")
    found = Cluster(hearth)
    try:
        for name in NAMES[1:]:
            found.start(name)
        wait_for("three nodes", lambda: found.count() == 3)
        yield found
    finally:
        found.stop()
        hearth.stop()


@pytest.fixture(scope="module")
def client(cluster: Cluster) -> Any:
    return cluster.hearth.client("lambda", max_pool_connections=MANY + 4)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(MANY + 4) as pool:
        yield pool


def call(client: Any, name: str, event: object, **members: Any) -> str:
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event).encode(), **members)
    assert "FunctionError" not in answer
    return str(json.load(answer["Payload"]))


def test_one_caller_stays_and_many_are_spread(cluster: Cluster, client: Any, threads: ThreadPoolExecutor) -> None:
    numbers = itertools.count()

    def stays() -> str:
        """The name of a function whose caller stayed in one environment. What web processes know of the nodes is a
        second old: one of them may not have heard of the last node when the first call comes."""
        name = f"spread-{next(numbers)}"
        cluster.hearth.deploy(name, SLEEP)
        answered = {call(client, name, 0) for _ in range(20)}
        return name if len(answered) == sum(cluster.environments(name).values()) == 1 else ""

    name = wait_for("one environment for a caller", stays)
    assert len(set(threads.map(lambda _: call(client, name, 1.5), range(MANY)))) >= 3
    assert min(cluster.environments(name).values()) >= 1


def test_reserved_concurrency_is_kept_by_all_together(
    cluster: Cluster, client: Any, threads: ThreadPoolExecutor
) -> None:
    cluster.hearth.deploy("reserved", waits(), Timeout=60)
    client.put_function_concurrency(FunctionName="reserved", ReservedConcurrentExecutions=6)

    def insist() -> str:
        """While places of other nodes are on their way a call may be refused, if these are slow."""
        while True:
            try:
                return call(client, "reserved", "go")
            except client.exceptions.TooManyRequestsException:
                time.sleep(0.05)

    running = [threads.submit(insist) for _ in range(6)]
    wait_for("six at once", lambda: sum(cluster.environments("reserved", "busy").values()) == 6)
    with pytest.raises(client.exceptions.TooManyRequestsException) as refused:
        call(client, "reserved", None)
    assert refused.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    cluster.hearth.let_go("reserved")
    assert len({each.result() for each in running}) == 6
    client.put_function_concurrency(FunctionName="reserved", ReservedConcurrentExecutions=1)
    # A limit of one allows ten in a second, and this may be the second of those six.
    assert [len(call(client, "reserved", None)) > 0 for _ in range(4)] == [True] * 4


def test_provisioned_concurrency_is_spread(cluster: Cluster, client: Any) -> None:
    cluster.hearth.deploy("standing", SLEEP, Publish=True)
    version = {"FunctionName": "standing", "Qualifier": "1"}
    client.put_provisioned_concurrency_config(**version, ProvisionedConcurrentExecutions=4)

    def config() -> Any:
        return client.get_provisioned_concurrency_config(**version)

    ready = wait_for("the four", lambda: (found := config())["Status"] == "READY" and found)
    assert ready["AllocatedProvisionedConcurrentExecutions"] == 4
    assert sorted(cluster.environments("standing").values()) == [1, 1, 2]
    cluster.manage("--drain", node_id(cluster, "c"))
    wait_for("the others", lambda: sorted(cluster.environments("standing").values()) == [0, 2, 2])
    assert wait_for("all four", lambda: config()["Status"] == "READY")
    cluster.manage("--undrain", node_id(cluster, "c"))
    client.delete_provisioned_concurrency_config(**version)


def node_id(cluster: Cluster, name: str) -> str:
    return str(cluster.status(name)["node"])


def busy(cluster: Cluster, client: Any, threads: ThreadPoolExecutor, name: str, on: str, seconds: float) -> list[Any]:
    """Invocations of a new function, enough that one at least runs on the node `on`."""
    numbers = itertools.count()

    def takes_part() -> bool:
        """Who sends invocations knows that the node is in service. Where a function has run before it runs again, so
        each look takes another one."""
        probe = f"{name}-{next(numbers)}"
        cluster.hearth.deploy(probe, SLEEP)
        list(threads.map(lambda _: call(client, probe, 0.2), range(MANY)))
        return cluster.environments(probe)[on] > 0

    wait_for("the node to take part", takes_part)
    cluster.hearth.deploy(name, SLEEP)
    running = [threads.submit(call, client, name, seconds) for _ in range(MANY)]
    wait_for("an invocation on the node", lambda: cluster.running(on))
    return running


def test_a_drained_node_gets_nothing_new_and_loses_nothing(
    cluster: Cluster, client: Any, threads: ThreadPoolExecutor
) -> None:
    running = busy(cluster, client, threads, "drained", "c", 3.0)
    name = node_id(cluster, "c")
    assert f"{name:<32} draining" in cluster.manage("--drain", name)
    assert len({each.result() for each in running}) >= 3
    before = cluster.environments("drained")["c"]
    assert len(set(threads.map(lambda _: call(client, "drained", 0.3), range(12)))) >= 2
    assert cluster.running("c") == 0
    assert cluster.environments("drained")["c"] == before
    wait_for("no message for it", lambda: "Canceling queue" in worker_log(cluster, "c"))
    cluster.manage("--undrain", name)
    wait_for("messages again", lambda: "Started consuming" in worker_log(cluster, "c").rpartition("Canceling")[2])
    assert "serving" in cluster.manage()


def worker_log(cluster: Cluster, name: str) -> str:
    return (cluster.hearth.data / "logs" / f"worker-{name}.log").read_text()


def test_a_node_that_is_told_to_end_finishes_what_runs(
    cluster: Cluster, client: Any, threads: ThreadPoolExecutor
) -> None:
    running = busy(cluster, client, threads, "ended", "c", 3.0)
    cluster.started["c"].terminate()
    later = [call(client, "ended", 0.1) for _ in range(10)]
    assert len(later) == 10
    assert len({each.result() for each in running}) >= 3
    assert cluster.started["c"].wait(30) == 0
    assert wait_for("two nodes", lambda: cluster.count() == 2)


def test_a_dead_node_costs_a_retry(cluster: Cluster, client: Any, threads: ThreadPoolExecutor) -> None:
    cluster.hearth.deploy(
        "killed", SLEEP.replace("return", "print('slept', event, context.aws_request_id)\n    return")
    )
    for _ in range(8):
        client.invoke(FunctionName="killed", InvocationType="Event", Payload=b"2.25")
    credentials = cluster.hearth.credentials
    patient = boto3.client(
        "lambda",
        endpoint_url=cluster.hearth.endpoint,
        region_name=credentials["region"],
        aws_access_key_id=credentials["access_key_id"],
        aws_secret_access_key=credentials["secret_access_key"],
        config=Config(retries={"mode": "standard"}, max_pool_connections=20),
    )
    waiting = [threads.submit(call, client, "killed", 5.0) for _ in range(6)]
    retried = [threads.submit(call, patient, "killed", 3.0) for _ in range(4)]
    wait_for("invocations on both", lambda: min(map(cluster.running, ("", "b"))) >= 3)
    for pid in [cluster.started["b"].pid, *descendants(cluster.started["b"].pid)]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue  # ended with its parent
    cluster.started["b"].wait(10)
    failed = [each for each in waiting if each.exception(10) is not None]
    assert failed
    for each in failed:
        error = each.exception()
        assert isinstance(error, ClientError)
        assert error.response["Error"]["Code"] == "ServiceException"
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert len({each.result() for each in retried}) >= 1
    assert len(call(client, "killed", 0)) > 0
    # What its threads had leased runs on the other when the leases have run out.
    wait_for("all events", lambda: len(ended(cluster, "slept 2.25")) == 8)
    assert wait_for("one node", lambda: cluster.count() == 1)


def ended(cluster: Cluster, text: str) -> set[str]:
    """The request ids of invocations that printed it."""
    logs = cluster.hearth.client("logs")
    found = logs.filter_log_events(logGroupName="/aws/lambda/killed", filterPattern=f'"{text}"')
    return {each["message"].split()[2] for each in found["events"]}
