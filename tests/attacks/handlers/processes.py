"""Other processes, and too many of one's own."""

import contextlib
import os
import resource
import signal
import subprocess
import threading
import time

from calls import attempt


def signal_others(pids):
    return [attempt(os.kill, pid, number) for pid in pids for number in (0, 9, 19)]


def visible():
    return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())


def kill_pid_1():
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP):
        os.kill(1, number)
    time.sleep(0.1)
    return "alive"


def read_pid_1():
    """What of pid 1 opens: its memory, its variables, its descriptors, its root."""
    files = ["mem", "environ", "maps", "exe", "auxv", "stack", "syscall"]
    opened = [name for name in files if attempt(read, "/proc/1/" + name) == "allowed"]
    return opened + [name for name in ("fd", "root", "cwd") if attempt(os.listdir, "/proc/1/" + name) == "allowed"]


def read(path):
    with open(path, "rb") as file:
        file.read(1)


def write_memory():
    """/proc/*/mem of every process but our own."""
    return {pid: attempt(open, f"/proc/{pid}/mem", "r+b") for pid in visible() if pid != os.getpid()}


def kill_all_and_self():
    child = subprocess.Popen(["/bin/sleep", "60"])
    os.kill(-1, signal.SIGKILL)
    child.wait()
    os.kill(os.getpid(), signal.SIGKILL)


def stop_self():
    os.kill(os.getpid(), signal.SIGSTOP)


def become_something_else():
    """The runtime is replaced by a program that keeps its descriptors and never answers."""
    os.set_inheritable(3, True)
    os.execv("/bin/sleep", ["sleep", "60"])


def ignore_every_signal():
    for number in range(1, signal.NSIG):
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(60)


def ignore_in_a_child():
    """A child that ignores SIGTERM, in a session of its own, and outlives the call."""
    if os.fork() == 0:
        os.setsid()
        ignore_every_signal()
    time.sleep(0.05)
    return visible()


def orphans(count):
    """Sleeping grandchildren whose parents are gone. How many there are now, those of earlier calls too."""
    for _ in range(count):
        if os.fork() == 0:
            if os.fork() == 0:
                for fd in (0, 1, 2, 3):
                    os.close(fd)
                while True:
                    time.sleep(60)
            os._exit(0)
        os.wait()
    return len(visible()) - 2


def fork_until_refused():
    count = 0
    while attempt(os.posix_spawn, "/bin/sleep", ["sleep", "60"], {}) == "allowed":
        count += 1
    return count


def fork_bomb():
    while True:
        with contextlib.suppress(OSError):
            os.fork()


def thread_bomb():
    threading.stack_size(65_536)
    count, end = 0, threading.Event()
    try:
        while count < 100_000:
            threading.Thread(target=end.wait, daemon=True).start()
            count += 1
    except RuntimeError:
        pass
    return count


def zombies():
    """Children that nobody collects."""
    count = 0
    try:
        while count < 100_000:
            if os.fork() == 0:
                os._exit(0)
            count += 1
    except OSError:
        return count


def raise_limits():
    """More files and processes than given."""
    answers = {}
    for name in ("NOFILE", "NPROC", "CORE", "MEMLOCK"):
        kind = getattr(resource, "RLIMIT_" + name)
        soft, hard = resource.getrlimit(kind)
        try:
            resource.setrlimit(kind, (soft, hard + 1))
            answers[name] = -1
        except (ValueError, OSError):
            answers[name] = hard
    return answers
