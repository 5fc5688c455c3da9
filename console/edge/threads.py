"""What would hold up the loop: reading what is not in memory yet, and dialling."""

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import close_old_connections

from functions.execution.loop import Loop, Promise


class Threads:
    """`run` is for the loop's thread; each call runs in one of `count` others."""

    def __init__(self, loop: Loop, count: int) -> None:
        self._loop = loop
        self._pool = ThreadPoolExecutor(count, "edge")
        self._done: deque[Callable[[], None]] = deque()
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        loop.watch(self._bell, self._rung)

    def run(self, call: Callable[[], Any]) -> Promise[Any]:
        """What it returns or raises, to be awaited."""
        promise: Promise[Any] = Promise(self._loop)
        self._pool.submit(self._run, call, promise)
        return promise

    def _run(self, call: Callable[[], Any], promise: Promise[Any]) -> None:
        try:
            value = call()
        except Exception as error:  # noqa: BLE001 it is raised where it is awaited
            self._done.append(lambda error=error: promise.fail(error))  # type: ignore[misc]
        else:
            self._done.append(lambda: promise.set(value))
        finally:
            close_old_connections()
        os.eventfd_write(self._bell, 1)

    def _rung(self, _events: int) -> None:
        os.eventfd_read(self._bell)
        while self._done:
            self._done.popleft()()
