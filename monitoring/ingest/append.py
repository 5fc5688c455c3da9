"""Lines that do not come by the spool: those of PutLogEvents."""

import time

from django.db import transaction

from monitoring.ingest import rows
from monitoring.ingest.bulk import insert
from monitoring.ingest.checks import clean, pieces
from monitoring.ingest.streams import touch
from monitoring.models import LogChunk, LogStream


def append(stream: LogStream, lines: rows.Lines) -> None:
    """Write lines to the end of a stream, in the order given. `lines`: (epoch ms, message), at least one."""
    now = int(time.time() * 1000)
    washed = [(at, piece) for at, text in lines for piece in pieces(clean(text))]
    chunks = [rows.chunk(stream.pk, stream.group_id, None, now, part) for part in rows.parts(washed)]
    times = [at for at, _ in lines]
    with transaction.atomic():
        insert(LogChunk, rows.CHUNK_COLUMNS, chunks)
        touch({stream.pk: (min(times), max(times))}, now)
