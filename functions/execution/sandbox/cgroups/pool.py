"""The directories of one executor: lent, taken back, and cleared after its death."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from functions.execution.sandbox import uids
from functions.execution.sandbox.cgroups.files import kill, pids, write
from functions.execution.sandbox.cgroups.version_1 import GroupV1
from functions.execution.sandbox.cgroups.version_2 import GroupV2


@dataclass(slots=True)
class Groups:
    """The pool. `roots` is one directory per controller (version 1) or one under "" (version 2)."""

    version: int
    roots: dict[str, Path]
    block: int
    controllers: list[str]
    quota: bool = False  # of CPU time, beside the share
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
            return GroupV2(self.roots[""] / str(self.block) / slot, self.quota)
        return GroupV1({name: root / str(self.block) / slot for name, root in self.roots.items()}, self.quota)

    def give_back(self, group: GroupV1 | GroupV2) -> None:
        """For a group whose pid 1 is dead; the rest of the namespace may take a moment to go."""
        group.freeze(False)
        self._leaving.append(group)
        self.collect()  # now, while nobody waits for it

    def collect(self) -> None:
        for group in self._leaving[:]:
            if group.empty():
                group.reset()
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
                for pid in pids(path):
                    kill(pid)
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
