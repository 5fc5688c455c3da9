"""The loop that empties the spool: tail, write, delete what is done. One process for each spool."""

import logging
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from django.db import Error as DatabaseProblem
from django.db import connection

from monitoring.ingest import checks
from monitoring.ingest.segments import READ_BYTES, Segment, Spool
from monitoring.ingest.spool import SUFFIX
from monitoring.ingest.stop import Stop
from monitoring.ingest.writer import Batch, CursorMoved, Writer
from monitoring.live import Publisher
from monitoring.models import SpoolCursor

POLL_SECONDS = 0.1
BATCH_REPORTS = 500
BATCH_BYTES = 4 * 1024 * 1024
BACKOFF_SECONDS = (0.1, 5.0)  # after the first failure, at most
DRAIN_SECONDS = 3.0  # to write what is there when told to stop
LOCK_NAME = ".ingester.lock"
NODE_NAME = ".node"

logger = logging.getLogger(__name__)


class Ingester:
    """Not for several threads: it owns the thread's database connection."""

    def __init__(self, directory: Path) -> None:
        self.written = 0
        self.malformed = 0
        self._directory = directory
        self._spool = Spool(directory, self._offset_of)
        self._tidy = False
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._writer = Writer(node_of(directory))
        self._publisher = Publisher()

    def run(self, stop: Stop) -> None:
        """Work until `stop`. A database that is busy or gone is waited for; nothing is lost meanwhile."""
        backoff = BACKOFF_SECONDS[0]
        with alone(self._directory, stop) as held:
            while held and not stop.is_set():
                try:
                    full = self.step()
                except (DatabaseProblem, CursorMoved, OSError) as problem:
                    logger.warning("the spool cannot be written to the database, trying again: %s", problem)
                    self._start_over()
                    stop.wait(backoff)
                    backoff = min(backoff * 2, BACKOFF_SECONDS[1])
                    continue
                backoff = BACKOFF_SECONDS[0]
                if not full:
                    stop.wait(POLL_SECONDS)
            if held:
                self._drain()

    def step(self) -> bool:
        """Write one batch and delete what is done with. True when there is probably more."""
        if not self._tidy:
            self._delete_done()
        batch = Batch()
        size = 0
        taken, done = [], []
        for segment in self._spool.segments():
            lines = segment.take(BATCH_REPORTS - len(batch.reports))
            if lines:
                taken.append(segment)
                size += sum(map(len, lines))
                self._read(segment, lines, batch)
            elif segment.ended():
                done.append(segment)
            if len(batch.reports) >= BATCH_REPORTS or size >= BATCH_BYTES:
                break
        if taken:
            self._writer.write(batch)
            self.written += len(batch.reports)
        for segment in taken:
            segment.committed = segment.position
        if taken:
            self._publisher.publish(batch.reports)
        for segment in done:
            self._finish(segment)
        return len(batch.reports) >= BATCH_REPORTS or size >= READ_BYTES // 2

    def _read(self, segment: Segment, lines: list[bytes], batch: Batch) -> None:
        for line in lines:
            try:
                batch.reports.append(checks.read(line))
            except checks.Malformed as problem:
                self.malformed += 1
                logger.error("a line of %s is not a report, skipped: %s: %.200r", segment.name, problem, line)
        batch.moves[segment.name] = (segment.committed, segment.position)

    def _finish(self, segment: Segment) -> None:
        if segment.torn:
            logger.warning("%s ends in half a report (%d bytes): its writer was killed", segment.name, segment.torn)
        segment.mark_done()
        SpoolCursor.objects.filter(segment=segment.name).delete()
        self._spool.delete(segment)

    def _drain(self) -> None:
        until = time.monotonic() + DRAIN_SECONDS
        try:
            while self.step() and time.monotonic() < until:
                pass
        except (DatabaseProblem, CursorMoved, OSError) as problem:
            logger.warning("stopped before the spool was empty; the next start goes on: %s", problem)

    def _start_over(self) -> None:
        """Trust nothing that is remembered: a commit whose answer was lost may or may not have happened."""
        self._writer.forget()
        self._spool.forget()
        self._tidy = False
        connection.close()

    def _offset_of(self, name: str) -> int:
        cursor = SpoolCursor.objects.filter(segment=name).first()
        return cursor.offset if cursor else 0

    def _delete_done(self) -> None:
        """Finish what a crash interrupted: the cursor goes before the file, so that neither is forgotten."""
        for path in self._spool.done():
            SpoolCursor.objects.filter(segment=path.with_suffix(SUFFIX).name).delete()
            path.unlink()
        self._tidy = True


def node_of(directory: Path) -> str:
    """The name under which the metrics of this spool are kept: its own for ever, whatever the hosts are called."""
    path = directory / NODE_NAME
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(f"{os.uname().nodename[:40]}-{secrets.token_hex(8)}")
        fresh.rename(path)
    return path.read_text()


@contextmanager
def alone(directory: Path, stop: Stop) -> Iterator[bool]:
    """Hold the spool's lock, waiting while another ingester has it; False when stopped before.

    The kernel drops it when we die.
    """
    lock = os.open(directory / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        held = waiting = False
        while not held and not stop.is_set():
            try:
                flock(lock, LOCK_EX | LOCK_NB)
                held = True
            except BlockingIOError:
                if not waiting:
                    logger.warning("another ingester works on %s: waiting for it to end", directory)
                waiting = True
                stop.wait(1.0)
        yield held
    finally:
        os.close(lock)
