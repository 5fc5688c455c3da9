"""The kinds of triggers: every folder beside this file."""

import pkgutil
from functools import cache
from importlib import import_module

from functions import triggers
from functions.errors import ResourceNotFoundException
from functions.models import Function
from functions.triggers.base import Row, Trigger


@cache
def kinds() -> dict[str, Trigger]:
    """Every kind by its name, sorted by title."""
    folders = [module.name for module in pkgutil.iter_modules(triggers.__path__) if module.ispkg]
    found: list[Trigger] = [import_module(f"functions.triggers.{name}.trigger").TRIGGER for name in folders]
    return {trigger.kind: trigger for trigger in sorted(found, key=lambda each: each.title)}


def kind(name: str) -> Trigger:
    """Raises ResourceNotFoundException."""
    try:
        return kinds()[name]
    except KeyError:
        raise ResourceNotFoundException(f"There is no trigger of kind {name}.", field="kind") from None


def rows(function: Function) -> list[Row]:
    """All triggers of a function, kind by kind."""
    return [row for trigger in kinds().values() for row in trigger.rows(function)]
