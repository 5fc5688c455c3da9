"""The limits of one environment by cgroup version 2: one directory."""

import contextlib
import os
from pathlib import Path

from functions.execution.sandbox.cgroups.files import kill, open_file, pids, read_fields, read_int, write
from functions.execution.sandbox.cgroups.group import MIB, PIDS
from functions.execution.spec import CPU_MB


class GroupV2:
    counts_tmp = True

    def __init__(self, path: Path) -> None:
        self._path = path
        path.mkdir(parents=True, exist_ok=True)
        self._procs = {"cgroup": open_file(path / "cgroup.procs", os.O_WRONLY)}
        self._usage = open_file(path / "memory.current", os.O_RDONLY)
        self._oom = open_file(path / "memory.events", os.O_RDONLY)
        self._stat = open_file(path / "memory.stat", os.O_RDONLY)
        self._freezer = open_file(path / "cgroup.freeze", os.O_WRONLY)
        self._peak_file: int | None = None
        self._peak_resets = False
        with contextlib.suppress(OSError):
            self._peak_file = open_file(path / "memory.peak", os.O_RDONLY)
        with contextlib.suppress(OSError):  # Linux 6.12: writable, and a write resets it for this descriptor
            writable = open_file(path / "memory.peak")
            os.close(self._peak_file) if self._peak_file is not None else None
            self._peak_file, self._peak_resets = writable, True
        self._sampled = 0
        self._limits = (0, 0, 0)
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
        write(self._path / "cpu.weight", min(10_000, max(1, 100 * memory_mb // vcpu_mb)))

    def usage(self) -> int:
        used = read_int(self._usage)
        self._sampled = max(self._sampled, used)
        return used

    def peak(self) -> int:
        if self._peak_resets and self._peak_file is not None:
            return read_int(self._peak_file)
        # The file counts since the directory was made, for other environments too: the samples have to do.
        return max(self._sampled, self.usage())

    def reset_peak(self) -> None:
        self._sampled = 0
        if self._peak_resets and self._peak_file is not None:
            with contextlib.suppress(OSError):
                os.pwrite(self._peak_file, b"0", 0)

    def held(self) -> int:
        return sum(read_fields(self._stat, b"anon", b"shmem"))

    def reclaimable(self) -> int:
        cache, shared, slab = read_fields(self._stat, b"file", b"shmem", b"slab_reclaimable")
        return cache - shared + slab

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
