"""Conditions joined by `&&`, `||` and parentheses: what JSON and space-delimited patterns have in common."""

import re
from collections.abc import Callable, Iterator
from typing import Any

Matches = Callable[[str], bool]
Record = Any  # what a condition looks at: a JSON document, or the fields of a line
Condition = Callable[[Record], bool]
# The values that a selector finds in a record: none, one, or with a wildcard several.
Selector = Callable[[Record], list[Any]]

NESTING = 50
TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>"(?:[^"\\]|\\.)*")
      | (?P<operator>&&|\|\||!=|>=|<=|=|>|<|\(|\))
      | (?P<selector>\$(?:\.?\["[^"]*"\]|\.?\['[^']*'\]|\[\d+\]|\[\*\]|\.[^\s\[\]().,=<>!&|"']+)*)
      | (?P<word>[^\s"=<>!&|()]+)
    )""",
    re.VERBOSE,
)
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
}


class InvalidPattern(ValueError):
    """A filter pattern that cannot be read. The message says where or why."""


def unquote(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def tokens(text: str) -> list[tuple[str, str]]:
    """(kind, text) pairs: string, operator, selector, word."""
    found = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise InvalidPattern(f"nothing can be read at '{text[position:].strip()}'")
        found.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return found


class Expression:
    """A recursive descent over the tokens. `select` makes a selector of a token, or raises InvalidPattern."""

    def __init__(self, text: str, select: Callable[[str, str], Selector]) -> None:
        self._tokens = tokens(text)
        self._select = select
        self._at = 0
        self._depth = 0

    def parse(self) -> Condition:
        condition = self._any()
        if self._at < len(self._tokens):
            raise InvalidPattern(f"'{self._tokens[self._at][1]}' is not expected")
        return condition

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise InvalidPattern("the pattern ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _operands(self, operator: str, operand: Callable[[], Condition]) -> Iterator[Condition]:
        yield operand()
        while self._peek() == operator:
            self._next()
            yield operand()

    def _any(self) -> Condition:
        conditions = list(self._operands("||", self._all))
        return conditions[0] if len(conditions) == 1 else lambda record: any(c(record) for c in conditions)

    def _all(self) -> Condition:
        conditions = list(self._operands("&&", self._unit))
        return conditions[0] if len(conditions) == 1 else lambda record: all(c(record) for c in conditions)

    def _unit(self) -> Condition:
        if self._peek() != "(":
            return self._condition()
        self._depth += 1
        if self._depth > NESTING:
            raise InvalidPattern("too many parentheses")
        self._next()
        condition = self._any()
        if self._next()[1] != ")":
            raise InvalidPattern("a parenthesis is not closed")
        self._depth -= 1
        return condition

    def _condition(self) -> Condition:
        select = self._select(*self._next())
        kind, operator = self._next()
        if kind == "word" and operator.upper() == "IS":
            return is_constant(select, self._next()[1].upper())
        if kind == "word" and operator.upper() == "NOT":
            if self._next()[1].upper() != "EXISTS":
                raise InvalidPattern("NOT must be followed by EXISTS")
            return lambda record: not select(record)
        if kind == "word" and operator.upper() == "EXISTS":
            return lambda record: bool(select(record))
        if operator not in COMPARISONS:
            raise InvalidPattern(f"'{operator}' is not a comparison")
        return comparison(select, operator, *self._next())


def is_constant(select: Selector, name: str) -> Condition:
    constants = {"NULL": None, "TRUE": True, "FALSE": False}
    if name not in constants:
        raise InvalidPattern("IS must be followed by NULL, TRUE or FALSE")
    constant = constants[name]
    return lambda record: any(value is constant for value in select(record))


def comparison(select: Selector, operator: str, kind: str, operand: str) -> Condition:
    """A number is compared as a number; other text by `=` and `!=`, with `*` for any text.

    What is absent never matches.
    """
    if kind not in ("string", "word"):
        raise InvalidPattern(f"'{operand}' is not a value")
    if kind == "word" and operand.startswith("%"):
        raise InvalidPattern("regular expressions are not supported")
    compare = COMPARISONS[operator]
    if kind == "word" and NUMBER.fullmatch(operand):
        number = float(operand)
        return lambda record: any(v is not None and compare(v, number) for v in map(as_number, select(record)))
    if operator not in ("=", "!="):
        raise InvalidPattern(f"'{operator}' needs a number, not '{operand}'")
    equals = wildcard(unquote(operand) if kind == "string" else operand)
    wanted = operator == "="
    return lambda record: any(equals(v) is wanted for v in map(as_text, select(record)) if v is not None)


def as_number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, Field) and NUMBER.fullmatch(value):
        return float(value)
    return None


def as_text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return None
    return str(value) if isinstance(value, (int, float)) else None


class Field(str):
    """Text that may stand for a number: a field of a line, unlike a string in a JSON document."""

    __slots__ = ()


def wildcard(pattern: str) -> Callable[[str], bool]:
    """A test for text with `*` for any. In linear time: what a user writes here meets what another wrote."""
    first, *rest = pattern.split("*")
    if not rest:
        return lambda text: text == first
    *middle, last = rest

    def matches(text: str) -> bool:
        if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
            return False
        position, end = len(first), len(text) - len(last)
        for part in middle:
            position = text.find(part, position, end)
            if position < 0:
                return False
            position += len(part)
        return True

    return matches
