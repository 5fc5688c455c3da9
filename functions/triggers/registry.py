"""The kinds of triggers: every folder beside this file."""

import pkgutil
from collections.abc import Sequence
from functools import cache
from importlib import import_module

from django.db.models import Q, QuerySet

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


def having_triggers(functions: QuerySet[Function], kind_name: str = "") -> QuerySet[Function]:
    """Those of the functions that have a trigger, of one kind if it is named."""
    condition = Q(pk__in=())
    for name, trigger in kinds().items():
        if kind_name in ("", name):
            condition |= Q(trigger.having())
    return functions.filter(condition)


def rows_of(functions: Sequence[Function], kind_name: str = "") -> list[tuple[Function, Row]]:
    """The triggers of several functions of one account and region, function by function.

    A fixed number of queries: for pages, which take as many functions as they show.
    """
    known = [trigger.rows_of(functions) for name, trigger in kinds().items() if kind_name in ("", name)]
    return [(function, row) for function in functions for found in known for row in found[function.pk]]


def rows(function: Function) -> list[Row]:
    """All triggers of a function, kind by kind."""
    return [row for trigger in kinds().values() for row in trigger.rows(function)]
