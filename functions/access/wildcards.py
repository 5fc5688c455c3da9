"""Texts of a policy that stand for many: `*` is any text, `?` any character, `${aws:username}` a value of the request.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

# What is known of a request, by condition key in lower case: one value, or the values of a key that may have several.
Context = Mapping[str, str | Sequence[str]]

VARIABLE = re.compile(r"\$\{([^}]*)\}")
LITERALS = ("*", "?", "$")  # ${*} is an asterisk


def matches(pattern: str, value: str, context: Context) -> bool:
    """Whether the whole value is one that the pattern means. Never when a variable in it has no value."""
    if "${" not in pattern:
        return _compiled(pattern).fullmatch(value) is not None
    expression = _expression(pattern, context)
    return expression is not None and re.fullmatch(expression, value, re.DOTALL) is not None


def expanded(text: str, context: Context) -> str | None:
    """The text with its variables filled in; None when one has no value."""
    parts = VARIABLE.split(text)
    for number in range(1, len(parts), 2):
        value = _value(parts[number], context)
        if value is None:
            return None
        parts[number] = value
    return "".join(parts)


def _value(name: str, context: Context) -> str | None:
    value = name if name in LITERALS else context.get(name.lower())
    return value if isinstance(value, str) else None


def _expression(pattern: str, context: Context) -> str | None:
    pieces = [""]  # between the asterisks
    for number, part in enumerate(VARIABLE.split(pattern)):
        if number % 2:
            value = _value(part, context)
            if value is None:
                return None
            pieces[-1] += re.escape(value)
        else:
            first, *others = (re.escape(each).replace(r"\?", ".") for each in part.split("*"))
            pieces[-1] += first
            pieces += others
    if len(pieces) == 1:
        return pieces[0]
    first, *middle, last = pieces
    # The first place where a piece fits will do, and is not left again: no pattern makes the search long.
    return first + "".join(f"(?>.*?{each})" for each in middle) + ".*" + last


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(_expression(pattern, {}) or "", re.DOTALL)
