"""The limits of one environment by cgroup version 2: one directory."""

import contextlib
import os
from pathlib import Path

from functions.execution.sandbox.cgroups.files import kill, open_file, pids, read_fields, read_int, write
from functions.execution.sandbox.cgroups.group import HEAD_START, MIB, PERIOD_US, PIDS, quota_us
from functions.execution.spec import CPU_MB


class GroupV2:
    counts_tmp = True

    def __init__(self, path: Path, quota: bool = False) -> None:
        self._path = path
        self._quota = quota
        path.mkdir(parents=True, exist_ok=True)
        self._procs = {"cgroup": open_file(path / "cgroup.procs", os.O_WRONLY)}
        self._usage = open_file(path / "memory.current", os.O_RDONLY)
        self._oom = open_file(path / "memory.events", os.O_RDONLY)
        self._stat = open_file(path / "memory.stat", os.O_RDONLY)
        self._freezer = open_file(path / "cgroup.freeze", os.O_WRONLY)
        self._peak_file = resettable(path / "memory.peak")
        self._sampled = 0
        self._limits = (0, 0, 0)
        self._held = self._deferred = False
        write(path / "pids.max", PIDS)
        write(path / "memory.swap.max", 0)
        write(path / "memory.oom.group", 1)

    def attach(self, pid: int) -> None:
        pass

    def files(self) -> dict[str, int]:
        return self._procs

    def limit(self, memory_mb: int, tmp_mb: int, vcpu_mb: int = CPU_MB) -> None:
        if (memory_mb, tmp_mb, vcpu_mb) == self._limits:
            return
        self._limits = (memory_mb, tmp_mb, vcpu_mb)
        write(self._path / "memory.max", (memory_mb + tmp_mb) * MIB)
        self.defer(False)

    def reset(self) -> None:
        """For the next environment: it begins with nothing of the last one's."""
        self.reset_peak()
        if self._held:
            self._held = not write(self._path / "cpu.max", "max")
        if self._deferred:
            self.defer(False)

    def defer(self, deferred: bool) -> None:
        self._deferred = deferred
        memory_mb, _, vcpu_mb = self._limits
        weight = (1 if deferred else HEAD_START) * 100 * memory_mb // vcpu_mb
        write(self._path / "cpu.weight", min(10_000, max(1, weight)))

    def hold(self) -> None:
        if self._quota and not self._held:
            memory_mb, _, vcpu_mb = self._limits
            self._held = write(self._path / "cpu.max", f"{quota_us(memory_mb, vcpu_mb)} {PERIOD_US}")

    def usage(self) -> int:
        used = read_int(self._usage)
        self._sampled = max(self._sampled, used)
        return used

    def peak(self) -> int:
        if self._peak_file is not None:
            return read_int(self._peak_file)
        return max(self._sampled, self.usage())

    def reset_peak(self) -> None:
        self._sampled = 0
        if self._peak_file is not None:
            with contextlib.suppress(OSError):
                os.pwrite(self._peak_file, b"0", 0)

    def held(self) -> int:
        return sum(read_fields(self._stat, b"anon", b"shmem"))

    def reclaimable(self) -> int:
        names = (b"file", b"shmem", b"kernel", b"slab")  # `kernel` is the whole, since Linux 5.18
        cache, shared, kernel, slab = read_fields(self._stat, *names)
        return cache - shared + (kernel or slab)

    def oom_kills(self) -> int:
        return read_fields(self._oom, b"oom_kill")[0]

    def freeze(self, frozen: bool) -> None:
        with contextlib.suppress(OSError):
            os.pwrite(self._freezer, b"1" if frozen else b"0", 0)

    def empty(self) -> bool:
        return not pids(self._path)

    def kill(self) -> None:
        if not write(self._path / "cgroup.kill", 1):
            for pid in pids(self._path):
                kill(pid)

    def close(self) -> None:
        for fd in (*self._procs.values(), self._usage, self._oom, self._stat, self._freezer, self._peak_file):
            if fd is not None:
                os.close(fd)


def resettable(path: Path) -> int | None:
    """memory.peak, if a write begins it anew for this descriptor (Linux 6.12).

    Before that it counts since the directory was made, for other environments too, and samples have to do. Root may
    open it for writing all the same: only the write tells.
    """
    with contextlib.suppress(OSError):
        fd = open_file(path)
        try:
            os.pwrite(fd, b"0", 0)
        except OSError:
            os.close(fd)
        else:
            return fd
    return None
