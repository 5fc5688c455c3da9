"""Limits by cgroup, version 1 or 2: a pool of directories that environments borrow, one at a time.

    <root>/hearth/<block>/<slot>     one per environment; <block> is the executor's (see `uids.py`)

Directories are kept and used again once they are empty: making them costs more than all else here. What a dead executor
left behind is cleared by whoever holds its block's lock next.

AWS does not count /tmp as memory, the kernel does, and the cache of files that were read besides. So the hard limit is
memory + ephemeral storage, within which the kernel reclaims cache, and the executor watches busy environments for
memory in use without /tmp and cache (`Environment.over_memory`).
"""

import contextlib
import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from functions.execution.sandbox import holder, uids

MIB = 1024 * 1024
PIDS = 1024
# AWS gives one whole CPU at 1,769 MB.
CPU_MB = 1769


class Group(Protocol):
    """The limits of one environment. No method raises."""

    counts_tmp: bool  # whether what /tmp holds is part of the figures

    def attach(self, pid: int) -> None:
        """`pid` is the sandbox's pid 1, which has joined already."""

    def files(self) -> dict[str, int]:
        """Descriptors of the cgroup.procs files to join, by a name for each."""

    def limit(self, memory_mb: int, tmp_mb: int) -> None: ...
    def usage(self) -> int:
        """Bytes in use, /tmp included."""

    def peak(self) -> int:
        """Most bytes in use since `reset_peak`, /tmp included."""

    def reset_peak(self) -> None: ...
    def held(self) -> int:
        """Bytes that cannot be reclaimed: anonymous and shared memory, /tmp included. Some 10 us."""

    def reclaimable(self) -> int:
        """Bytes of file cache and kernel caches."""

    def oom_kills(self) -> int: ...
    def freeze(self, frozen: bool) -> None: ...


def read_int(fd: int) -> int:
    try:
        return int(os.pread(fd, 32, 0))
    except (OSError, ValueError):
        return 0


def read_fields(fd: int, *names: bytes) -> list[int]:
    """Values of a file of `name value` lines; 0 for what is not there."""
    try:
        found = dict(line.split(b" ", 1) for line in os.pread(fd, 8192, 0).splitlines())
    except (OSError, ValueError):
        return [0] * len(names)
    return [int(found.get(name, 0)) for name in names]


def write(path: Path, value: object) -> bool:
    try:
        path.write_text(str(value))
    except OSError:
        return False
    return True


def open_file(path: Path, flags: int = os.O_RDWR) -> int:
    return os.open(path, flags | os.O_CLOEXEC)


