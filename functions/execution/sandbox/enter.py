"""A further process in a sandbox that runs already: the zygote's part. Python 3.8 syntax, standard library only.

The child is cloned into the sandbox's pid namespace, joins its cgroups and its other namespaces, closes what it has,
drops what a runtime drops, and becomes a program. Hostile processes see it from its birth: it holds nothing of the
zygote's when it gets their user id, and can be looked into only once it is that program. With CLONE_PARENT it is the
executor's child.

    {"id": int, "enter": program, "arguments": [...], "environment": {...}, "fds": ["sandbox", "log", "failure", ...]}

`sandbox` is a pidfd of the sandbox's pid 1, `log` goes to standard output and error, why the program could not be
started is written to `failure`, and every other descriptor is a cgroup.procs file.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.execution.sandbox import syscalls as sc
else:  # inside, the files stand alone
    import syscalls as sc

OTHERS = sc.CLONE_NEWUSER | sc.CLONE_NEWNS | sc.CLONE_NEWIPC | sc.CLONE_NEWUTS | sc.CLONE_NEWNET | sc.CLONE_NEWCGROUP
FAILURE = 3


def enter(
    request: dict[str, Any],
    named: dict[str, int],
    ids: tuple[int, int],
    join: Callable[[int], None],
    drop: Callable[[], None],
) -> int:
    """The pid of the child. `join` puts it into the cgroups; `drop` takes from it, inside, all that a runtime has not.

    Raises OSError when the sandbox is gone.
    """
    gate_read, gate_write = os.pipe()
    home = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    try:
        sc.setns(named["sandbox"], sc.CLONE_NEWPID)
        try:
            pid = sc.clone(sc.CLONE_PARENT)
            if pid == 0:
                try:
                    os.close(gate_write)
                    become(request, named, ids, gate_read, drop)
                except OSError as error:
                    os.write(FAILURE, (error.strerror or str(error)).lower().encode())
                finally:
                    os._exit(70)
        finally:
            try:
                sc.setns(home, sc.CLONE_NEWPID)
            except OSError:
                os._exit(70)  # every further sandbox would be born into this one
        try:
            join(pid)
        except BaseException:
            os.kill(pid, signal.SIGKILL)
            raise
        os.write(gate_write, b"1")
        return pid
    finally:
        for fd in (gate_read, gate_write, home):
            os.close(fd)


def become(
    request: dict[str, Any], named: dict[str, int], ids: tuple[int, int], gate: int, drop: Callable[[], None]
) -> None:
    if os.read(gate, 1) != b"1":
        os._exit(71)
    sc.setns(named["sandbox"], OTHERS)
    keep(named["log"], named["failure"])
    uid, gid = ids
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    drop()
    os.setsid()
    os.chdir("/")
    for number in (signal.SIGPIPE, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    program = request["enter"]
    os.execve(program, [program, *request["arguments"]], request["environment"])


def keep(log: int, failure: int) -> None:
    """Descriptors 0 nothing, 1 and 2 the log, 3 until the program starts, and no other."""
    log, failure = os.dup(log), os.dup(failure)  # beyond those that are about to be replaced
    null = os.open("/dev/null", os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.dup2(failure, FAILURE, inheritable=False)
    os.closerange(FAILURE + 1, 65536)
