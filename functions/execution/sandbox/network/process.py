"""The router's process: what takes the kernel's lock on interfaces is done here, for it may take long.

Whoever makes or ends a network namespace anywhere on the machine holds that lock, and invocations must not wait for it.
Forked from the executor, which has one thread; ends with it. Messages are JSON on a SOCK_SEQPACKET:

    in   {"number": int, "address": str, "pid": int} and a pidfd of that sandbox
    out  {"why": str}: at first, empty when there is a router      {"number": int, "errno": int, "error": str}
"""

import array
import gc
import json
import logging
import os
import select
import signal
import socket
import time

from functions.execution.sandbox import holder
from functions.execution.sandbox import syscalls as sc
from functions.execution.sandbox.listen import Networks
from functions.execution.sandbox.network import filters, netlink
from functions.execution.sandbox.network.router import Router

TOOLS = "it takes the Debian packages slirp4netns and libnftables1"
RETRY_SECONDS = 1.0
logger = logging.getLogger(__name__)


def fork() -> tuple[int, socket.socket]:
    """The pid of a new process, and the channel to it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    parent = os.getpid()
    pid = os.fork()
    if pid:
        theirs.close()
        return pid, ours
    try:
        keep_only(theirs.fileno())
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)  # it ends with the channel: the executor may have to drain
        sc.prctl(sc.PR_SET_PDEATHSIG, sc.SIGKILL)
        if os.getppid() == parent:
            serve(theirs)
    except Exception:
        logger.exception("the router failed")
    finally:
        os._exit(1)


def keep_only(channel: int) -> None:
    """Close what is the executor's, but what it says and, rootless, the machine's netlink socket."""
    within = holder.inside()
    kept = sorted({0, 1, 2, channel, *([within.network] if within and within.network >= 0 else ())})
    for before, after in zip(kept, [*kept[1:], 1 << 20], strict=True):
        os.closerange(before + 1, after)


def serve(channel: socket.socket) -> None:
    """Until the executor is gone."""
    try:
        router = Router()
    except filters.Missing:
        why = TOOLS
    except FileNotFoundError as error:
        why = TOOLS if "slirp4netns" in str(error) else str(error)
    except OSError as error:
        why = str(error)
    else:
        why = ""
    channel.send(json.dumps({"why": why}).encode())
    if why:
        return
    gc.freeze()
    networks = Networks()
    slirp = Watched(router)
    while True:
        waiting = [channel.fileno(), router.machine, *slirp.descriptors()]
        ready = select.select(waiting, [], [], RETRY_SECONDS if slirp.is_down else None)[0]
        slirp.look(ready)
        if router.machine in ready:
            router.refuse_machine()
        if channel.fileno() in ready and not plug(channel, router, networks):
            return


def plug(channel: socket.socket, router: Router, networks: Networks) -> bool:
    """Do what the next message asks for. False at the end."""
    data, fds, _, _ = socket.recv_fds(channel, 4096, 1)
    if not data:
        return False
    asked = json.loads(data)
    answer = {"number": asked["number"], "errno": 0, "error": ""}
    try:
        with networks.inside(fds[0]):
            theirs = netlink.open_socket()
        with theirs:
            router.plug(asked["number"], asked["address"], asked["pid"], theirs)
    except OSError as error:
        answer |= {"errno": error.errno or 0, "error": str(error)}
    finally:
        for fd in fds:
            os.close(fd)
    channel.send(json.dumps(answer).encode())
    return True


class Watched:
    """slirp4netns has to live. Rootless, the process that started it sees to that."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._pidfd = -1
        self._again_at = 0.0
        self._open()

    @property
    def is_down(self) -> bool:
        return self._again_at > 0

    def descriptors(self) -> list[int]:
        return [self._pidfd] if self._pidfd >= 0 else []

    def look(self, ready: list[int]) -> None:
        if self._pidfd in ready and self._router.slirp is not None:
            os.close(self._pidfd)
            self._pidfd = -1
            logger.error("slirp4netns ended with status %s and is started again", self._router.slirp.wait())
            self._again_at = time.monotonic() + RETRY_SECONDS
        if self.is_down and time.monotonic() >= self._again_at:
            try:
                self._router.connect_again()
            except OSError as error:
                logger.error("functions have no network: %s", error)
                self._again_at = time.monotonic() + RETRY_SECONDS
            else:
                self._again_at = 0.0
                self._open()

    def _open(self) -> None:
        if self._router.slirp is not None:
            self._pidfd = os.pidfd_open(self._router.slirp.pid)


def ask(channel: socket.socket, number: int, address: str, pid: int, pidfd: int) -> None:
    message = json.dumps({"number": number, "address": address, "pid": pid}).encode()
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [pidfd]))]
    channel.sendmsg([message], rights, socket.MSG_NOSIGNAL | socket.MSG_DONTWAIT)
