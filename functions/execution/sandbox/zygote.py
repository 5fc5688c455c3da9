"""The zygote: a process of trusted code that clones sandboxes on request. Python 3.8 syntax, standard library only.

It has one thread and stands in a mount namespace whose root is already what a sandbox may see (`root.py`). The
executor sends requests on a SOCK_SEQPACKET socket: a JSON object and descriptors

    {"id": int, "uid": host uid, "tmp_mb": int, "fds": [names of the descriptors, in order]}

`control` and `log` go to the runtime; every other descriptor is a cgroup.procs file to write the child's pid to. Or it
asks for a further process in a sandbox that runs (`enter.py`). The answer is {"id", "pid"} or {"id", "error"}. With
CLONE_PARENT the sandbox's pid 1 becomes the executor's child, which so can wait for it, and whose death kills it.

Inside, pid 1 only reaps; pid 2 is the runtime: either the function `serve(control)` of the bootstrap module that the
zygote has imported, or an executable. A module that `waits` runs as pid 1 until it answers which executable.
"""

from __future__ import annotations

import array
import contextlib
import errno
import fcntl
import gc
import json
import os
import resource
import signal
import socket
import struct
import sys
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.execution.sandbox import syscalls as sc
    from functions.execution.sandbox.enter import enter
else:  # inside, the files stand alone
    import syscalls as sc
    from enter import enter

NAMESPACES = (
    sc.CLONE_NEWUSER
    | sc.CLONE_NEWPID
    | sc.CLONE_NEWNS
    | sc.CLONE_NEWIPC
    | sc.CLONE_NEWUTS
    | sc.CLONE_NEWNET
    | sc.CLONE_NEWCGROUP
)
INSIDE_UID, INSIDE_GID = 993, 990
CONTROL, LOG = 3, 1
REHEARSALS = 10
NO_CGROUP = ("control", "log", "sandbox", "failure")
# Pid 1 of a runtime that is executed: the same as `reap` in a tenth of the memory. The shell ends with the runtime's
# status, 128 + n for signal n, and collects orphans while it waits.
INIT = 'unset PWD; "$@" & exec 0<&- 1<&- 2<&- 3<&-; wait $!'


