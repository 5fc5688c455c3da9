"""Keeps a sandbox alive beyond its runtime, so that its extensions can come to an end of their own.

When the pid 1 of a sandbox ends, the kernel kills all in it; and pid 1 ends with the runtime. So it is stopped: a
stopped process does not reap, the runtime stays a zombie that can be looked at, and nothing ends before pid 1 is
killed.
"""

import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

from functions.execution.loop import Loop
from functions.execution.sandbox.factory import Sandbox


class Hold:
    """`ended(status)` is called once when the runtime has ended; the status is as a shell gives it.

    OSError when there is no runtime. Must be closed."""

    def __init__(self, loop: Loop, sandbox: Sandbox, ended: Callable[[int], None]) -> None:
        self._loop = loop
        self._ended = ended
        signal.pidfd_send_signal(sandbox.pidfd, signal.SIGSTOP)
        children = Path(f"/proc/{sandbox.pid}/task/{sandbox.pid}/children").read_text().split()
        if not children:
            raise ProcessLookupError("there is no runtime")
        self._pid = int(children[0])
        self._pidfd = os.pidfd_open(self._pid)
        self.over = False
        loop.watch(self._pidfd, self._exited)

    def signal(self, number: int) -> None:
        """To the runtime."""
        if not self.over:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    def close(self) -> None:
        if self._pidfd >= 0:
            self._loop.forget(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1

    def _exited(self, _events: int) -> None:
        self._loop.forget(self._pidfd)
        self.over = True
        self._ended(status_of(self._pid))


def status_of(zombie: int) -> int:
    try:
        fields = Path(f"/proc/{zombie}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # pid 1 was killed meanwhile, and it with it
        return 128 + signal.SIGKILL
    status = int(fields[49])
    return 128 + (status & 0x7F) if status & 0x7F else status >> 8
