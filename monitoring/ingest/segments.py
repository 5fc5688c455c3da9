"""The reading end of the spool: segments in order of their names, tailed by complete lines."""

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from monitoring.ingest.spool import SUFFIX

READ_BYTES = 512 * 1024
DONE = ".done"  # instead of SUFFIX: the database has all of it

logger = logging.getLogger(__name__)


class Segment:
    """One open segment. `position` is where the next line begins, `committed` how far the database has it."""

    def __init__(self, path: Path, committed: int) -> None:
        self.name = path.name
        self.position = self.committed = committed
        self.torn = 0  # bytes of a last line that nobody will finish
        self._path = path
        self._file = os.open(path, os.O_RDONLY)

    def take(self, limit: int) -> list[bytes]:
        """The next complete lines, at most `limit` of them; none when all that is there was taken."""
        size = os.fstat(self._file).st_size
        ask = READ_BYTES
        while size > self.position:
            data = os.pread(self._file, ask, self.position)
            lines = data.split(b"\n", limit)[:-1] if data.count(b"\n", 0) >= limit else data.split(b"\n")[:-1]
            if lines:
                self.position += sum(map(len, lines)) + len(lines)
                return lines
            if len(data) < ask:
                break
            ask *= 2
        return []

    def ended(self) -> bool:
        """Whether the writer has left it and every complete line was taken. Call after `take` gave none."""
        try:
            flock(self._file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            return False
        # The writer may have written between our last look and its end.
        rest = os.pread(self._file, os.fstat(self._file).st_size - self.position, self.position)
        if b"\n" in rest:
            return False
        self.torn = len(rest)
        return True

    def mark_done(self) -> None:
        """Say on disk that the database has all of it: without its cursor it must not be read again.

        An empty one has no cursor, and keeps its name: its writer may be about to lock it.
        """
        if self.position:
            self._path = self._path.rename(self._path.with_suffix(DONE))

    def delete(self) -> None:
        """Remove the file, still under the lock: a writer that just made it sees that, and makes another."""
        with suppress(FileNotFoundError):
            self._path.unlink()
        self.close()

    def close(self) -> None:
        os.close(self._file)


class Spool:
    """The segments of one directory. `offset_of` says how far the database has a segment that is met anew."""

    def __init__(self, directory: Path, offset_of: Callable[[str], int]) -> None:
        self._directory = directory
        self._offset_of = offset_of
        self._open: dict[str, Segment] = {}

    def names(self) -> list[str]:
        with os.scandir(self._directory) as entries:
            return sorted(entry.name for entry in entries if entry.name.endswith(SUFFIX))

    def done(self) -> list[Path]:
        """Segments that were marked as done, and not deleted because of a crash."""
        return sorted(self._directory.glob(f"*{DONE}"))

    def segments(self) -> list[Segment]:
        """What is there now, the oldest first."""
        return [self._open.get(name) or self._enter(name) for name in self.names()]

    def _enter(self, name: str) -> Segment:
        segment = self._open[name] = Segment(self._directory / name, self._offset_of(name))
        return segment

    def delete(self, segment: Segment) -> None:
        del self._open[segment.name]
        segment.delete()

    def forget(self) -> None:
        """Close everything: the next look begins where the database says."""
        for segment in self._open.values():
            segment.close()
        self._open.clear()
