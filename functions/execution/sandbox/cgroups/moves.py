"""How fast a process comes into a cgroup."""

from functions.execution.sandbox import syscalls as sc


def hasten() -> int:
    """From now on without waiting, for as long as the descriptor is open that this returns; -1 where it cannot be.

    The kernel lets forks pass at no cost, and so the first move after a while waits until it knows that none is under
    way: some 15 ms, the longest part of a sandbox's start. A hierarchy with the option `favordynmods` (Linux 6.0)
    turns that around, for all of them. This one has no controller and is mounted nowhere.
    Source: https://docs.kernel.org/admin-guide/cgroup-v2.html#mounting
    """
    try:
        return sc.detached(
            b"cgroup",
            (sc.FSCONFIG_SET_FLAG, b"none", None, 0),
            (sc.FSCONFIG_SET_STRING, b"name", b"hearth", 0),
            (sc.FSCONFIG_SET_FLAG, b"favordynmods", None, 0),
        )
    except OSError:
        return -1
