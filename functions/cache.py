"""Caches in each process that a change anywhere on the machine empties at once.

A counter lies in a small shared file, mapped by every process of the family. A committed change raises it; a cached
value carries the counter it was read under and is not used under another. Reading the counter costs 0.1 µs, so the hot
path asks the database only after a change. Other machines (a later matter) are bounded by `MAX_AGE`.
"""

import mmap
import os
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import IntEnum
from fcntl import LOCK_EX, LOCK_UN, flock
from functools import cache
from threading import RLock, local
from typing import Any, Generic, TypeVar

from django.conf import settings

V = TypeVar("V")
COUNTER_BYTES = 8
MAX_AGE = 5.0  # seconds
LOCKS = 16  # of each cache


class Realm(IntEnum):
    """What a cached value was read from. A deployment must not make the front door forget its keys."""

    FUNCTIONS = 0
    ACCESS = 1  # users, memberships, keys


class Generation:
    """The counters, one for each realm. `bump` after a commit, `current` before a read."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        size = COUNTER_BYTES * len(Realm)
        if os.fstat(self._file).st_size < size:
            os.ftruncate(self._file, size)
        self._counters = memoryview(mmap.mmap(self._file, size)).cast("Q")

    def current(self, realm: Realm = Realm.FUNCTIONS) -> int:
        return self._counters[realm]

    def bump(self, *realms: Realm) -> None:
        """Without a realm: all."""
        flock(self._file, LOCK_EX)
        try:
            for realm in realms or Realm:
                self._counters[realm] += 1
        finally:
            flock(self._file, LOCK_UN)


@cache
def generation() -> Generation:
    return Generation(str(settings.HEARTH_RUN / "generation"))


class NotInMemory(Exception):
    """It must be read, and this thread may not wait for that."""


class _Thread(local):
    waits = True


_thread = _Thread()


def never_wait() -> None:
    """From now on this thread gets NotInMemory instead of waiting: it serves others meanwhile."""
    _thread.waits = False


def may_wait() -> bool:
    return _thread.waits


@dataclass(slots=True)
class Entry(Generic[V]):
    value: V
    generation: int
    read_at: float  # monotonic
    load: Callable[[], V]
    used: bool = False  # since it was read


_caches: "list[GenerationCache[Any]]" = []


class GenerationCache(Generic[V]):
    """Values by key, read again after any change. Threads may share one."""

    def __init__(self, size: int = 10_000, realm: Realm = Realm.FUNCTIONS) -> None:
        self._size = size
        self._realm = realm
        self._entries: dict[Hashable, Entry[V]] = {}
        self._locks = [RLock() for _ in range(LOCKS)]
        _caches.append(self)

    def get(self, key: Hashable, load: Callable[[], V]) -> V:
        entry = self._entries.get(key)
        if entry is None or self._is_stale(entry):
            if not _thread.waits:
                raise NotInMemory
            # One thread reads, the others wait for it: hundreds that ask the database at once hold each other up.
            with self._locks[hash(key) % len(self._locks)]:
                entry = self._entries.get(key)
                if entry is None or self._is_stale(entry):
                    entry = self._read(key, load)
        entry.used = True
        return entry.value

    def _is_stale(self, entry: Entry[V]) -> bool:
        return entry.generation != generation().current(self._realm) or time.monotonic() - entry.read_at >= MAX_AGE

    def renew(self) -> None:
        """Read again what was used and is out of date, or nearly: the next call need not. What fails is forgotten."""
        current, soon = generation().current(self._realm), time.monotonic() - MAX_AGE * 0.8
        for key, entry in list(self._entries.items()):
            if entry.used and (entry.generation != current or entry.read_at < soon):
                try:
                    self._read(key, entry.load)
                except Exception:  # noqa: BLE001 it is gone, or the database is: the next call finds out which
                    self._entries.pop(key, None)

    def _read(self, key: Hashable, load: Callable[[], V]) -> Entry[V]:
        current, now = (
            generation().current(self._realm),
            time.monotonic(),
        )  # before: a change meanwhile must not be missed
        entry = Entry(load(), current, now, load)
        if len(self._entries) >= self._size:
            self._entries.clear()
        self._entries[key] = entry
        return entry


def renew() -> None:
    """All caches of this process."""
    for each in _caches:
        each.renew()
