"""A hostile handler and the machine's files: what it may not read, what it may not write."""

import os
from pathlib import Path

import pytest

from tests.execution.running import RunningExecutor

pytestmark = pytest.mark.sandbox


def test_the_machines_files_are_not_there(executor: RunningExecutor, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("platform secret")
    secret.chmod(0o644)
    paths = ["/etc/shadow", "/etc/hostname.real", str(secret), str(executor.directory), "/root", str(Path(__file__))]
    source = """
        import os
        def handler(event, context):
            return {path: os.path.exists(path) for path in event}
        """
    assert executor.run(source, paths) == dict.fromkeys(paths, False)


def test_etc_names_nobody_of_this_machine(executor: RunningExecutor) -> None:
    source = """
        def handler(event, context):
            return [open("/etc/" + name).read() for name in ("passwd", "group", "hosts", "resolv.conf")]
        """
    passwd, group, hosts, resolv = executor.run(source)
    assert [line.split(":")[0] for line in passwd.splitlines()] == ["root", "sbx_user1051"]
    assert [line.split(":")[0] for line in group.splitlines()] == ["root", "sbx_user1051"]
    assert hosts == "127.0.0.1 localhost\n"
    assert resolv == ""


def test_another_functions_code_cannot_be_read(executor: RunningExecutor) -> None:
    victim = executor.function("SECRET = 'hunter2'\ndef handler(event, context):\n    return 1")
    executor.invoke(victim)
    source = """
        import os
        def handler(event, context):
            found = []
            for directory, _, files in os.walk("/", onerror=lambda error: None):
                if directory.startswith(("/proc", "/usr", "/var/lang", "/lib")):
                    continue
                for name in files:
                    try:
                        with open(os.path.join(directory, name), "rb") as file:
                            if b"hunter2" in file.read(1 << 20) and directory != "/var/task":
                                found.append(os.path.join(directory, name))
                    except OSError:
                        pass
            return [found, os.path.exists(event), os.listdir("/var/task")]
        """
    found, exists, task = executor.run(source, str(executor.directory / "code" / victim.code), timeout_s=60)
    assert found == []
    assert exists is False
    assert task == ["app.py"]


def test_another_functions_tmp_and_memory_are_its_own(executor: RunningExecutor) -> None:
    source = """
        import os
        def handler(event, context):
            before = os.listdir("/tmp") + os.listdir("/dev/shm")
            for directory in ("/tmp", "/dev/shm"):
                with open(directory + "/mark", "w") as file:
                    file.write("x")
            return before
        """
    assert executor.run(source) == []
    assert executor.run(source) == []


def test_nothing_outside_tmp_can_be_written(executor: RunningExecutor) -> None:
    source = """
        import errno, os
        def handler(event, context):
            answers = {}
            for directory in event:
                try:
                    with open(directory + "/intruder", "w"):
                        answers[directory] = "written"
                except OSError as error:
                    answers[directory] = errno.errorcode[error.errno]
            return answers
        """
    closed = ["/", "/etc", "/usr", "/usr/bin", "/var", "/var/task", "/var/runtime", "/var/lang", "/var/lang/bin"]
    closed += ["/opt", "/dev", "/home", "/run", "/var/tmp"]
    answers = executor.run(source, [*closed, "/tmp", "/dev/shm"])
    assert {answers.pop("/tmp"), answers.pop("/dev/shm")} == {"written"}
    assert set(answers.values()) <= {"EROFS", "EACCES"}, answers


def test_the_interpreter_and_the_code_cannot_be_changed_in_place(executor: RunningExecutor) -> None:
    source = """
        import errno, os, sys
        def handler(event, context):
            answers = []
            paths = ["/var/task/app.py", os.path.realpath(sys.executable), "/etc/passwd", "/var/runtime/bootstrap.py"]
            for path in paths:
                for attempt in (lambda: open(path, "r+"), lambda: os.chmod(path, 0o777), lambda: os.unlink(path)):
                    try:
                        attempt()
                        answers.append(path)
                    except OSError:
                        pass
            return answers
        """
    assert executor.run(source) == []


def test_filling_tmp_ends_with_no_space(executor: RunningExecutor) -> None:
    source = """
        import errno, os
        def handler(event, context):
            written = 0
            try:
                with open("/tmp/fill", "wb", buffering=0) as file:
                    while True:
                        written += file.write(bytes(1024 * 1024))
            except OSError as error:
                return [errno.errorcode[error.errno], written]
        """
    code, written = executor.run(source, timeout_s=30)
    assert code == "ENOSPC"
    assert 500 << 20 < written <= 512 << 20


def test_filling_shared_memory_stops(executor: RunningExecutor) -> None:
    source = """
        def handler(event, context):
            try:
                with open("/dev/shm/fill", "wb", buffering=0) as file:
                    for _ in range(100):
                        file.write(bytes(1024 * 1024))
            except OSError:
                return file.tell() if not file.closed else "stopped"
            return "not stopped"
        """
    assert executor.run(source, memory_mb=512) == "stopped"


def test_many_small_files_stop(executor: RunningExecutor) -> None:
    source = """
        import errno
        def handler(event, context):
            try:
                for number in range(1_000_000):
                    open("/tmp/%d" % number, "w").close()
            except OSError as error:
                return errno.errorcode[error.errno]
        """
    assert executor.run(source, memory_mb=1024, timeout_s=60) == "ENOSPC"


def test_no_descriptor_of_the_platform_is_inherited(executor: RunningExecutor) -> None:
    source = """
        import os
        def handler(event, context):
            found = {}
            for name in os.listdir("/proc/self/fd"):
                try:
                    found[name] = os.readlink("/proc/self/fd/" + name).split(":")[0]
                except FileNotFoundError:
                    pass  # the listing's own
            return found
        """
    assert executor.run(source) == {"0": "/dev/null", "1": "pipe", "2": "pipe", "3": "socket", "4": "/dev/null"}


def test_the_platforms_environment_is_not_visible(executor: RunningExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    source = """
        def handler(event, context):
            texts = []
            for name in ("self/environ", "1/environ", "1/cmdline", "1/maps", "self/cmdline"):
                try:
                    texts.append(open("/proc/" + name).read())
                except OSError:
                    pass
            return texts
        """
    text = "\n".join(executor.run(source))
    for name in ("HEARTH", "HOME=", "VIRTUAL_ENV", "PYTEST", "DJANGO", "PWD="):
        assert name not in text
    assert str(Path(__file__).parents[2]) not in text


def test_details_of_the_machine_in_proc_are_masked(executor: RunningExecutor) -> None:
    source = """
        def handler(event, context):
            answers = {}
            for name in ("kcore", "kallsyms", "cmdline", "modules", "sysrq-trigger", "keys", "timer_list"):
                try:
                    answers[name] = open("/proc/" + name, "rb").read(100).decode("latin-1")
                except OSError as error:
                    answers[name] = ""
            return answers
        """
    assert set(executor.run(source).values()) == {""}


def test_devices_are_harmless(executor: RunningExecutor) -> None:
    source = "import os\ndef handler(event, context):\n    return sorted(os.listdir('/dev'))"
    assert executor.run(source) == sorted(
        ["fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "urandom", "zero"]
    )
    assert os.path.exists("/dev/null")
