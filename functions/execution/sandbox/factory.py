"""The executor's side of a zygote: asks it for sandboxes of one runtime."""

import array
import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from functions.execution.endpoint import Endpoint
from functions.execution.loop import Loop
from functions.execution.runtimes.interpreter import Interpreter
from functions.execution.sandbox.cgroups import Group, Groups, GroupV1, GroupV2
from functions.execution.sandbox.listen import Networks
from functions.execution.sandbox.network.egress import Egress
from functions.execution.sandbox.polling import PolledGroup
from functions.execution.sandbox.uids import UidBlock

logger = logging.getLogger(__name__)
PROJECT = Path(__file__).parents[3]
TMP_MB = 512  # AWS's default, and what a pre-warmed sandbox has


@dataclass(slots=True)
class Sandbox:
    """One box. `pid` is its pid 1 as we see it, a child of ours; -1 until the zygote has answered."""

    control: socket.socket
    log: int
    group: Group
    uid: int
    pid: int = -1
    pidfd: int = -1
    tmp: int = -1  # O_PATH descriptor of /tmp, once code has been placed
    shared: int = 0  # bytes of a template's that it has too, and that no cgroup of its own counts

    def kill(self) -> None:
        if self.pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    def reap(self) -> int:
        """The exit status of pid 1, which has ended: as a shell gives it, 128 + n for signal n."""
        result = os.waitid(os.P_PIDFD, self.pidfd, os.WEXITED)
        if result is None:
            return 128 + signal.SIGKILL
        return result.si_status if result.si_code == os.CLD_EXITED else 128 + result.si_status

    def close(self) -> None:
        for fd in (self.log, self.pidfd, self.tmp):
            if fd >= 0:
                os.close(fd)
        self.log = self.pidfd = self.tmp = -1


@dataclass(slots=True)
class Process:
    """A further process in a sandbox, a child of ours. `failure` tells why its program did not start."""

    log: int
    failure: int
    pidfd: int = -1

    def signal(self, number: int) -> None:
        if self.pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, number)

    def close(self) -> None:
        for fd in (self.log, self.failure, self.pidfd):
            if fd >= 0:
                os.close(fd)
        self.log = self.failure = self.pidfd = -1


Created = Callable[[Sandbox | None], None]


@dataclass(slots=True)
class Factory:
    """Makes sandboxes of one runtime. When the zygote dies, what was asked for fails and the next call starts another.

    `create` never blocks: the answer comes by the callback, None when there is no sandbox.
    """

    loop: Loop
    interpreter: Interpreter
    groups: Groups | None
    uids: UidBlock
    networks: Networks
    endpoint: Endpoint
    egress: Egress
    orders: list[dict[str, Any]]  # see `orders.orders`
    is_late: bool = False  # the interpreter starts when the function is known
    _process: subprocess.Popen[bytes] | None = None
    _channel: socket.socket | None = None
    _waiting: dict[int, tuple[Sandbox, Created]] = field(default_factory=dict)
    _entering: dict[int, Callable[[int], None]] = field(default_factory=dict)
    _serial: int = 0

    def create(self, created: Created) -> None:
        channel = self._channel or self._start()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        log_read, log_write = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(log_read, False)
        group: Group = self.groups.borrow() if self.groups else PolledGroup()
        sandbox = Sandbox(ours, log_read, group, self.uids.lease())
        names = {"control": theirs.fileno(), "log": log_write, **group.files()}
        self._serial += 1
        self._waiting[self._serial] = (sandbox, created)
        try:
            self._request(channel, {"uid": sandbox.uid, "tmp_mb": TMP_MB}, names)
        finally:
            theirs.close()
            os.close(log_write)

    def enter(
        self, sandbox: Sandbox, program: str, environment: dict[str, str], entered: Callable[[Process | None], None]
    ) -> None:
        """Start a program in a sandbox, with the rights of its runtime.

        `entered` gets None when there is no process, or no sandbox any more; the process may be gone already."""
        log_read, log_write = os.pipe2(os.O_CLOEXEC)
        failure_read, failure_write = os.pipe2(os.O_CLOEXEC)
        for fd in (log_read, failure_read):
            os.set_blocking(fd, False)
        process = Process(log_read, failure_read)

        def answered(pid: int) -> None:
            if pid < 0:
                process.close()
                entered(None)
                return
            process.pidfd = os.pidfd_open(pid)
            sandbox.group.attach(pid)
            entered(process)

        channel = self._channel or self._start()
        names = {"sandbox": sandbox.pidfd, "log": log_write, "failure": failure_write, **sandbox.group.files()}
        self._serial += 1
        self._entering[self._serial] = answered
        try:
            self._request(channel, {"enter": program, "arguments": [], "environment": environment}, names)
        finally:
            os.close(log_write)
            os.close(failure_write)

    def _request(self, channel: socket.socket, request: dict[str, Any], names: dict[str, int]) -> None:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", names.values()))]
        try:
            channel.sendmsg([json.dumps({"id": self._serial, "fds": list(names), **request}).encode()], rights)
        except OSError:
            logger.exception("the zygote of %s does not listen", self.interpreter.runtime)
            self._lost()

    def recycle(self, sandbox: Sandbox) -> None:
        """Take back uid and cgroup of a dead sandbox."""
        self.endpoint.withdraw(sandbox)
        self.egress.detach(sandbox)
        sandbox.close()
        self.uids.release(sandbox.uid)
        if self.groups and isinstance(sandbox.group, GroupV1 | GroupV2):
            self.groups.give_back(sandbox.group)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def close(self) -> None:
        if self._channel is not None:
            self.loop.forget(self._channel.fileno())
            self._channel.close()
            self._channel = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        fd = theirs.fileno()
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-I",
                "-B",
                "-c",
                f"import sys; sys.path.insert(0, {str(PROJECT)!r}); "
                f"from functions.execution.sandbox.root import main; main({fd})",
            ],
            env={},
            pass_fds=[fd],
            stdin=subprocess.DEVNULL,
        )
        theirs.close()
        for message in self.orders:
            ours.send(json.dumps(message).encode())
        self.loop.watch(ours.fileno(), self._answered)
        self._channel = ours
        return ours

    def _answered(self, _events: int) -> None:
        assert self._channel is not None
        try:
            data = self._channel.recv(65536, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lost()
            return
        answer = json.loads(data)
        if "id" not in answer:
            return
        if entered := self._entering.pop(answer["id"], None):
            if "error" in answer:
                logger.error("no further process for %s: %s", self.interpreter.runtime, answer["error"])
            entered(answer.get("pid", -1))
            return
        sandbox, created = self._waiting.pop(answer["id"])
        if "pid" in answer:
            sandbox.pid = answer["pid"]
            sandbox.pidfd = os.pidfd_open(sandbox.pid)
            sandbox.group.attach(sandbox.pid)
            created(sandbox)
        else:
            logger.error("no sandbox for %s: %s", self.interpreter.runtime, answer["error"])
            self._failed(sandbox, created)

    def _lost(self) -> None:
        self.close()
        waiting, self._waiting = self._waiting, {}
        for sandbox, created in waiting.values():
            self._failed(sandbox, created)
        entering, self._entering = self._entering, {}
        for entered in entering.values():
            entered(-1)

    def _failed(self, sandbox: Sandbox, created: Created) -> None:
        sandbox.control.close()
        self.recycle(sandbox)
        created(None)
