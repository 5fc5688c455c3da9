"""The writing end of the spool: reports of invocations on their way to the database.

A spool is a directory of segments, files of one JSON object a line. A segment has one writer for its whole life, which
holds an exclusive `flock` on it; the kernel drops the lock when the writer closes the segment or dies. So a reader that
gets the lock knows that the segment has ended, and that a last line without newline will never be finished.

Imports neither Django nor anything third-party: the executor uses it.
"""

import logging
import os
import re
import secrets
import time
from fcntl import LOCK_EX, LOCK_UN, flock
from pathlib import Path
from threading import Lock

from monitoring.report import Report, encode

SEGMENT_BYTES = 8 * 1024 * 1024
SEGMENT_SECONDS = 60.0  # an older segment is left at the next report, so that the reader can delete it
SUFFIX = ".jsonl"
COMPLAINT_SECONDS = 10.0  # between two log lines about a spool that cannot be written

logger = logging.getLogger(__name__)


def segment_name(node: str) -> str:
    """Sortable by time, unique among restarts and nodes: `<epoch ns>-<token>-<node><SUFFIX>`."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", node)[:64]
    return f"{time.time_ns():020d}-{secrets.token_hex(4)}-{safe}{SUFFIX}"


class SpoolWriter:
    """Appends reports. Any thread may call it; a report is one `write(2)` and there is no `fsync`.

    A report that was appended survives the death of every process (not of the machine's power). Where it cannot be
    written (disk full, directory gone) invocations go on: the report is dropped, counted in `dropped` and said in the
    log, and `append` answers False. After `close` an append opens a new segment.
    """

    def __init__(self, directory: Path, node: str) -> None:
        self.dropped = 0
        self._directory = Path(directory)
        self._node = node
        self._lock = Lock()
        self._segment = -1
        self._size = 0
        self._leave_at = 0.0
        self._complain_at = 0.0
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    def append(self, report: Report) -> bool:
        """Write one report; True when it is in the spool. Never raises OSError."""
        line = encode(report)
        with self._lock:
            try:
                if self._segment < 0 or self._size >= SEGMENT_BYTES or time.monotonic() >= self._leave_at:
                    self._close()
                    self._open()
                written = os.write(self._segment, line)
            except OSError as error:
                return self._drop(error)
            self._size += written
            if written < len(line):
                self._close()  # the torn line is the segment's last: the reader drops it
                return self._drop(OSError("short write"))
            return True

    def close(self) -> None:
        with self._lock:
            self._close()

    def _open(self) -> None:
        while True:
            segment = os.open(
                self._directory / segment_name(self._node), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600
            )
            flock(segment, LOCK_EX)
            if os.fstat(segment).st_nlink:
                break
            os.close(segment)  # a reader was quicker than our lock, and deleted it as an empty leftover
        self._segment, self._size = segment, 0
        self._leave_at = time.monotonic() + SEGMENT_SECONDS

    def _close(self) -> None:
        if self._segment >= 0:
            flock(self._segment, LOCK_UN)  # at once, even if a forked child still has the descriptor
            os.close(self._segment)
            self._segment = -1

    def _drop(self, error: OSError) -> bool:
        self.dropped += 1
        if time.monotonic() >= self._complain_at:
            self._complain_at = time.monotonic() + COMPLAINT_SECONDS
            logger.error("cannot write the report spool: %s; reports dropped so far: %d", error, self.dropped)
        return False
