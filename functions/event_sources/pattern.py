"""Whether a filter of an event source mapping is a pattern at all.

A pattern is an object; each leaf is a list of values, or of conditions like {"prefix": "x"}.
Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""

import json
from typing import Any

COMPARISONS = frozenset(("=", "!=", "<", "<=", ">", ">="))
TEXTS = frozenset(("prefix", "suffix", "equals-ignore-case", "wildcard", "cidr"))
DEEPEST = 100


def is_valid(pattern: str) -> bool:
    try:
        document = json.loads(pattern)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and bool(document) and _fields(document, DEEPEST)


def _fields(document: dict[str, Any], depth: int) -> bool:
    if depth == 0:
        return False
    for name, value in document.items():
        if name == "$or":
            if not isinstance(value, list) or len(value) < 2:
                return False
            if not all(isinstance(each, dict) and each and _fields(each, depth - 1) for each in value):
                return False
        elif isinstance(value, dict):
            if not value or not _fields(value, depth - 1):
                return False
        elif not isinstance(value, list) or not value or not all(map(_is_condition, value)):
            return False
    return True


def _is_condition(value: Any) -> bool:
    if not isinstance(value, dict):
        return value is None or isinstance(value, str | int | float)
    if len(value) != 1:
        return False
    ((operator, operand),) = value.items()
    if operator in TEXTS:
        return isinstance(operand, str) or (
            operator in ("prefix", "suffix") and isinstance(operand, dict) and list(operand) == ["equals-ignore-case"]
        )
    if operator == "exists":
        return isinstance(operand, bool)
    if operator == "numeric":
        return _is_range(operand)
    if operator == "anything-but":
        return _is_exception(operand)
    return False


def _is_range(operand: Any) -> bool:
    """["=", 5], or [">", 0, "<=", 10]"""
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        return False
    signs, bounds = operand[::2], operand[1::2]
    return all(isinstance(sign, str) and sign in COMPARISONS for sign in signs) and all(map(_is_number, bounds))


def _is_exception(operand: Any) -> bool:
    """A value, a list of values, or one condition on text."""
    if isinstance(operand, dict):
        return _is_condition(operand) and next(iter(operand)) in TEXTS
    values = operand if isinstance(operand, list) else [operand]
    return bool(values) and all(isinstance(value, str) or _is_number(value) for value in values)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
