"""Host user ids for sandboxes: a block of them per executor, held by a file lock for as long as the process lives."""

import os
import stat
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from functions.execution.sandbox import holder

BLOCK = 2048  # ids, so the most sandboxes of one executor
FIRST = 1_879_048_192  # far above people, services, subordinate ids and systemd's own ranges
BLOCKS = 4096


class Exhausted(Exception):
    """Every id of the block is in use."""


@dataclass(slots=True)
class UidBlock:
    """Block `number` of this machine. `lease`/`release` hand out single ids."""

    number: int
    lock: int
    free: list[int]
    distinct: bool  # whether two sandboxes ever differ in host uid

    def lease(self) -> int:
        if not self.distinct:
            return 0  # the holder's own: all that a user without subordinate ids has
        if not self.free:
            raise Exhausted
        return self.free.pop()

    def release(self, uid: int) -> None:
        if self.distinct:
            self.free.append(uid)


def directory() -> Path:
    """Where the locks lie: shared by all executors of a user, private to it."""
    within = holder.inside()
    # A root that works like an ordinary user shares cgroups with other roots, so it must share their locks.
    base = Path(f"/tmp/hearth-{within.user}") if within and within.user else Path("/run/hearth")
    base.mkdir(mode=0o700, exist_ok=True)
    facts = base.lstat()
    if facts.st_uid != os.getuid() or not stat.S_ISDIR(facts.st_mode):
        raise PermissionError(f"{base} belongs to somebody else")
    return base


def try_lock(number: int) -> int | None:
    """The descriptor that holds block `number`, or None while another executor does."""
    fd = os.open(directory() / f"block-{number}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        flock(fd, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd


def take() -> UidBlock:
    """The first free block. Rootless, of the subordinate ids (1 and up inside); without those, a block without ids."""
    within = holder.inside()
    first = 1 if within else FIRST
    available = within.subordinate_ids if within else BLOCKS * BLOCK
    for number in range(available // BLOCK if available else BLOCKS):
        lock = try_lock(number)
        if lock is None:
            continue
        start = first + number * BLOCK
        return UidBlock(
            number, lock, list(range(start + BLOCK - 1, start - 1, -1)) if available else [], bool(available)
        )
    raise Exhausted
