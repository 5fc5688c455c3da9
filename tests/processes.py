"""Processes as /proc shows them. Any of them may end while it is looked at: then there is nothing to see."""

import os
from pathlib import Path


def read(pid: int, name: str) -> str:
    """A file of /proc/PID; empty when the process has gone."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except OSError:
        return ""


def command(pid: int) -> str:
    return read(pid, "cmdline").replace("\0", " ")


def user_ids(pid: int) -> set[str]:
    """Real, effective, saved and of the file system."""
    lines = read(pid, "status").splitlines()
    return {each for line in lines if line.startswith("Uid:") for each in line.split()[1:]}


def namespace(pid: int, name: str) -> str:
    """Empty when the process has gone."""
    try:
        return os.readlink(f"/proc/{pid}/ns/{name}")
    except OSError:
        return ""


def children(pid: int) -> list[int]:
    """Of all its threads."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    return [int(child) for thread in threads for child in read(pid, f"task/{thread}/children").split()]


def descendants(pid: int) -> list[int]:
    return [each for child in children(pid) for each in (child, *descendants(child))]


def alive(pid: int) -> bool:
    state = read(pid, "stat").rpartition(")")[2].split()
    return bool(state) and state[0] not in ("Z", "X")
