"""Many rows at once without model instances: a third of the time `bulk_create` takes."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, models


def insert(
    model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]], conflict: str = ""
) -> None:
    """Insert rows of values that are ready for the driver. `conflict` is an ON CONFLICT clause."""
    if not rows:
        return
    table, *names = map(connection.ops.quote_name, [model._meta.db_table, *columns])
    sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))}) {conflict}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)


def upsert(
    model: type[models.Model], columns: Sequence[str], key: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Insert rows, or where `key` exists already, set the other columns."""
    quote = connection.ops.quote_name
    changes = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in columns if name not in key)
    insert(model, columns, rows, f"ON CONFLICT ({', '.join(map(quote, key))}) DO UPDATE SET {changes}")
