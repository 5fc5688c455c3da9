"""An executor's end, wanted or not: nothing stays behind."""

import contextlib
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from functions.execution.sandbox import uids
from functions.execution.spec import LaneError
from tests.execution.running import RunningExecutor, eventually
from tests.processes import alive, read, user_ids

pytestmark = pytest.mark.sandbox
Start = Callable[..., RunningExecutor]
HANDLER = "def handler(event, context):\n    return 1"


def cgroup_of(pid: int) -> list[Path]:
    """Directories of a process in every hierarchy that has limits."""
    found = []
    for line in read(pid, "cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if "/hearth/" in path:
            found.append(Path("/sys/fs/cgroup", controllers, path.lstrip("/")))
    return found


def sandboxes(executor: RunningExecutor) -> list[int]:
    return [pid for pid in executor.pids() if cgroup_of(pid) or not executor.isolation["cgroups"]]


def test_sigterm_lets_what_runs_come_to_its_end(start: Start) -> None:
    executor = start()
    spec = executor.function("import time\ndef handler(event, context):\n    time.sleep(1)\n    return 'done'")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(executor.invoke, spec)
        eventually(lambda: executor.client.status()["in_flight"])
        executor.process.send_signal(signal.SIGTERM)
        assert answer.result().payload == b'"done"'
    assert executor.process.wait(10) == 0
    assert not (executor.directory / "lane.sock").exists()


def test_a_second_sigterm_ends_at_once(start: Start) -> None:
    executor = start()
    spec = executor.function("import time\ndef handler(event, context):\n    time.sleep(60)", timeout_s=90)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(executor.invoke, spec)
        eventually(lambda: executor.client.status()["in_flight"])
        for _ in range(2):
            executor.process.send_signal(signal.SIGTERM)
            eventually(lambda: not (executor.directory / "lane.sock").exists())
        with pytest.raises(LaneError):
            answer.result()
    assert executor.process.wait(10) == 0


def test_after_the_end_no_process_and_no_cgroup_is_left(start: Start) -> None:
    executor = start()
    executor.invoke(executor.function(HANDLER))
    pids = executor.pids()
    groups = [path for pid in sandboxes(executor) for path in cgroup_of(pid)]
    assert len(pids) > 4
    assert groups
    assert executor.stop() == 0
    assert [pid for pid in pids if alive(pid)] == []
    assert [path for path in groups if path.exists() and not held(path.parent.name)] == []


def test_kill_9_leaves_no_process_and_the_next_start_no_cgroup(start: Start) -> None:
    executor = start()
    daemon = executor.function(
        """
        import os, signal, time
        def handler(event, context):
            if os.fork() == 0:
                os.setsid()
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                time.sleep(600)
            return 1
        """
    )
    executor.invoke(daemon)
    pids = executor.pids()
    groups = [path for pid in sandboxes(executor) for path in cgroup_of(pid)]
    executor.process.kill()
    executor.process.wait()
    eventually(lambda: not [pid for pid in pids if alive(pid)])
    again = start()
    eventually(lambda: all(pool["ready"] == 2 for pool in again.client.status()["pools"].values()))
    kept = {path for pid in sandboxes(again) for path in cgroup_of(pid)}
    assert groups
    assert [path for path in groups if path.exists() and path not in kept and not held(path.parent.name)] == []


def held(block: str) -> bool:
    """Whether a running executor has this block of ids (and cgroups) by now."""
    lock = uids.try_lock(int(block))
    if lock is not None:
        os.close(lock)
    return lock is None


def test_two_executors_share_no_user_id(start: Start) -> None:
    one, two = start(), start()

    def uids(executor: RunningExecutor) -> set[str]:
        return {uid for pid in sandboxes(executor) for uid in user_ids(pid)}

    eventually(lambda: uids(one) and uids(two))
    assert not uids(one) & uids(two) or not one.isolation["uid_per_environment"]


def test_a_dead_zygote_is_replaced(start: Start) -> None:
    executor = start("--pool", "1")
    executor.invoke(executor.function(HANDLER))
    for pid in set(executor.pids()) - set(sandboxes(executor)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for _ in range(3):
        assert executor.invoke(executor.function(HANDLER)).payload == b"1"


def test_a_killed_environment_is_replaced(executor: RunningExecutor) -> None:
    spec = executor.function(
        "import os\ndef handler(event, context):\n    return open('/proc/self/cgroup').read() and 1"
    )
    executor.invoke(spec)
    for pid in sandboxes(executor):
        with contextlib.suppress(ProcessLookupError):  # pid 2 goes with its pid 1
            os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: executor.invoke(spec).payload == b"1")


def test_the_socket_is_private(executor: RunningExecutor) -> None:
    assert (executor.directory / "lane.sock").stat().st_mode & 0o777 == 0o600


def test_isolation_is_said_in_facts_and_in_one_line(executor: RunningExecutor) -> None:
    facts = executor.client.status()["isolation"]
    assert facts == executor.isolation
    assert set(facts) >= {"namespaces", "seccomp", "uid_per_environment", "cgroups", "network", "missing", "summary"}
    assert "\n" not in facts["summary"]
