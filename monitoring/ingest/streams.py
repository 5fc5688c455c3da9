"""Log groups and streams by name: made when they are first written to, their ids remembered."""

from typing import Any, NamedTuple

from django.db import connection

from monitoring.models import LogGroup, LogStream

REMEMBERED = 50_000


class StreamKey(NamedTuple):
    account_id: str
    region: str
    group: str
    stream: str


class StreamIds(NamedTuple):
    stream_id: int
    group_id: int


class StreamTable:
    """One process's view. Ids of a group that was deleted meanwhile break the commit: then `forget` and try again."""

    def __init__(self) -> None:
        self._ids: dict[StreamKey, StreamIds] = {}

    def ids(self, key: StreamKey) -> StreamIds:
        found = self._ids.get(key)
        if found is None:
            group, _ = LogGroup.objects.get_or_create(account_id=key.account_id, region=key.region, name=key.group)
            stream, _ = LogStream.objects.get_or_create(group=group, name=key.stream)
            if len(self._ids) >= REMEMBERED:
                self._ids.clear()
            found = self._ids[key] = StreamIds(stream.pk, group.pk)
        return found

    def forget(self) -> None:
        self._ids.clear()


def touch(spans: dict[int, tuple[int, int]], ingested_ms: int) -> None:
    """Widen the streams' first and last event times. `spans`: stream id -> (first ms, last ms)."""
    table = connection.ops.quote_name(LogStream._meta.db_table)
    sql = (
        f"UPDATE {table} SET "  # noqa: S608
        "first_event_ms = CASE WHEN first_event_ms < %s THEN first_event_ms ELSE %s END, "
        "last_event_ms = CASE WHEN last_event_ms > %s THEN last_event_ms ELSE %s END, "
        "last_ingestion_ms = %s WHERE id = %s"
    )
    rows: list[tuple[Any, ...]] = [
        (first, first, last, last, ingested_ms, stream_id) for stream_id, (first, last) in sorted(spans.items())
    ]
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)
