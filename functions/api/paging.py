"""Lists in pages, as AWS does: an opaque `Marker`, and at most 50 items in one answer.

A marker holds the sort key of the last item shown, so that a page costs the same wherever it lies, and items that come
or go in between shift nothing.
"""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

from functions.errors import InvalidParameterValueException
from functions.limits import limits

M = TypeVar("M", bound=Model)


def page(
    rows: QuerySet[M], keys: Mapping[str, Callable[[M], Any]], request: Mapping[str, Any]
) -> tuple[list[M], dict[str, str]]:
    """One page of `rows`, and `NextMarker` if there is another. `keys`: field lookup -> how a row shows its value."""
    rows = rows.order_by(*keys)
    if marker := request.get("Marker"):
        values = _decode(marker, len(keys))
        # The first condition follows from the second; it is what an index can use.
        rows = rows.filter(Q(**{f"{next(iter(keys))}__gte": values[0]}) & _after(list(keys), values))
    size = min(request.get("MaxItems") or limits().page_items, limits().page_items)
    found = list(rows[: size + 1])
    if len(found) <= size:
        return found, {}
    last = [key(found[size - 1]) for key in keys.values()]
    return found[:size], {"NextMarker": base64.urlsafe_b64encode(json.dumps(last).encode()).decode()}


def _after(fields: list[str], values: list[Any]) -> Q:
    """(a, b) > (x, y), spelled out."""
    condition = Q(**{f"{fields[-1]}__gt": values[-1]})
    for field, value in zip(reversed(fields[:-1]), reversed(values[:-1]), strict=True):
        condition = Q(**{f"{field}__gt": value}) | (Q(**{field: value}) & condition)
    return condition


def _decode(marker: str, length: int) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(marker.encode()))
    except ValueError:
        values = None
    if not isinstance(values, list) or len(values) != length or not all(type(v) in (str, int) for v in values):
        raise InvalidParameterValueException("Invalid pagination marker.", field="Marker")
    return values
