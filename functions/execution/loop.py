"""The engine's event loop: epoll, timers, and coroutines that wait for a `Promise`.

asyncio would do the same at three times the cost per invocation. One thread, no locks: everything in the executor runs
on this loop, and nothing on it may block.
"""

import heapq
import itertools
import logging
import select
import time
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

V = TypeVar("V")
logger = logging.getLogger(__name__)


class Promise(Generic[V]):
    """A value to come, for one coroutine. `set` may come before or after the `await`; later calls are ignored."""

    __slots__ = ("_coroutine", "_error", "_loop", "_value", "done")

    def __init__(self, loop: "Loop") -> None:
        self._loop = loop
        self._coroutine: Coroutine[Any, None, Any] | None = None
        self._value: V | None = None
        self._error: Exception | None = None
        self.done = False

    def set(self, value: V) -> None:
        if not self.done:
            self.done = True
            self._value = value
            self._wake()

    def fail(self, error: Exception) -> None:
        if not self.done:
            self.done = True
            self._error = error
            self._wake()

    def _wake(self) -> None:
        if self._coroutine is not None:
            self._loop.step(self._coroutine)

    def __await__(self) -> Generator["Promise[V]", None, V]:
        if not self.done:
            yield self
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]

    def bind(self, coroutine: Coroutine[Any, None, Any]) -> None:
        self._coroutine = coroutine


class Timer:
    __slots__ = ("call",)

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        self.call = None


class Loop:
    def __init__(self) -> None:
        self._poll = select.epoll()
        self._readers: dict[int, Callable[[int], None]] = {}
        self._timers: list[tuple[float, int, Timer]] = []
        self._serial = itertools.count()
        self._soon: deque[Callable[[], None]] = deque()
        self._running = False

    # --- descriptors ---

    def watch(self, fd: int, callback: Callable[[int], None], events: int = select.EPOLLIN) -> None:
        """Call `callback(events)` whenever `fd` is ready."""
        self._readers[fd] = callback
        self._poll.register(fd, events)

    def change(self, fd: int, events: int) -> None:
        self._poll.modify(fd, events)

    def forget(self, fd: int) -> None:
        """To be called before the descriptor is closed. Unknown ones are ignored."""
        if self._readers.pop(fd, None) is not None:
            self._poll.unregister(fd)

    # --- time ---

    def later(self, seconds: float, call: Callable[[], None]) -> Timer:
        timer = Timer(call)
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._serial), timer))
        return timer

    def soon(self, call: Callable[[], None]) -> None:
        self._soon.append(call)

    # --- coroutines ---

    def start(self, coroutine: Coroutine[Any, None, Any]) -> None:
        """Run a coroutine until its first wait; it goes on when what it waits for is set."""
        self.step(coroutine)

    def step(self, coroutine: Coroutine[Any, None, Any]) -> None:
        try:
            coroutine.send(None).bind(coroutine)
        except StopIteration:
            pass
        except Exception:
            # One broken invocation must not stop the others.
            logger.exception("a task of the engine failed")

    # --- running ---

    def stop(self) -> None:
        self._running = False

    def run(self) -> None:
        self._running = True
        poll, readers, timers, soon = self._poll.poll, self._readers, self._timers, self._soon
        while self._running:
            wait = -1.0
            if soon:
                wait = 0.0
            elif timers:
                wait = max(0.0, timers[0][0] - time.monotonic())
            for fd, events in poll(wait):
                callback = readers.get(fd)
                if callback is not None:  # a callback before this one may have closed it
                    self._guard(callback, events)
            while soon:
                self._guard(soon.popleft())
            if timers:
                now = time.monotonic()
                while timers and timers[0][0] <= now:
                    timer = heapq.heappop(timers)[2]
                    if timer.call is not None:
                        self._guard(timer.call)

    @staticmethod
    def _guard(call: Callable[..., None], *arguments: Any) -> None:
        try:
            call(*arguments)
        except Exception:
            logger.exception("a callback of the engine failed")
