"""A hostile handler and the kernel: privileges, other processes, other sandboxes."""

import json
from pathlib import Path

import pytest

from tests.execution.running import RunningExecutor, eventually

pytestmark = pytest.mark.sandbox

CALLS = """
import ctypes, errno, os, platform
libc = ctypes.CDLL(None, use_errno=True)
X86 = platform.machine() == "x86_64"
def call(function, *arguments):
    ctypes.set_errno(0)
    result = function(*arguments)
    return "allowed" if result != -1 else errno.errorcode[ctypes.get_errno()]
def number(x86, arm):
    return x86 if X86 else arm
"""


def test_identity(executor: RunningExecutor) -> None:
    """Seen from the machine: a user id that nobody else has, no capability, no way to more."""
    spec = executor.function(
        "import time\ndef handler(event, context):\n    time.sleep(1.5)\n    return open('/proc/self/status').read()"
    )
    other = executor.function("def handler(event, context):\n    return 1")
    executor.invoke(other)
    inside = dict(line.split(":\t", 1) for line in json.loads(executor.invoke(spec).payload).splitlines())
    assert inside["Uid"].split() == ["993"] * 4
    assert inside["Gid"].split() == ["990"] * 4
    assert inside["Pid"] == "2"
    seen = []
    for pid in executor.pids():
        status = dict(
            line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line
        )
        if len(status["NSpid"].split()) == 1:
            continue  # a zygote
        uids = set(status["Uid"].split())
        assert len(uids) == 1
        assert uids != {"0"} or not executor.isolation["uid_per_environment"]
        assert status["Groups"].strip() == ""
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(status[name], 16) == 0, name
        assert status["NoNewPrivs"] == "1"
        assert status["Seccomp"] == "2"
        seen.append((uids.pop(), status["NSpid"].split()[-1]))
    runtimes = [uid for uid, pid in seen if pid == "2"]
    assert len(runtimes) >= 4
    if executor.isolation["uid_per_environment"]:
        assert len(set(runtimes)) == len(runtimes)


def test_refused_system_calls(executor: RunningExecutor) -> None:
    source = (
        CALLS
        + """
def handler(event, context):
    s = libc.syscall
    answers = {
        "mount": call(libc.mount, b"none", b"/tmp", b"tmpfs", 0, None),
        "umount": call(libc.umount2, b"/tmp", 2),
        "chroot": call(libc.chroot, b"/tmp"),
        "pivot_root": call(s, number(155, 41), b"/tmp", b"/tmp"),
        "unshare user": call(libc.unshare, 0x10000000),
        "unshare net": call(libc.unshare, 0x40000000),
        "unshare mount": call(libc.unshare, 0x20000),
        "clone user": call(s, number(56, 220), 0x10000000 | 17, 0, 0, 0, 0),
        "setns": call(libc.setns, os.open("/proc/self/ns/net", os.O_RDONLY), 0),
        "ptrace": call(libc.ptrace, 16, 1, 0, 0),
        "process_vm_readv": call(s, number(310, 270), 1, 0, 0, 0, 0, 0),
        "keyctl": call(s, number(250, 219), 0, -3, 0),
        "add_key": call(s, number(248, 217), b"user", b"x", b"y", 1, -3),
        "request_key": call(s, number(249, 218), b"user", b"x", None, -3),
        "bpf": call(s, number(321, 280), 0, 0, 0),
        "perf_event_open": call(s, number(298, 241), 0, 0, -1, -1, 0),
        "userfaultfd": call(s, number(323, 282), 0),
        "io_uring_setup": call(s, 425, 1, 0),
        "open_tree": call(s, 428, -100, b"/", 1),
        "fsopen": call(s, 430, b"tmpfs", 0),
        "mount_setattr": call(s, 442, -100, b"/", 0, 0, 0),
        "listmount": call(s, 458, 0, 0, 0, 0),
        "reboot": call(libc.reboot, 0),
        "sethostname": call(libc.sethostname, b"x", 1),
        "setuid 0": call(libc.setuid, 0),
        "setgid 0": call(libc.setgid, 0),
        "setgroups": call(libc.setgroups, 0, None),
        "mknod": call(s, number(259, 33), -100, b"/tmp/sda", 0o60644, 0x800),
        "init_module": call(s, number(175, 105), b"", 0, b""),
        "kexec_load": call(s, number(246, 104), 0, 0, 0, 0),
        "swapon": call(s, number(167, 224), b"/tmp/x", 0),
        "syslog": call(libc.klogctl, 3, None, 0),
        "nice": call(libc.nice, -5),
        "clock_settime": call(libc.clock_settime, 0, b"\\0" * 16),
        "fanotify": call(s, number(300, 262), 0, 0),
        "name_to_handle_at": call(s, number(303, 264), -100, b"/", 0, 0, 0),
    }
    answers["clone3"] = call(s, 435, b"\\0" * 88, 88)
    return answers
"""
    )
    answers = executor.run(source)
    assert answers.pop("clone3") == "ENOSYS"
    assert answers.pop("setuid 0") == answers.pop("setgid 0") == "EINVAL"
    assert set(answers.values()) <= {"EPERM", "EACCES"}, answers


