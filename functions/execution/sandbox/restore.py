"""Sandboxes that are copies of a template: a process that has run a function's init forks itself into new namespaces.

The template has no rights, for it ran user code. It makes the copy by one clone(2), which its filter allows with just
those flags; the copy says hello with its identity vouched for by the kernel; from outside it gets a cgroup, a /proc, a
/tmp of its own, and only then goes on, under the filter that all others have. Copies share the template's user id: they
are of one version of one function. The template's death is theirs, for their pid namespaces lie in its own.
"""

import array
import fcntl
import logging
import os
import signal
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from functions.execution.lane import encode_frame
from functions.execution.loop import Timer
from functions.execution.sandbox import seccomp
from functions.execution.sandbox.cgroups import Group, GroupV1, GroupV2
from functions.execution.sandbox.factory import Created, Factory, Process, Sandbox
from functions.execution.sandbox.place import Placer
from functions.execution.sandbox.polling import PolledGroup

logger = logging.getLogger(__name__)
HELLO, GO = b"h", b"g"
PATIENCE_SECONDS = 5.0
# Of linux/socket.h and linux/pidfd.h; Python has no names for them.
SO_PASSPIDFD, SCM_CREDENTIALS, SCM_PIDFD = 76, 2, 4
CREDENTIALS = struct.Struct("=3i")
PIDFD_GET_INFO, INFO_BYTES, EXIT_CODE, INFO_EXIT = 0xC040FF0B, 64, 60, 1 << 3


@dataclass(slots=True)
class Copy(Sandbox):
    """`retire_at`: when the credentials that its template has come to their end, monotonic.

    No child of ours: its template's kernel entry collects it, and the pidfd tells its status."""

    retire_at: float = 0.0

    def reap(self) -> int:
        info = bytearray(INFO_BYTES)
        struct.pack_into("=Q", info, 0, INFO_EXIT)
        try:
            fcntl.ioctl(self.pidfd, PIDFD_GET_INFO, info, True)
        except OSError:
            return 128 + signal.SIGKILL
        mask = struct.unpack_from("=Q", info)[0]
        status: int = struct.unpack_from("=i", info, EXIT_CODE)[0]
        if not mask & INFO_EXIT:
            return 128 + signal.SIGKILL
        return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


@dataclass(slots=True)
class _Asked:
    """A copy that was asked for and has not said hello."""

    control: socket.socket
    log: int
    created: Created
    timer: Timer


@dataclass(slots=True)
class CopyFactory(Factory):
    """As `Factory`, for the copies of one template. `ask(frame, descriptors)` sends to the template; OSError when it
    does not listen."""

    strict: Factory = field(kw_only=True)  # of the runtime's other sandboxes
    placer: Placer = field(kw_only=True)
    ask: Callable[[bytes, list[int]], None] = field(kw_only=True)
    tmp_mb: int = field(kw_only=True)
    held: int = field(kw_only=True)  # bytes that the template holds, which each copy has too
    retire_at: float = field(kw_only=True)
    _asked: dict[int, _Asked] = field(default_factory=dict)

    def create(self, created: Created) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        for option in (socket.SO_PASSCRED, SO_PASSPIDFD):
            ours.setsockopt(socket.SOL_SOCKET, option, 1)
        log_read, log_write = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(log_read, False)
        fd = ours.fileno()
        timer = self.loop.later(PATIENCE_SECONDS, lambda: self._missed(fd, "it said nothing"))
        self._asked[fd] = _Asked(ours, log_read, created, timer)
        self.loop.watch(fd, lambda _events: self._greeted(fd))
        try:
            self.ask(encode_frame({"op": "copy"}, seccomp.program() or b""), [theirs.fileno(), log_write])
        except OSError as error:
            self._missed(fd, str(error))
        finally:
            theirs.close()
            os.close(log_write)

    def enter(
        self, sandbox: Sandbox, program: str, environment: dict[str, str], entered: Callable[[Process | None], None]
    ) -> None:
        self.strict.enter(sandbox, program, environment, entered)

    def recycle(self, sandbox: Sandbox) -> None:
        """Take back the cgroup of a dead copy."""
        self.endpoint.withdraw(sandbox)
        self.egress.detach(sandbox)
        sandbox.close()
        if self.groups and isinstance(sandbox.group, GroupV1 | GroupV2):
            self.groups.give_back(sandbox.group)

    def close(self) -> None:
        for fd in list(self._asked):
            self._missed(fd, "the template ended")

    def _greeted(self, fd: int) -> None:
        asked = self._asked[fd]
        data, ancillary, _, _ = asked.control.recvmsg(1, socket.CMSG_SPACE(64), socket.MSG_CMSG_CLOEXEC)
        said = {kind: content for level, kind, content in ancillary if level == socket.SOL_SOCKET}
        pidfd = array.array("i", said.get(SCM_PIDFD, b""))
        if data != HELLO or not pidfd:
            self._missed(fd, "it ended")
            return
        pid = CREDENTIALS.unpack(said[SCM_CREDENTIALS])[0]
        group: Group = self.groups.borrow() if self.groups else PolledGroup()
        sandbox = Copy(asked.control, asked.log, group, -1, pid, pidfd[0], shared=self.held, retire_at=self.retire_at)
        try:
            for file in group.files().values():
                os.write(file, b"%d" % pid)
            group.attach(pid)
            sandbox.tmp = self.placer.renew(sandbox.pidfd, pid, self.tmp_mb)
            sandbox.control.send(GO, socket.MSG_NOSIGNAL)
        except OSError as error:
            sandbox.kill()
            self._missed(fd, str(error))
            sandbox.log = -1  # closed
            self.recycle(sandbox)
            return
        self._forget(fd)
        asked.created(sandbox)

    def _missed(self, fd: int, why: str) -> None:
        asked = self._forget(fd)
        logger.error("no copy of a template of %s: %s", self.interpreter.runtime, why)
        asked.control.close()
        os.close(asked.log)
        asked.created(None)

    def _forget(self, fd: int) -> _Asked:
        self.loop.forget(fd)
        asked = self._asked.pop(fd)
        asked.timer.cancel()
        return asked
