"""The machine's files: what may not be read, what may not be written."""

import re
from pathlib import Path

import pytest

from tests.attacks.attacking import MIB, Attacker
from tests.execution.running import PROJECT

pytestmark = pytest.mark.sandbox


@pytest.fixture
def secret(attacker: Attacker) -> Path:
    """A file of the machine that everybody may read."""
    path = attacker.executor.directory / "secret"
    path.write_text("platform secret")
    path.chmod(0o644)
    return path


def test_the_machines_files_are_not_there(attacker: Attacker, secret: Path) -> None:
    paths = [
        "/etc/shadow",
        str(secret),
        str(attacker.executor.directory),
        "/root",
        "/home/user",
        "/sys/kernel",
        __file__,
    ]
    assert attacker.run("files.exist", paths) == dict.fromkeys(paths, False)


def test_links_do_not_lead_out(attacker: Attacker, secret: Path) -> None:
    assert attacker.run("files.follow_links", [str(secret), "/etc/shadow", "/proc/1/environ"]) == []


def test_links_in_a_package_lead_nowhere(attacker: Attacker, secret: Path) -> None:
    """Should one ever come through the checks of packages."""
    spec = attacker.function(environment={"with": "links"})
    tree = attacker.executor.directory / "code" / spec.code
    link = tree / "out"
    link.symlink_to(secret)
    try:
        assert attacker.run("files.read", ["/var/task/out", "/var/task/../../.." + str(secret)]) == {}
    finally:
        link.unlink()


def test_etc_names_nobody_of_this_machine(attacker: Attacker) -> None:
    found = attacker.run("files.read", [f"/etc/{name}" for name in ("passwd", "group", "hosts", "resolv.conf")])
    for name in ("passwd", "group"):
        assert [line.split(":")[0] for line in found[f"/etc/{name}"].splitlines()] == ["root", "sbx_user1051"]
    assert found["/etc/hosts"] == "127.0.0.1 localhost\n127.0.0.1 sandbox.localdomain sandbox\n"
    assert found["/etc/resolv.conf"] == ""


def test_another_functions_code_cannot_be_read(attacker: Attacker) -> None:
    mark = "hunter2" * 3
    victim = attacker.executor.function(
        f"SECRET = '{mark}'\ndef handler(event, context):\n    return 1", runtime=attacker.runtime
    )
    attacker.executor.invoke(victim)
    assert attacker.run("files.search", mark, timeout_s=60) == []
    assert attacker.run("files.exist", [str(attacker.executor.directory / "code" / victim.code)]) == {
        str(attacker.executor.directory / "code" / victim.code): False
    }


def test_scratch_is_ones_own(attacker: Attacker) -> None:
    for name in ("one", "two"):
        assert attacker.run("files.mark_scratch", environment={"function": name}) == []


def test_nothing_outside_tmp_can_be_written(attacker: Attacker) -> None:
    closed = ["/", "/etc", "/usr", "/usr/bin", "/var", "/var/task", "/var/runtime", "/var/lang", "/var/lang/bin"]
    closed += ["/opt", "/dev", "/home", "/run", "/var/tmp", "/proc", "/proc/self"]
    answers = attacker.run("files.write", [*closed, "/tmp", "/dev/shm"])
    assert {answers.pop("/tmp"), answers.pop("/dev/shm")} == {"allowed"}
    assert set(answers.values()) <= {"EROFS", "EACCES", "ENOENT"}, answers


def test_the_interpreter_and_the_code_cannot_be_changed_in_place(attacker: Attacker) -> None:
    for path, answers in attacker.run("files.change_in_place").items():
        assert set(answers) <= {"EROFS", "EACCES", "EPERM", "ENOENT"}, path


def test_the_kernels_settings_cannot_be_changed(attacker: Attacker) -> None:
    answers = attacker.run("files.tune_the_kernel")
    assert answers.pop("oom") == "EACCES"
    assert set(answers.values()) <= {"EROFS", "EACCES", "EPERM"}, answers


def test_setuid_programs_gain_nothing(attacker: Attacker) -> None:
    own, copy, *others = attacker.run("files.become_by_setuid", ["/usr/bin/su", "/usr/bin/mount", "/usr/bin/passwd"])
    assert own == copy == "993"
    assert "0" not in others


def test_no_descriptor_of_the_platform_is_inherited(attacker: Attacker) -> None:
    found = attacker.run("files.descriptors", environment={"fresh": "yes"})
    assert found == {"0": "/dev/null", "1": "pipe", "2": "pipe", "3": "socket", "4": "/dev/null"}


def test_the_platforms_environment_is_not_visible(attacker: Attacker) -> None:
    paths = [f"/proc/{pid}/{name}" for pid in ("self", "1", "2") for name in ("environ", "cmdline", "maps")]
    found = attacker.run("files.read", [*paths, "/proc/self/cgroup"])
    assert "/proc/self/environ" in found
    text = "\n".join(found.values())
    for name in ("HEARTH", "HOME=", "VIRTUAL_ENV", "PYTEST", "DJANGO", "PWD=", str(PROJECT), "pytest"):
        assert name not in text, name


def test_mounts_name_no_place_of_the_machine(attacker: Attacker) -> None:
    """But for the directories of interpreter, AWS's packages, and code, which is named by its hash."""
    spec = attacker.function()
    shown = {line.split()[4]: line.split()[3] for line in attacker.run("files.mounts")}
    assert re.fullmatch(r"[0-9a-f]{64}", spec.code)
    assert shown.pop("/var/task").endswith(f"/code/{spec.code}")
    others = [root for target, root in shown.items() if not target.startswith(("/var/lang", "/var/runtime/"))]
    assert not [root for root in others if str(PROJECT) in root or str(attacker.executor.directory) in root]


def test_details_of_the_machine_in_proc_are_masked(attacker: Attacker) -> None:
    names = ["kcore", "kallsyms", "cmdline", "modules", "sysrq-trigger", "keys", "timer_list", "kmsg", "iomem"]
    assert set(attacker.run("files.read", [f"/proc/{name}" for name in names]).values()) <= {""}


def test_devices_are_harmless(attacker: Attacker) -> None:
    found = attacker.run("files.devices")
    assert sorted(found) == sorted(
        ["fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "urandom", "zero"]
    )
    assert attacker.run("files.make_device") == "EPERM"


def test_filling_tmp_ends_with_no_space(attacker: Attacker) -> None:
    written = attacker.run("resources.fill", "/tmp/fill", timeout_s=60)
    assert 500 * MIB < written <= 512 * MIB
    assert attacker.run("resources.fill", "/dev/shm/fill", memory_mb=512) <= 64 * MIB


def test_filling_the_inodes_ends_with_no_space(attacker: Attacker) -> None:
    assert attacker.run("resources.fill_with_files", "/tmp", memory_mb=1024, timeout_s=60) <= 512 * 256
    assert attacker.run("resources.fill_with_files", "/dev/shm", memory_mb=1024, timeout_s=60) <= 8192