class Zygote:
    def __init__(self, channel: socket.socket, runtime: dict[str, Any]) -> None:
        self.channel = channel
        self.runtime = runtime
        self.filter = bytes.fromhex(runtime["seccomp"]) if runtime["seccomp"] else b""
        self.masked = [path for path in sc.MASKED if os.path.exists(path)]
        self.serve: Callable[[int], Any] | None = None  # of the bootstrap; None when the runtime is executed
        if "module" in runtime:
            sys.path.insert(0, "/var/runtime")
            bootstrap: Any = __import__(runtime["module"])
            bootstrap.sc, bootstrap.loopback_up, bootstrap.reap = sc, loopback_up, reap
            self.serve = bootstrap.serve
            # What the interpreter learns about code that runs often, clones need not find out and write down again.
            rehearse: Callable[[], None] = getattr(bootstrap, "rehearse", lambda: None)
            for _ in range(REHEARSALS):
                rehearse()

    def run(self) -> None:
        gc.collect()
        gc.freeze()
        self.channel.send(b'{"ready": true}')
        while True:
            data, fds = receive(self.channel)
            if not data:
                return
            request = json.loads(data)
            try:
                named = dict(zip(request["fds"], fds))
                pid = self.enter(request, named) if "enter" in request else self.create(request, named)
                answer = {"id": request["id"], "pid": pid}
            except OSError as error:
                answer = {"id": request["id"], "error": str(error)}
            for fd in fds:
                os.close(fd)
            self.channel.send(json.dumps(answer).encode())

    def enter(self, request: dict[str, Any], named: dict[str, int]) -> int:
        def drop() -> None:
            limit_resources()
            self.drop(visible=False)

        return enter(request, named, (INSIDE_UID, INSIDE_GID), lambda pid: join(pid, named), drop)

    def create(self, request: dict[str, Any], named: dict[str, int]) -> int:
        gate_read, gate_write = os.pipe()
        try:
            pid = sc.clone(NAMESPACES | sc.CLONE_PARENT)
            if pid == 0:
                try:
                    os.close(gate_write)
                    self.box(request, named, gate_read)
                except BaseException as error:  # whatever it is, the child ends here
                    complain(named["log"], "sandbox: %s: %s\n" % (type(error).__name__, error))
                finally:
                    os._exit(70)
            try:
                admit(pid, request["uid"], named)
            except BaseException:
                os.kill(pid, signal.SIGKILL)
                raise
            os.write(gate_write, b"1")
            return pid
        finally:
            os.close(gate_read)
            os.close(gate_write)

    def box(self, request: dict[str, Any], named: dict[str, int], gate: int) -> None:
        """Pid 1: finish the box from inside, drop everything, start the runtime, reap."""
        if os.read(gate, 1) != b"1":
            os._exit(71)
        sc.mount(
            "tmpfs",
            "/tmp",
            "tmpfs",
            sc.MS_NOSUID | sc.MS_NODEV,
            "mode=1777,nr_inodes=%d,size=%dm" % (request["tmp_mb"] * 256, request["tmp_mb"]),
        )
        sc.mount(
            "tmpfs", "/dev/shm", "tmpfs", sc.MS_NOSUID | sc.MS_NODEV | sc.MS_NOEXEC, "mode=1777,nr_inodes=8192,size=64m"
        )
        sc.mount("proc", "/proc", "proc", sc.MS_NOSUID | sc.MS_NODEV | sc.MS_NOEXEC)
        for path in self.masked:
            sc.mount("/dev/null", path, "", sc.MS_BIND)
        loopback_up()
        sc.sethostname(b"169.254.100.6")
        os.setresgid(INSIDE_GID, INSIDE_GID, INSIDE_GID)
        os.setresuid(INSIDE_UID, INSIDE_UID, INSIDE_UID)
        limit_resources()
        self.drop()
        os.setsid()
        keep(named["control"], named["log"])
        os.chdir("/var/task")
        for number in (signal.SIGPIPE, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        if self.serve is None:
            become(self.runtime["exec"], self.runtime["environment"])
        if self.runtime.get("waits"):
            become(*self.start(self.serve))
        pid = os.fork()
        if pid == 0:
            try:
                sc.prctl(sc.PR_SET_PDEATHSIG, sc.SIGKILL)
                self.start(self.serve)
            finally:
                os._exit(72)
        sc.prctl(sc.PR_SET_DUMPABLE, 0)  # the runtime has the same uid: keep it out of /proc/1
        reap(pid)

    def drop(self, visible: bool = True) -> None:
        """`visible`: to processes of the same user id, from now on rather than from the start of a program."""
        sc.run_soon()
        for capability in range(64):
            try:
                sc.prctl(sc.PR_CAPBSET_DROP, capability)
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
                break  # past the last one that this kernel knows
        sc.prctl(sc.PR_CAP_AMBIENT, sc.PR_CAP_AMBIENT_CLEAR_ALL)
        sc.capset_none()
        sc.prctl(sc.PR_SET_NO_NEW_PRIVS, 1)
        if visible:
            sc.prctl(sc.PR_SET_DUMPABLE, 1)
        # After the change of uid, which clears it.
        sc.prctl(sc.PR_SET_PDEATHSIG, sc.SIGKILL)
        if self.filter:
            sc.seccomp(self.filter)

    def start(self, serve: Callable[[int], Any]) -> Any:
        """The runtime, in this interpreter."""
        # Clones share what OpenSSL drew before the fork; it notices a fork by the pid only, and ours may repeat.
        ssl = sys.modules.get("_ssl")
        if ssl is not None:
            ssl.RAND_add(os.urandom(32), 32.0)
        return serve(CONTROL)


def admit(pid: int, uid: int, named: dict[str, int]) -> None:
    """From outside: the maps of the child's user namespace, its cgroups, its place in the queue of the OOM killer."""
    for kind, inside in (("setgroups", None), ("uid_map", INSIDE_UID), ("gid_map", INSIDE_GID)):
        tell("/proc/%d/%s" % (pid, kind), b"deny" if inside is None else b"%d %d 1" % (inside, uid))
    join(pid, named)


def join(pid: int, named: dict[str, int]) -> None:
    for name, fd in named.items():
        if name not in NO_CGROUP:
            os.write(fd, b"%d" % pid)
    # Rootless with a stricter value of our own: the kernel's choice stands.
    with contextlib.suppress(OSError):
        tell("/proc/%d/oom_score_adj" % pid, b"500")


def tell(path: str, text: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, text)
    finally:
        os.close(fd)


def loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        request = struct.pack("16sH14x", b"lo", 0x49)  # IFF_UP | IFF_LOOPBACK | IFF_RUNNING
        fcntl.ioctl(device, 0x8914, request)  # SIOCSIFFLAGS


def limit_resources() -> None:
    for kind, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 1024),
        (resource.RLIMIT_NPROC, 1024),
        (resource.RLIMIT_MEMLOCK, 64 * 1024),
    ):
        resource.setrlimit(kind, (value, value))


def keep(control: int, log: int) -> None:
    """Descriptors 0 nothing, 1 and 2 the log, 3 the control channel, and no other."""
    control, log = fcntl.fcntl(control, fcntl.F_DUPFD, 16), fcntl.fcntl(log, fcntl.F_DUPFD, 16)
    null = os.open("/dev/null", os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.dup2(control, CONTROL)
    os.closerange(CONTROL + 1, 65536)


def complain(log: int, text: str) -> None:
    """To the log, which is standard output once the other descriptors are closed."""
    try:
        os.write(log, text.encode())
    except OSError:
        os.write(LOG, text.encode())


def become(program: list[str], environment: dict[str, str]) -> NoReturn:
    """Be the init of an executable runtime."""
    os.execve("/bin/sh", ["init", "-c", INIT, "init", *program], environment)


def reap(runtime: int) -> None:
    """Collect orphans until the runtime ends; then end with its status, and everything in the namespace dies."""
    os.closerange(0, CONTROL + 1)
    while True:
        try:
            pid, status = os.wait()
        except InterruptedError:
            continue
        if pid == runtime:
            os._exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))


def receive(channel: socket.socket) -> tuple[bytes, list[int]]:
    data, ancillary, _, _ = channel.recvmsg(65536, socket.CMSG_SPACE(16 * 4), socket.MSG_CMSG_CLOEXEC)
    fds = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
    return data, list(fds)


def main(channel_fd: int) -> None:
    sc.prctl(sc.PR_SET_PDEATHSIG, sc.SIGKILL)
    channel = socket.socket(fileno=channel_fd)
    data, _ = receive(channel)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Zygote(channel, json.loads(data)).run()