class GroupV1:
    counts_tmp = True

    def __init__(self, directories: dict[str, Path]) -> None:
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
        self._limits = (0, 0)
        if "pids" in directories:
            write(directories["pids"] / "pids.max", PIDS)

    def attach(self, pid: int) -> None:
        pass

    def files(self) -> dict[str, int]:
        return self._procs

    def limit(self, memory_mb: int, tmp_mb: int) -> None:
        if (memory_mb, tmp_mb) == self._limits:
            return
        self._limits = (memory_mb, tmp_mb)
        memory, total = self._directories["memory"], (memory_mb + tmp_mb) * MIB
        files = [memory / "memory.limit_in_bytes", memory / "memory.memsw.limit_in_bytes"]
        # The one without swap may never exceed the one with it: which goes first depends on the direction.
        if not write(files[0], total):
            files.reverse()
        for file in files:
            if file.exists():
                write(file, total)
        if "cpu" in self._directories:
            write(self._directories["cpu"] / "cpu.shares", max(2, 1024 * memory_mb // CPU_MB))

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
        return all(os.stat(path / "cgroup.procs") and not _pids(path) for path in self._directories.values())

    def kill(self) -> None:
        for pid in {pid for path in self._directories.values() for pid in _pids(path)}:
            _kill(pid)

    def close(self) -> None:
        for fd in (*self._procs.values(), self._usage, self._peak, self._oom, self._stat, self._kernel, self._freezer):
            if fd is not None:
                os.close(fd)


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
        self._limits = (0, 0)
        write(path / "pids.max", PIDS)
        write(path / "memory.swap.max", 0)
        write(path / "memory.oom.group", 1)

    def attach(self, pid: int) -> None:
        pass

    def files(self) -> dict[str, int]:
        return self._procs

    def limit(self, memory_mb: int, tmp_mb: int) -> None:
        if (memory_mb, tmp_mb) == self._limits:
            return
        self._limits = (memory_mb, tmp_mb)
        write(self._path / "memory.max", (memory_mb + tmp_mb) * MIB)
        write(self._path / "cpu.weight", min(10_000, max(1, 100 * memory_mb // CPU_MB)))

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
        return not _pids(self._path)

    def kill(self) -> None:
        if not write(self._path / "cgroup.kill", 1):
            for pid in _pids(self._path):
                _kill(pid)

    def close(self) -> None:
        for fd in (*self._procs.values(), self._usage, self._oom, self._stat, self._freezer, self._peak_file):
            if fd is not None:
                os.close(fd)


def _pids(path: Path) -> list[int]:
    try:
        return [int(line) for line in (path / "cgroup.procs").read_text().split()]
    except OSError:
        return []


def _kill(pid: int) -> None:
    if pid > 0:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@dataclass(slots=True)
class Groups:
    """The pool. `roots` is one directory per controller (version 1) or one under "" (version 2)."""

    version: int
    roots: dict[str, Path]
    block: int
    controllers: list[str]
    _made: int = 0
    _free: list[GroupV1 | GroupV2] = field(default_factory=list)
    _leaving: list[GroupV1 | GroupV2] = field(default_factory=list)

    def borrow(self) -> GroupV1 | GroupV2:
        if self._leaving and not self._free:
            self.collect()
        if self._free:
            return self._free.pop()
        slot = str(self._made)
        self._made += 1
        if self.version == 2:
            return GroupV2(self.roots[""] / str(self.block) / slot)
        return GroupV1({name: root / str(self.block) / slot for name, root in self.roots.items()})

    def give_back(self, group: GroupV1 | GroupV2) -> None:
        """For a group whose pid 1 is dead; the rest of the namespace may take a moment to go."""
        group.freeze(False)
        self._leaving.append(group)

    def collect(self) -> None:
        for group in self._leaving[:]:
            if group.empty():
                group.reset_peak()
                self._leaving.remove(group)
                self._free.append(group)

    def close(self) -> None:
        """Kill what is left and remove the directories of this block."""
        for group in (*self._free, *self._leaving):
            group.close()
        self._free.clear()
        self._leaving.clear()
        clear_block(self.roots, self.block)


def clear_block(roots: dict[str, Path], block: int) -> None:
    """Remove the directories of one block, and what still runs in them. To be called under the block's lock."""
    for root in roots.values():
        base = root / str(block)
        if not base.is_dir():
            continue
        slots = [path for path in base.iterdir() if path.is_dir()]
        for _ in range(50):
            for path in slots:
                write(path / "freezer.state", "THAWED")
                write(path / "cgroup.freeze", 0)
                for pid in _pids(path):
                    _kill(pid)
            slots = [path for path in slots if not _remove(path)]
            if not slots:
                break
            time.sleep(0.02)  # a killed process leaves its cgroup a moment later
        _remove(base)


def clear_dead(roots: dict[str, Path]) -> None:
    """Clear the blocks whose executors are gone."""
    blocks = {int(path.name) for root in roots.values() for path in root.glob("[0-9]*")}
    for block in blocks:
        lock = uids.try_lock(block)
        if lock is not None:
            clear_block(roots, block)
            os.close(lock)


def _remove(path: Path) -> bool:
    try:
        path.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


class Unavailable(Exception):
    """Why there are no cgroups to use."""


def find(mounts: str = "/proc/self/mounts") -> tuple[int, dict[str, Path]]:
    """The version and the directories to work under, made and tried. Raises Unavailable."""
    version_1: dict[str, Path] = {}
    version_2: Path | None = None
    for line in Path(mounts).read_text().splitlines():
        _, target, kind, options = line.split()[:4]
        if kind == "cgroup":
            for controller in {"memory", "pids", "cpu", "freezer"} & set(options.split(",")):
                version_1[controller] = Path(target)
        elif kind == "cgroup2":
            version_2 = Path(target)
    try:
        if "memory" in version_1:
            roots = {name: mount / "hearth" for name, mount in version_1.items()}
            for root in roots.values():
                root.mkdir(exist_ok=True)
                if not os.access(root, os.W_OK):
                    raise Unavailable(f"{root} may not be written")
            return 1, roots
        if version_2 is not None:
            return 2, {"": _prepare_v2(version_2)}
    except OSError as error:
        raise Unavailable(f"cgroups cannot be used: {error}") from error
    raise Unavailable("no cgroup with a memory controller is mounted")


def _prepare_v2(mount: Path) -> Path:
    """A directory whose children have the memory, pids and cpu controllers.

    As root at the top of what is mounted; otherwise under our own cgroup, which must have been delegated to us (a
    systemd unit or scope with Delegate=yes). A cgroup with children that have controllers may hold no process itself:
    those of our own one move to a leaf.
    """
    own = mount / next(
        line.partition("::")[2].lstrip("/")
        for line in Path("/proc/self/cgroup").read_text().splitlines()
        if "::" in line
    )
    top = mount if holder.inside() is None else own
    wanted = "+memory +pids +cpu"
    if not write(top / "cgroup.subtree_control", wanted):
        leaf = top / "supervisor"
        leaf.mkdir(exist_ok=True)
        for pid in _pids(top):
            write(leaf / "cgroup.procs", pid)
        (top / "cgroup.subtree_control").write_text(wanted)
    root = top / "hearth"
    root.mkdir(exist_ok=True)
    (root / "cgroup.subtree_control").write_text(wanted)
    return root


def enable_block(roots: dict[str, Path], version: int, block: int) -> None:
    """Make the block's own directory; in version 2 it must hand the controllers on."""
    for root in roots.values():
        base = root / str(block)
        base.mkdir(exist_ok=True)
        if version == 2:
            (base / "cgroup.subtree_control").write_text("+memory +pids +cpu")
