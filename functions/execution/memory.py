"""The memory of one sandbox, counted as AWS counts it: without /tmp and without caches."""

import os

from functions.execution.sandbox.cgroups import MIB
from functions.execution.sandbox.factory import Sandbox


class Memory:
    __slots__ = ("_base", "_cached", "_highest", "_peak", "_sandbox")

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._base = 0  # bytes in use when the peak was last reset
        self._peak = 0  # of the last invocation
        self._highest = 0  # of all, and the caches in it
        self._cached = 0

    def begin(self) -> None:
        """An invocation begins."""
        if self._peak > self._base + MIB:  # otherwise what was used before does not show in the figure
            self._sandbox.group.reset_peak()
            self._base = self._sandbox.group.usage()

    def is_over(self, limit_mb: int) -> bool:
        group = self._sandbox.group
        limit = limit_mb * MIB + self._tmp() - self._sandbox.shared
        # The first figure is cheap and holds caches too; the second has the last word.
        return group.usage() > limit and group.held() > limit

    def held_mb(self) -> int:
        """In use now, rounded up."""
        return -(-max(0, self._sandbox.group.held() + self._sandbox.shared - self._tmp()) // MIB)

    def peak_mb(self) -> int:
        """Most that was used since the invocation began, rounded up."""
        group = self._sandbox.group
        self._peak = peak = group.peak()
        if peak > self._highest + MIB:
            self._highest, self._cached = peak, group.reclaimable()
        return max(1, -(-(peak + self._sandbox.shared - self._cached - self._tmp()) // MIB))

    def _tmp(self) -> int:
        """Bytes in /tmp: the kernel counts them as memory, AWS does not."""
        if self._sandbox.tmp < 0 or not self._sandbox.group.counts_tmp:
            return 0
        try:
            facts = os.fstatvfs(self._sandbox.tmp)
        except OSError:
            return 0
        return (facts.f_blocks - facts.f_bfree) * facts.f_frsize
