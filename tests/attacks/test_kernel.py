"""Privileges and kernel code: nothing of it is to be had, and nobody outside sees it held."""

import os
from contextlib import suppress

import pytest

from tests.attacks.attacking import Attacker, status_of
from tests.execution.running import eventually

pytestmark = pytest.mark.sandbox


def test_identity_from_inside(attacker: Attacker) -> None:
    status = attacker.run("kernel.own_status")
    assert status["Uid"].split() == ["993"] * 4
    assert status["Gid"].split() == ["990"] * 4
    assert status["Pid"] == "2"


def test_identity_from_outside(attacker: Attacker) -> None:
    """Every process of every sandbox: a user id that nobody else has, no capability, no way to more."""
    attacker.run("processes.orphans", 3, environment={"identity": "one"})
    attacker.run("processes.orphans", 3, environment={"identity": "two"})
    isolation = attacker.executor.isolation
    eventually(lambda: all(p["ready"] == p["target"] for p in attacker.executor.client.status()["pools"].values()))
    own = status_of(attacker.pid)["NSpid"].split()
    owners: dict[str, set[str]] = {}
    for pid in attacker.executor.pids():
        status = status_of(pid)
        if not status or len(status["NSpid"].split()) <= len(own):
            continue  # a zygote, or the executor itself
        uids = set(status["Uid"].split())
        assert len(uids) == 1
        assert uids != {"0"}
        assert status["Groups"].strip() == "" or not isolation["uid_per_environment"]
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(status[name], 16) == 0, name
        assert status["NoNewPrivs"] == "1"
        assert status["Seccomp"] == "2"
        with suppress(OSError):  # it may just have ended
            owners.setdefault(uids.pop(), set()).add(os.readlink(f"/proc/{pid}/ns/pid"))
    if isolation["uid_per_environment"]:
        assert len(owners) >= 4
        assert all(len(sandboxes) == 1 for sandboxes in owners.values())
    else:
        assert len(owners) == 1


def test_refused_system_calls(attacker: Attacker) -> None:
    answers = attacker.run("kernel.refused_calls")
    assert set(answers.values()) <= {"EPERM", "EACCES"}, answers
    assert attacker.run("kernel.clone3") == "ENOSYS"


def test_root_cannot_be_become(attacker: Attacker) -> None:
    assert set(attacker.run("kernel.become_root")) <= {"EINVAL", "EPERM"}


def test_others_cannot_be_outranked(attacker: Attacker) -> None:
    assert set(attacker.run("kernel.outrank_others").values()) <= {"EPERM", "EACCES", "ENOMEM"}


def test_sockets_of_kernel_interfaces_are_refused(attacker: Attacker) -> None:
    answers = attacker.run("kernel.refused_sockets")
    assert "allowed" not in answers.values(), answers
    assert set(attacker.run("kernel.usual_sockets").values()) == {"allowed"}


def test_terminals_cannot_be_typed_into(attacker: Attacker) -> None:
    assert set(attacker.run("kernel.inject_into_terminals")) == {"EPERM"}


def test_clocks_cannot_be_set(attacker: Attacker) -> None:
    assert set(attacker.run("clock.set_clocks").values()) == {"EPERM"}
