"""Texts of a policy that stand for many: `*` is any text, `?` any character, `${aws:username}` a value of the request.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

# What is known of a request, by condition key in lower case: one value, or the values of a key that may have several.
Context = Mapping[str, str | Sequence[str]]

VARIABLE = re.compile(r"\$\{([^}]*)\}")
LITERALS = ("*", "?", "$")  # ${*} is an asterisk


def matches(pattern: str, value: str, context: Context) -> bool:
    """Whether the whole value is one that the pattern means. Never when a variable in it has no value."""
    if "${" not in pattern:
        return _compiled(pattern).fullmatch(value) is not None
    filled = _filled(pattern, context, _expression, re.escape)
    return filled is not None and re.fullmatch(filled, value, re.DOTALL) is not None


def expanded(text: str, context: Context) -> str | None:
    """The text with its variables filled in; None when one has no value."""
    return text if "${" not in text else _filled(text, context, str, str)


def _filled(text: str, context: Context, plain: Callable[[str], str], quote: Callable[[str], str]) -> str | None:
    filled = ""
    for number, part in enumerate(VARIABLE.split(text)):
        if number % 2 == 0:
            filled += plain(part)
            continue
        value = part if part in LITERALS else context.get(part.lower())
        if not isinstance(value, str):
            return None
        filled += quote(value)
    return filled


def _expression(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(_expression(pattern), re.DOTALL)
