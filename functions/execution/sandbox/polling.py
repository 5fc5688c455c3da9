"""Limits without cgroups: RLIMIT_DATA as a backstop, and memory read from /proc. Weaker, and said so in the banner.

Between two samples a function can take more than it may; what it cannot do is keep it.
"""

import contextlib
import os
import resource
import signal
import time
from pathlib import Path

from functions.execution.sandbox.cgroups import MIB

SAMPLE_SECONDS = 0.05


class PolledGroup:
    """`Group` for one sandbox that has no cgroup."""

    counts_tmp = False  # files in a tmpfs belong to no process

    def __init__(self) -> None:
        self._roots: list[int] = []
        self._sampled_at = 0.0
        self._used = 0
        self._peak = 0

    def attach(self, pid: int) -> None:
        self._roots.append(pid)

    def files(self) -> dict[str, int]:
        return {}

    def limit(self, memory_mb: int, tmp_mb: int, vcpu_mb: int = 0) -> None:
        # Address space that is reserved but not used counts too: leave room for it.
        most = (2 * memory_mb + 256) * MIB
        for pid in self._pids():
            with contextlib.suppress(OSError):
                resource.prlimit(pid, resource.RLIMIT_DATA, (most, most))

    def defer(self, deferred: bool) -> None:
        pass  # an ordinary user can lower a priority and never raise it again

    def hold(self) -> None:
        pass  # there is nothing to do it with

    def usage(self) -> int:
        now = time.monotonic()
        if now - self._sampled_at >= SAMPLE_SECONDS:
            self._sampled_at = now
            self._used = sum(map(_pss, self._pids()))
            self._peak = max(self._peak, self._used)
        return self._used

    held = usage

    def peak(self) -> int:
        self.usage()
        return max(self._peak, self._used)

    def reset_peak(self) -> None:
        self._peak = 0

    def reclaimable(self) -> int:
        return 0

    def oom_kills(self) -> int:
        return 0

    def freeze(self, frozen: bool) -> None:
        for pid in self._pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP if frozen else signal.SIGCONT)

    def _pids(self) -> list[int]:
        """All processes of the sandbox but its pid 1."""
        found: list[int] = []
        ask = self._roots[:0:-1] + self._roots[:1]
        while ask:
            pid = ask.pop()
            with contextlib.suppress(OSError, ValueError):
                for task in os.listdir(f"/proc/{pid}/task"):
                    ask += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())
            found.append(pid)
        return found[1:]


def _pss(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return 0