def test_refused_sockets(executor: RunningExecutor) -> None:
    source = """
        import errno, socket
        def attempt(*arguments):
            try:
                socket.socket(*arguments).close()
                return "allowed"
            except OSError as error:
                return errno.errorcode[error.errno]
        def handler(event, context):
            return {
                "raw": attempt(2, 3, 1), "raw6": attempt(10, 3, 58), "packet": attempt(17, 3, 0),
                "alg": attempt(38, 5, 0),
                "vsock": attempt(40, 1, 0), "netfilter": attempt(16, 3, 12), "bluetooth": attempt(31, 3, 0),
                "tcp": attempt(2, 1, 0), "udp": attempt(2, 2, 0), "unix": attempt(1, 1, 0), "route": attempt(16, 3, 0),
            }
        """
    answers = executor.run(source)
    assert {answers.pop(name) for name in ("tcp", "udp", "unix", "route")} == {"allowed"}
    assert "allowed" not in answers.values()


def test_setuid_programs_gain_nothing(executor: RunningExecutor) -> None:
    source = """
        import os, subprocess
        def handler(event, context):
            def said(*command):
                return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout.strip()
            programs = [path for path in ("/usr/bin/su", "/usr/bin/mount", "/usr/bin/passwd") if os.path.exists(path)]
            return [said("/usr/bin/id", "-u"), [said(program, "root", "-c", "id -u") for program in programs]]
        """
    own, results = executor.run(source)
    assert own == "993"
    assert "0" not in results


def test_other_processes_cannot_be_seen_or_killed(executor: RunningExecutor) -> None:
    source = """
        import errno, os
        def attempt(pid):
            try:
                os.kill(pid, 9)
                return "killed"
            except OSError as error:
                return errno.errorcode[error.errno]
        def handler(event, context):
            pids = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
            return [pids, [attempt(pid) for pid in event]]
        """
    targets = [executor.process.pid, *executor.pids()]
    pids, answers = executor.run(source, targets)
    assert pids == [1, 2]
    assert set(answers) == {"ESRCH"}


def test_killing_pid_1_does_nothing(executor: RunningExecutor) -> None:
    source = """
        import os, time
        def handler(event, context):
            os.kill(1, 9)
            os.kill(1, 15)
            time.sleep(0.2)
            return "alive"
        """
    assert executor.run(source) == "alive"


def test_pid_1_cannot_be_read(executor: RunningExecutor) -> None:
    source = """
        import os
        def handler(event, context):
            opened = []
            for name in ("mem", "environ", "maps", "fd", "root", "cwd", "exe"):
                try:
                    look = os.listdir if name in ("fd", "root", "cwd") else (lambda path: open(path, "rb").read(10))
                    look("/proc/1/" + name)
                    opened.append(name)
                except OSError:
                    pass
            return opened
        """
    assert executor.run(source) == []


def test_killing_everything_costs_only_the_own_environment(executor: RunningExecutor) -> None:
    other = executor.function("n = []\ndef handler(event, context):\n    n.append(1)\n    return len(n)")
    assert executor.invoke(other).payload == b"1"
    killer = executor.function(
        """
        import contextlib, os, subprocess
        child = subprocess.Popen(["/bin/sleep", "60"])
        def handler(event, context):
            os.kill(-1, 9)
            child.wait()
            os.kill(os.getpid(), 9)
        """
    )
    assert executor.invoke(killer).error_type == "Runtime.ExitError"
    assert executor.invoke(other).payload == b"2"


def test_a_fork_bomb_is_bounded(executor: RunningExecutor) -> None:
    spec = executor.function(
        """
        import os
        def handler(event, context):
            count = 0
            try:
                while True:
                    os.posix_spawn("/bin/sleep", ["sleep", "60"], {})
                    count += 1
            except OSError:
                return count
        """,
        memory_mb=3008,
        timeout_s=60,
    )
    result = executor.invoke(spec)
    assert result.function_error == "", result.log_tail
    assert 500 < int(result.payload) < 1024
    assert executor.run("def handler(event, context):\n    return 'fine'") == "fine"


def test_a_recursive_fork_bomb_ends_with_its_timeout(executor: RunningExecutor) -> None:
    before = set(executor.pids())
    spec = executor.function(
        """
        import os
        def handler(event, context):
            while True:
                try:
                    os.fork()
                except OSError:
                    pass
        """,
        timeout_s=1,
    )
    assert executor.invoke(spec).function_error == "Unhandled"
    assert executor.run("def handler(event, context):\n    return 'fine'") == "fine"
    eventually(lambda: len(set(executor.pids()) - before) < 20)


def test_ten_times_the_memory(executor: RunningExecutor) -> None:
    spec = executor.function(
        """
        def handler(event, context):
            kept = []
            for _ in range(1280):
                kept.append(bytearray(1024 * 1024))
            return len(kept)
        """,
        timeout_s=30,
    )
    assert executor.invoke(spec).error_type == "Runtime.OutOfMemory"


def test_a_daemon_does_not_stay(executor: RunningExecutor) -> None:
    spec = executor.function(
        """
        import os, time
        def handler(event, context):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    os.close(1); os.close(2); os.close(3)
                    while True:
                        time.sleep(0.01)
                os._exit(0)
            time.sleep(0.1)
            if event == "die":
                os._exit(1)
            return [name for name in os.listdir("/proc") if name.isdigit()]
        """
    )
    before = set(executor.pids())
    assert len(json.loads(executor.invoke(spec, "stay").payload)) > 2
    executor.invoke(spec, "die")
    own = set(executor.pids()) - before

    def gone() -> bool:
        return not any(
            len(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()) > 1
            for pid in own
            if Path(f"/proc/{pid}").exists()
        )

    eventually(gone)
