"""The limits of one environment by cgroup version 1: a directory in the hierarchy of each controller."""

import contextlib
import os
from pathlib import Path

from functions.execution.sandbox.cgroups.files import kill, open_file, pids, read_fields, read_int, write
from functions.execution.sandbox.cgroups.group import HEAD_START, MIB, PERIOD_US, PIDS, quota_us
from functions.execution.spec import CPU_MB


class GroupV1:
    counts_tmp = True

    def __init__(self, directories: dict[str, Path], quota: bool = False) -> None:
        self._quota = quota and "cpu" in directories
        self._directories = directories
        for path in directories.values():
            path.mkdir(parents=True, exist_ok=True)
        memory, freezer = directories["memory"], directories.get("freezer")
        self._procs = {name: open_file(path / "cgroup.procs", os.O_WRONLY) for name, path in directories.items()}
        self._usage = open_file(memory / "memory.usage_in_bytes", os.O_RDONLY)
        self._peak = open_file(memory / "memory.max_usage_in_bytes")
        self._oom = open_file(memory / "memory.oom_control", os.O_RDONLY)
        self._stat = open_file(memory / "memory.stat", os.O_RDONLY)
        kernel = memory / "memory.kmem.usage_in_bytes"
        self._kernel = open_file(kernel, os.O_RDONLY) if kernel.exists() else None
        self._freezer = open_file(freezer / "freezer.state", os.O_WRONLY) if freezer else None
        self._limits = (0, 0, 0)
        self._held = self._deferred = False
        if "pids" in directories:
            write(directories["pids"] / "pids.max", PIDS)

    def attach(self, pid: int) -> None:
        pass

    def files(self) -> dict[str, int]:
        return self._procs

    def limit(self, memory_mb: int, tmp_mb: int, vcpu_mb: int = CPU_MB) -> None:
        if (memory_mb, tmp_mb, vcpu_mb) == self._limits:
            return
        self._limits = (memory_mb, tmp_mb, vcpu_mb)
        memory, total = self._directories["memory"], (memory_mb + tmp_mb) * MIB
        # The one without swap may never exceed the one with it: which goes first depends on the direction.
        lowered = write(memory / "memory.limit_in_bytes", total)
        write(memory / "memory.memsw.limit_in_bytes", total)  # is not there where swap is not counted
        if not lowered:
            write(memory / "memory.limit_in_bytes", total)
        self.defer(False)

    def reset(self) -> None:
        """For the next environment: it begins with nothing of the last one's."""
        self.reset_peak()
        if self._held:
            self._held = not write(self._directories["cpu"] / "cpu.cfs_quota_us", -1)
        if self._deferred:
            self.defer(False)

    def defer(self, deferred: bool) -> None:
        self._deferred = deferred
        if "cpu" in self._directories:
            memory_mb, _, vcpu_mb = self._limits
            share = 1024 * memory_mb // vcpu_mb
            write(self._directories["cpu"] / "cpu.shares", max(2, share if deferred else share * HEAD_START))

    def hold(self) -> None:
        if self._quota and not self._held:
            memory_mb, _, vcpu_mb = self._limits
            cpu = self._directories["cpu"]
            write(cpu / "cpu.cfs_period_us", PERIOD_US)
            self._held = write(cpu / "cpu.cfs_quota_us", quota_us(memory_mb, vcpu_mb))

    def usage(self) -> int:
        return read_int(self._usage)

    def peak(self) -> int:
        return read_int(self._peak)

    def reset_peak(self) -> None:
        with contextlib.suppress(OSError):
            os.pwrite(self._peak, b"0", 0)

    def held(self) -> int:
        return sum(read_fields(self._stat, b"rss", b"shmem"))

    def reclaimable(self) -> int:
        cache, shared = read_fields(self._stat, b"cache", b"shmem")
        return cache - shared + (read_int(self._kernel) if self._kernel is not None else 0)

    def oom_kills(self) -> int:
        return read_fields(self._oom, b"oom_kill")[0]

    def freeze(self, frozen: bool) -> None:
        if self._freezer is not None:
            with contextlib.suppress(OSError):
                os.pwrite(self._freezer, b"FROZEN" if frozen else b"THAWED", 0)

    def empty(self) -> bool:
        # Whoever is in one of them is in all: processes leave when they end, and in no other way.
        return not pids(self._directories["memory"])

    def kill(self) -> None:
        for pid in {pid for path in self._directories.values() for pid in pids(path)}:
            kill(pid)

    def close(self) -> None:
        for fd in (*self._procs.values(), self._usage, self._peak, self._oom, self._stat, self._kernel, self._freezer):
            if fd is not None:
                os.close(fd)
