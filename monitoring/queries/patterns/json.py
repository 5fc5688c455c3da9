"""JSON patterns: `{ $.level = "ERROR" && $.latency > 3 }`. A message that is not JSON never matches."""

import json
import re
from typing import Any

from monitoring.queries.patterns.expression import Expression, InvalidPattern, Matches, Selector

STEP = re.compile(
    r"""\.?\["(?P<quoted>[^"]*)"\]|\.?\['(?P<single>[^']*)'\]|\[(?P<index>\d+|\*)\]|\.(?P<name>[^.\[\]]+)"""
)


def json_pattern(pattern: str) -> Matches:
    if not pattern.endswith("}"):
        raise InvalidPattern("a JSON pattern ends with '}'")
    condition = Expression(pattern[1:-1], selector).parse()

    def matches(message: str) -> bool:
        if message.lstrip()[:1] not in ("{", "["):  # nearly every line of nearly every log
            return False
        try:
            document = json.loads(message)
        except (ValueError, RecursionError):
            return False
        return condition(document)

    return matches


def selector(kind: str, text: str) -> Selector:
    if kind != "selector":
        raise InvalidPattern(f"'{text}' is not a property selector such as $.name")
    steps: list[str | int] = []
    for found in STEP.finditer(text, 1):
        index, name = found["index"], found["name"]
        if index is not None:
            steps.append(index if index == "*" else int(index))
        elif name == "*":
            steps.append("*")
        else:
            steps.append("." + next(part for part in (found["quoted"], found["single"], name) if part is not None))
    return lambda document: walk(document, steps)


def walk(document: Any, steps: list[str | int]) -> list[Any]:
    """The values at the end of a path. A step is an index, `*` for all, or a name after a dot."""
    values = [document]
    for step in steps:
        if isinstance(step, int):
            values = [v[step] for v in values if isinstance(v, list) and step < len(v)]
        elif step == "*":
            values = [
                item
                for v in values
                if isinstance(v, (list, dict))
                for item in (v.values() if isinstance(v, dict) else v)
            ]
        else:
            values = [v[step[1:]] for v in values if isinstance(v, dict) and step[1:] in v]
    return values
