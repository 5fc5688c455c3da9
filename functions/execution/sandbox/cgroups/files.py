"""Reading and writing the files of a cgroup, and the processes in it."""

import contextlib
import os
import signal
from pathlib import Path


def read_int(fd: int) -> int:
    try:
        return int(os.pread(fd, 32, 0))
    except (OSError, ValueError):
        return 0


def read_fields(fd: int, *names: bytes) -> list[int]:
    """Values of a file of `name value` lines; 0 for what is not there."""
    try:
        found = dict(line.split(b" ", 1) for line in os.pread(fd, 8192, 0).splitlines())
    except (OSError, ValueError):
        return [0] * len(names)
    return [int(found.get(name, 0)) for name in names]


def write(path: Path, value: object) -> bool:
    """Whether the kernel took it. By the bare calls: text files of Python take twice as many."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    except OSError:
        return False
    try:
        os.write(fd, str(value).encode())
    except OSError:
        return False
    finally:
        os.close(fd)
    return True


def open_file(path: Path, flags: int = os.O_RDWR) -> int:
    return os.open(path, flags | os.O_CLOEXEC)


def pids(path: Path) -> list[int]:
    try:
        with open(path / "cgroup.procs", "rb", buffering=0) as file:
            return [int(line) for line in file.readall().split()]
    except OSError:
        return []


def kill(pid: int) -> None:
    if pid > 0:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
