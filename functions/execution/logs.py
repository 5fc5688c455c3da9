"""From a sandbox's log pipe to log events: bounded memory, whatever a handler prints.

The pipe is read when an answer has come (all that was printed before it is in the pipe then: at most its capacity),
every tick of the watch, and on readiness for environments that print much. A full pipe makes the handler wait.
"""

import os
import time
from collections.abc import Callable

PIPE_BYTES = 65_536
# AWS's largest log event. A longer line becomes several.
MAX_EVENT = 256 * 1024
# Of one invocation. What goes beyond is counted, not kept.
MAX_BYTES = 8 * 1024 * 1024
# What an event counts beside its text, as CloudWatch Logs counts it: empty lines are not free.
EVENT_BYTES = 26
TAIL_BYTES = 4096

Line = tuple[int, str]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class LogBuffer:
    """The events of one environment since they were last taken."""

    __slots__ = ("_dropped", "_fd", "_kept", "_partial", "lines", "on_lines", "tail")

    def __init__(self, fd: int) -> None:
        self._fd = fd
        # What is to be kept of lines that were printed at a time.
        self.on_lines: Callable[[int, list[str]], list[str]] | None = None
        self._partial = b""
        self._kept = 0
        self._dropped = 0
        self.lines: list[Line] = []
        self.tail: list[str] = []  # what was taken before the end of the invocation, its last part

    def drain(self) -> int:
        """Read what the pipe holds; the number of bytes."""
        try:
            data = os.read(self._fd, PIPE_BYTES)
        except BlockingIOError:
            return 0
        if self._dropped:
            self._dropped += len(data)
        elif data:
            self._feed(data)
        return len(data)

    def add(self, message: str) -> None:
        """An event of our own: START, END, REPORT, ..."""
        self.lines.append((now_ms(), message))

    @property
    def dropping(self) -> bool:
        """Whether the invocation has logged all it may."""
        return self._dropped > 0

    def end(self) -> None:
        """The invocation has ended: a last line without newline is complete, and what was dropped is said."""
        if self._partial:
            self._keep(self._partial + b"\n", now_ms())
            self._partial = b""
        if self._dropped:
            self.add(f"[hearth] {self._dropped} bytes of output dropped: an invocation may log {MAX_BYTES} bytes\n")
        self._kept = self._dropped = 0

    def take(self) -> list[Line]:
        lines, self.lines = self.lines, []
        return lines

    def _feed(self, data: bytes) -> None:
        at = now_ms()
        whole, newline, self._partial = (self._partial + data).rpartition(b"\n")
        if newline:
            size = len(whole) + 1 + (whole.count(b"\n") + 1) * EVENT_BYTES
            if len(whole) < MAX_EVENT and self._kept + size <= MAX_BYTES:  # nothing to cut: at once, for a flood's sake
                self._kept += size
                lines = whole.decode("utf-8", "replace").split("\n")
                self._take(at, [line.replace("\r", "\n") + "\n" for line in lines])
            else:
                for line in whole.split(b"\n"):
                    self._keep(line + b"\n", at)
        while len(self._partial) >= MAX_EVENT:
            self._keep(self._partial[:MAX_EVENT], at)
            self._partial = self._partial[MAX_EVENT:]

    def _keep(self, line: bytes, at: int) -> None:
        if self._dropped or self._kept + len(line) + EVENT_BYTES > MAX_BYTES:
            self._dropped += len(line)
            return
        self._kept += len(line) + EVENT_BYTES
        for start in range(0, len(line), MAX_EVENT):
            self._take(at, [line[start : start + MAX_EVENT].decode("utf-8", "replace").replace("\r", "\n")])

    def _take(self, at: int, texts: list[str]) -> None:
        self.lines += [(at, text) for text in (texts if self.on_lines is None else self.on_lines(at, texts))]


def tail(lines: list[str]) -> bytes:
    """The last 4 KB, as `LogType: Tail` gives them."""
    size, first = 0, len(lines)
    while first and size < TAIL_BYTES:
        first -= 1
        size += len(lines[first])
    return "".join(lines[first:]).encode("utf-8", "replace")[-TAIL_BYTES:]
