"""Caches in each process that a change anywhere on the machine empties at once.

A counter lies in a small shared file, mapped by every process of the family. A committed change raises it; a cached
value carries the counter it was read under and is not used under another. Reading the counter costs 0.1 µs, so the hot
path asks the database only after a change. Other machines (a later matter) are bounded by `MAX_AGE`.
"""

import mmap
import os
import struct
import time
from collections.abc import Callable, Hashable
from fcntl import LOCK_EX, LOCK_UN, flock
from functools import cache
from typing import Generic, TypeVar

from django.conf import settings

V = TypeVar("V")
COUNTER = struct.Struct("=Q")
MAX_AGE = 5.0  # seconds


class Generation:
    """The counter. `bump` after a commit, `current` before a read."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if os.fstat(self._file).st_size < COUNTER.size:
            os.ftruncate(self._file, COUNTER.size)
        self._map = mmap.mmap(self._file, COUNTER.size)

    def current(self) -> int:
        value: int = COUNTER.unpack_from(self._map)[0]
        return value

    def bump(self) -> None:
        flock(self._file, LOCK_EX)
        try:
            COUNTER.pack_into(self._map, 0, self.current() + 1)
        finally:
            flock(self._file, LOCK_UN)


@cache
def generation() -> Generation:
    return Generation(str(settings.HEARTH_RUN / "generation"))


class GenerationCache(Generic[V]):
    """Values by key, read again after any change. Threads may share one; two may load the same key at once."""

    def __init__(self, size: int = 10_000) -> None:
        self._size = size
        self._values: dict[Hashable, tuple[int, float, V]] = {}

    def get(self, key: Hashable, load: Callable[[], V]) -> V:
        current = generation().current()  # before the read: a change during it must not be missed
        now = time.monotonic()
        found = self._values.get(key)
        if found is not None and found[0] == current and now - found[1] < MAX_AGE:
            return found[2]
        value = load()
        if len(self._values) >= self._size:
            self._values.clear()
        self._values[key] = (current, now, value)
        return value
