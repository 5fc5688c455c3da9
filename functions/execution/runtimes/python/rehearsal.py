"""Stands in for the user's module in the bootstrap's rehearsal."""

from typing import Any


def handler(event: Any, context: Any) -> Any:
    return event
