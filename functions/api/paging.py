"""Lists in pages, as AWS does: an opaque `Marker`, and at most 50 items in one answer.

A marker holds the sort key of the last item shown, so that a page costs the same wherever it lies, and items that come
or go in between shift nothing.
"""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

from functions.errors import InvalidParameterValueException
from functions.limits import limits

M = TypeVar("M", bound=Model)


def page(
    rows: QuerySet[M], keys: Mapping[str, Callable[[M], Any]], request: Mapping[str, Any]
) -> tuple[list[M], dict[str, str]]:
    """One page of `rows`, and `NextMarker` if there is another.

    `keys`: field lookup (with a minus: downwards) -> how a row shows its value.
    """
    rows = rows.order_by(*keys)
    if marker := request.get("Marker"):
        rows = _rest(rows, list(keys), marker)
    size = min(request.get("MaxItems") or limits().page_items, limits().page_items)
    found = list(rows[: size + 1])
    if len(found) <= size:
        return found, {}
    last = [key(found[size - 1]) for key in keys.values()]
    return found[:size], {"NextMarker": base64.urlsafe_b64encode(json.dumps(last).encode()).decode()}


def _rest(rows: QuerySet[M], fields: list[str], marker: str) -> QuerySet[M]:
    """What comes after the item that the marker names."""
    try:
        values = json.loads(base64.urlsafe_b64decode(marker.encode()))
        if type(values) is not list or len(values) != len(fields) or not all(map(_is_key, values)):
            raise ValueError
        # The first condition follows from the second; it is what an index can use.
        return rows.filter(_compared(fields[0], values[0], "e") & _after(fields, values))
    except (ValueError, TypeError, RecursionError, ValidationError):
        raise InvalidParameterValueException("Invalid pagination marker.", field="Marker") from None


def _after(fields: list[str], values: list[Any]) -> Q:
    """(a, b) > (x, y), spelled out."""
    condition = _compared(fields[-1], values[-1])
    for field, value in zip(reversed(fields[:-1]), reversed(values[:-1]), strict=True):
        condition = _compared(field, value) | (Q(**{field.removeprefix("-"): value}) & condition)
    return condition


def _compared(field: str, value: Any, or_equal: str = "") -> Q:
    how = "lt" if field.startswith("-") else "gt"
    return Q(**{f"{field.removeprefix('-')}__{how}{or_equal}": value})


def _is_key(value: Any) -> bool:
    return type(value) is int or (type(value) is str and "\0" not in value)
