"""Other processes, and too many of one's own."""

import os

import pytest

from tests.attacks.attacking import Attacker
from tests.execution.running import eventually

pytestmark = pytest.mark.sandbox


def test_other_processes_cannot_be_seen_or_signalled(attacker: Attacker) -> None:
    targets = [attacker.executor.process.pid, attacker.pid, *attacker.executor.pids()]
    assert attacker.run("processes.visible", environment={"alone": "yes"}) == [1, 2]
    # Small numbers of ours may be numbers of theirs: processes 1 and 2 and their threads.
    foreign = [pid for pid in targets if pid > 100] + [os.getpid() + 100]
    answers = attacker.run("processes.signal_others", foreign, environment={"alone": "yes"})
    assert set(answers) == {"ESRCH"}


def test_pid_1_can_be_neither_killed_nor_read(attacker: Attacker) -> None:
    assert attacker.run("processes.kill_pid_1") == "alive"
    opened = set(attacker.run("processes.read_pid_1"))
    # With one user id for all, the numbers of its descriptors can be listed; what they are cannot be seen.
    assert opened <= (set() if attacker.executor.isolation["uid_per_environment"] else {"fd"})
    assert set(attacker.run("processes.write_memory").values()) <= {"EACCES", "EPERM"}


def test_killing_everything_ends_the_own_environment(attacker: Attacker) -> None:
    assert attacker.invoke("processes.kill_all_and_self").error_type == "Runtime.ExitError"


@pytest.mark.parametrize("name", ["stop_self", "become_something_else", "ignore_every_signal"])
def test_a_runtime_that_will_not_answer_ends_with_its_timeout(attacker: Attacker, name: str) -> None:
    result = attacker.invoke(f"processes.{name}", timeout_s=1)
    assert result.error_type == "Sandbox.Timedout"


def test_a_child_that_ignores_signals_ends_with_its_environment(attacker: Attacker) -> None:
    changes = {"environment": {"child": "ignores"}}
    assert len(attacker.run("processes.ignore_in_a_child", **changes)) == 3
    spec, before = attacker.function(**changes), set(attacker.executor.pids())
    attacker.executor.client.recycle(spec.function)
    eventually(lambda: len(before - set(attacker.executor.pids())) >= 3)


def test_orphans_are_of_their_environment_and_end_with_it(attacker: Attacker) -> None:
    changes = {"environment": {"many": "orphans"}}
    before = len(attacker.executor.pids())
    assert attacker.run("processes.orphans", 50, **changes) == 50
    assert attacker.run("processes.orphans", 50, **changes) == 100
    attacker.executor.client.recycle(attacker.function(**changes).function)
    eventually(lambda: len(attacker.executor.pids()) <= before + 4)


def test_orphans_are_frozen_with_their_environment(attacker: Attacker) -> None:
    changes = {"environment": {"frozen": "orphans"}}
    attacker.run("processes.orphans", 5, **changes)

    def frozen() -> bool:
        sandboxes = attacker.executor.client.status()["sandboxes"]
        name = attacker.function(**changes).function_name
        return any(each["frozen"] and each["function_name"] == name for each in sandboxes)

    eventually(frozen)
    assert attacker.run("processes.orphans", 1, **changes) == 6


def test_processes_are_bounded(attacker: Attacker) -> None:
    """AWS: 1,024 processes and threads."""
    changes = {"memory_mb": 3008, "timeout_s": 60}
    for name in ("fork_until_refused", "thread_bomb", "zombies"):
        count = attacker.run(f"processes.{name}", environment={"attack": name}, **changes)
        assert 900 < count < 1024, name


def test_a_fork_bomb_ends_with_its_timeout(attacker: Attacker) -> None:
    if not attacker.executor.isolation["cgroups"]:
        pytest.skip("bounded, but without a share of CPU time it slows down the whole machine meanwhile")
    before = len(attacker.executor.pids())
    assert attacker.invoke("processes.fork_bomb", timeout_s=1, memory_mb=512).function_error == "Unhandled"
    eventually(lambda: len(attacker.executor.pids()) < before + 20)


def test_limits_cannot_be_raised(attacker: Attacker) -> None:
    assert attacker.run("processes.raise_limits") == {"NOFILE": 1024, "NPROC": 1024, "CORE": 0, "MEMLOCK": 65_536}
