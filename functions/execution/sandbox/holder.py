"""Rootless: an ordinary user's executor runs itself again as root of its own namespaces, and then works as root does.

    outer      waits, hands signals on, ends with the inner one's status
    middle     user, mount, network and pid namespaces; reaps
    inner      pid 1 in there: the executor

With a line in /etc/subuid (and newuidmap, newgidmap) the inner one has 65,536 further user ids, so every sandbox gets a
host uid of its own; without, they all have the user's. The files stay in view, so the lane's socket works from outside.
"""

import contextlib
import logging
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from functions.execution.sandbox import syscalls as sc
from functions.execution.sandbox.network import netlink, slirp

logger = logging.getLogger(__name__)

MARK = "HEARTH_HOLDER"  # value: <number of subordinate ids>:<the user's id outside>:<descriptor>, as in Inside
NAMESPACES = sc.CLONE_NEWUSER | sc.CLONE_NEWNS | sc.CLONE_NEWNET | sc.CLONE_NEWPID


class Refused(Exception):
    """The machine does not let ordinary users make namespaces. The message says what to change."""


def subordinate_ids(file: str) -> tuple[int, int]:
    """First and number of the ids that `file` (/etc/subuid) gives to this user; (0, 0) for none."""
    names = {str(os.getuid())}
    with contextlib.suppress(KeyError):
        names.add(pwd.getpwuid(os.getuid()).pw_name)
    with contextlib.suppress(OSError, ValueError):
        for line in Path(file).read_text().splitlines():
            name, first, count = line.split(":")
            if name in names:
                return int(first), int(count)
    return 0, 0


@dataclass(frozen=True, slots=True)
class Inside:
    """What the inner process knows of its place."""

    subordinate_ids: int
    user: int  # id outside
    network: int  # descriptor of a netlink socket of the machine's network; -1 when slirp4netns does not share that

    def machine(self) -> socket.socket:
        """Raises FileNotFoundError."""
        if self.network < 0:
            raise FileNotFoundError("slirp4netns was not started")
        return socket.socket(fileno=self.network)


def inside() -> Inside | None:
    """None when this process is not the inner one."""
    value = os.environ.get(MARK)
    if value is None:
        return None
    ids, user, network = value.split(":")
    return Inside(int(ids), int(user), int(network))


def needed() -> bool:
    """Whether this process cannot make sandboxes itself: an ordinary user, or a root without that capability."""
    child = os.fork()
    if child == 0:
        try:
            sc.unshare(sc.CLONE_NEWNS)
            sc.mount("", "/", "", sc.MS_REC | sc.MS_PRIVATE)
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] != 0


def run_again(network: bool) -> int:
    """Run this command line again in namespaces of its own; its exit status. Raises Refused.

    `network`: let slirp4netns share the machine's network with it, where that is installed. It must run out here.
    """
    uids, gids = subordinate_ids("/etc/subuid"), subordinate_ids("/etc/subgid")
    mapped = bool(uids[1] and gids[1] and shutil.which("newuidmap") and shutil.which("newgidmap"))
    up_read, up_write = os.pipe()  # middle to outer: in the namespaces
    down_read, down_write = os.pipe()  # outer to middle: maps are written
    outer = os.getpid()
    machine = netlink.open_socket(netlink.ADDRESSES) if network and slirp.program() else None
    middle = os.fork()
    if middle == 0:
        os.close(up_read)
        os.close(down_write)
        _middle(outer, up_write, down_read, min(uids[1], gids[1]) if mapped else 0, machine)
    os.close(up_write)
    os.close(down_read)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: os.kill(middle, received))
    said = os.read(up_read, 256).decode()
    if said != "in":
        os.waitpid(middle, 0)
        raise Refused(
            f"an ordinary user may not make namespaces here ({said or 'no answer'}): see user.max_user_namespaces and "
            "kernel.apparmor_restrict_unprivileged_userns, or start as root"
        )
    _write_maps(middle, uids if mapped else (0, 0), gids if mapped else (0, 0))
    slirped = _connect(middle) if machine is not None else None
    os.write(down_write, b"1")
    while True:
        with contextlib.suppress(InterruptedError):
            pid, status = os.wait()
            if pid == middle:
                return os.waitstatus_to_exitcode(status)
            time.sleep(1.0)  # slirp4netns ended
            slirped = _connect(middle) or slirped


def _connect(middle: int) -> subprocess.Popen[bytes] | None:
    where = f"/proc/{middle}/ns"
    try:
        return slirp.start(f"--userns-path={where}/user", "--netns-type=path", f"{where}/net")
    except OSError as error:
        logger.error("functions have no network: %s", error)
        return None


def _write_maps(pid: int, uids: tuple[int, int], gids: tuple[int, int]) -> None:
    for tool, file, own, (first, count) in (
        ("newuidmap", "uid_map", os.getuid(), uids),
        ("newgidmap", "gid_map", os.getgid(), gids),
    ):
        if count:
            subprocess.run([tool, str(pid), "0", str(own), "1", "1", str(first), str(count)], check=True)
        else:
            with contextlib.suppress(OSError):
                Path(f"/proc/{pid}/setgroups").write_text("deny")
            Path(f"/proc/{pid}/{file}").write_text(f"0 {own} 1")


def _middle(outer: int, up: int, down: int, ids: int, machine: socket.socket | None) -> None:
    """Never returns."""
    user = os.getuid()
    try:
        sc.prctl(sc.PR_SET_PDEATHSIG, sc.SIGKILL)
        if os.getppid() != outer:
            os._exit(1)
        sc.unshare(NAMESPACES)
        os.write(up, b"in")
    except OSError as error:
        os.write(up, str(error).encode())
        os._exit(1)
    if os.read(down, 1) != b"1":
        os._exit(1)
    inner = os.fork()
    if inner == 0:
        sc.prctl(sc.PR_SET_PDEATHSIG, sc.SIGKILL)
        sc.mount("", "/", "", sc.MS_REC | sc.MS_PRIVATE)
        sc.mount("proc", "/proc", "proc", sc.MS_NOSUID | sc.MS_NODEV | sc.MS_NOEXEC)
        if machine is not None:
            machine.set_inheritable(True)
        os.environ[MARK] = f"{ids}:{user}:{machine.fileno() if machine is not None else -1}"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    os.close(up)
    os.close(down)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: os.kill(inner, received))
    while True:
        with contextlib.suppress(InterruptedError):
            pid, status = os.wait()
            if pid == inner:
                os._exit(abs(os.waitstatus_to_exitcode(status)) & 0xFF)
