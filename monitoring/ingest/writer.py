"""Batches of reports to the database, each in one transaction with the cursors that say so: exactly once."""

import logging
import time
from dataclasses import dataclass, field

from django.db import DataError, IntegrityError, transaction

from monitoring.ingest import rows
from monitoring.ingest.bulk import insert
from monitoring.ingest.metrics import BucketTable
from monitoring.ingest.streams import StreamKey, StreamTable, touch
from monitoring.models import Invocation, LogChunk, SpoolCursor
from monitoring.report import Kind, Report

# What the database or its driver says of a value it does not take.
UNACCEPTABLE = (DataError, ValueError, TypeError, OverflowError)

logger = logging.getLogger(__name__)


class CursorMoved(Exception):
    """Somebody else moved a cursor: two ingesters on one spool. Nothing was written."""


@dataclass(slots=True)
class Batch:
    reports: list[Report] = field(default_factory=list)
    moves: dict[str, tuple[int, int]] = field(default_factory=dict)  # segment -> (offset before, after)


class Writer:
    """Not for several threads. After any exception nothing of the batch is written, and `forget` must be called."""

    def __init__(self, node: str) -> None:
        self.refused = 0  # reports that the database did not take
        self._streams = StreamTable()
        self._buckets = BucketTable(node)

    def write(self, batch: Batch) -> None:
        """Write a batch. Raises django.db.Error when the database is busy or gone, CursorMoved."""
        for _ in (1, 2):
            try:
                with transaction.atomic():
                    self._write(batch.reports)
                    self._move(batch)
                return
            except IntegrityError:
                self.forget()  # a log group was deleted meanwhile: its ids are not to be remembered
            except UNACCEPTABLE:
                self.forget()
                break
        self._write_one_by_one(batch)

    def forget(self) -> None:
        self._streams.forget()
        self._buckets.forget()

    def _write_one_by_one(self, batch: Batch) -> None:
        with transaction.atomic():
            for report in batch.reports:
                try:
                    with transaction.atomic():
                        self._write([report])
                except (IntegrityError, *UNACCEPTABLE) as error:
                    self.forget()
                    self.refused += 1
                    logger.error("a report of %s was refused: %s", report.function_name, error)
            self._move(batch)

    def _write(self, reports: list[Report]) -> None:
        now = int(time.time() * 1000)
        invocations = []
        chunks = []
        spans: dict[int, tuple[int, int]] = {}
        for report in reports:
            if report.kind == Kind.INVOCATION:
                invocations.append(rows.invocation(report))
            if not report.lines:
                continue
            stream_id, group_id = self._streams.ids(
                StreamKey(report.account_id[:12], report.region[:32], rows.group_of(report), rows.stream_of(report))
            )
            request = rows.key_of(report.request_id)
            for lines in rows.parts(report.lines):
                chunk = rows.chunk(stream_id, group_id, request, now, lines)
                chunks.append(chunk)
                first, last = spans.get(stream_id, (chunk[3], chunk[4]))
                spans[stream_id] = min(first, chunk[3]), max(last, chunk[4])
        insert(Invocation, rows.INVOCATION_COLUMNS, invocations)
        insert(LogChunk, rows.CHUNK_COLUMNS, chunks)
        if spans:
            touch(spans, now)
        self._buckets.add(reports)

    def _move(self, batch: Batch) -> None:
        new = []
        for segment, (before, after) in batch.moves.items():
            if not SpoolCursor.objects.filter(segment=segment, offset=before).update(offset=after):
                if before:
                    raise CursorMoved(segment)
                new.append((segment, after))
        insert(SpoolCursor, ("segment", "offset"), new)
