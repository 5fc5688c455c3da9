"""A request to end, made by a signal.

`threading.Event` would not do: set by a handler that interrupts the same thread inside `wait`, it waits for a lock that
this thread holds.
"""

import os
import select
import signal
from types import FrameType


class Stop:
    def __init__(self) -> None:
        self._requested = False
        self._reader, self._writer = os.pipe()

    def on_signal(self, *numbers: signal.Signals) -> "Stop":
        """Main thread only."""
        for number in numbers:
            signal.signal(number, self._handle)
        return self

    def set(self) -> None:
        if not self._requested:
            self._requested = True
            os.write(self._writer, b".")

    def is_set(self) -> bool:
        return self._requested

    def wait(self, seconds: float) -> bool:
        """Sleep, or less when the request comes; whether it has come."""
        select.select([self._reader], [], [], seconds)
        return self._requested

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.set()
