"""The Condition element of a policy: operators, each with keys and the values that they may have.

    {"StringLike": {"aws:SourceArn": ["arn:aws:s3:::a*", "arn:aws:s3:::b*"]}, "Bool": {"aws:SecureTransport": "true"}}

All operators and keys must hold; of a key's values one is enough, or, when the operator negates, none may match.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from operator import eq, ge, gt, le, lt
from typing import Any

from functions.access.wildcards import Context, expanded, matches

# Whether a request's value is what a policy's text says. Raises ValueError or OverflowError for what is no number, date
# or address.
Compare = Callable[[str, str, Context], bool]


@dataclass(frozen=True, slots=True)
class Condition:
    """One key under one operator."""

    key: str  # in lower case
    wanted: tuple[str, ...]
    compare: Compare
    negates: bool = False
    if_exists: bool = False
    of_set: str = ""  # ForAllValues or ForAnyValue

    def holds(self, context: Context) -> bool:
        given = context.get(self.key)
        if given is None or given == ():
            if self.of_set:
                return self.of_set == "ForAllValues" or self.if_exists
            return self.negates or self.if_exists
        values = (given,) if isinstance(given, str) else given
        if self.of_set == "ForAllValues":
            return all(self._is_wanted(value, context) for value in values)
        if self.of_set or not self.negates:
            return any(self._is_wanted(value, context) for value in values)
        return all(self._is_wanted(value, context) for value in values)

    def _is_wanted(self, value: str, context: Context) -> bool:
        return any(_agree(self.compare, value, wanted, context) for wanted in self.wanted) != self.negates


@dataclass(frozen=True, slots=True)
class Null:
    """Whether the request has the key at all."""

    key: str
    is_absent: bool

    def holds(self, context: Context) -> bool:
        return (context.get(self.key) is None) == self.is_absent


def compiled(element: Mapping[str, Any]) -> tuple[Condition | Null, ...]:
    """Raises ValueError for an operator that there is not, or a value of the wrong kind."""
    found: list[Condition | Null] = []
    for operator, keys in element.items():
        if not isinstance(keys, dict):
            raise ValueError(f"{operator} must have keys and values")
        found += [_condition(operator, key.lower(), _texts(value)) for key, value in keys.items()]
    return tuple(found)


def _condition(operator: str, key: str, wanted: tuple[str, ...]) -> Condition | Null:
    of_set, colon, name = operator.rpartition(":")
    if of_set not in ("", "ForAllValues", "ForAnyValue") or (colon and not of_set):
        raise ValueError(f"Invalid condition operator: {operator}")
    if name == "Null":
        if wanted not in (("true",), ("false",)):
            raise ValueError("Null must be true or false")
        return Null(key, wanted == ("true",))
    base = name.removesuffix("IfExists")
    positive = base.replace("Not", "", 1)
    if base in OPERATORS:
        return Condition(key, wanted, OPERATORS[base], False, name != base, of_set)
    if positive in NEGATED:
        return Condition(key, wanted, OPERATORS[positive], True, name != base, of_set)
    raise ValueError(f"Invalid condition operator: {operator}")


def _texts(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(each, str | int | float) for each in values):
        raise ValueError("A condition's values must be texts")
    return tuple(str(each).lower() if isinstance(each, bool) else str(each) for each in values)


def _agree(compare: Compare, value: str, wanted: str, context: Context) -> bool:
    try:
        return compare(value, wanted, context)
    except (ValueError, OverflowError):
        return False


def _equal(value: str, wanted: str, context: Context) -> bool:
    return value == expanded(wanted, context)


def _equal_ignoring_case(value: str, wanted: str, context: Context) -> bool:
    filled = expanded(wanted, context)
    return filled is not None and value.casefold() == filled.casefold()


def _like(value: str, wanted: str, context: Context) -> bool:
    return matches(wanted, value, context)


def _arn(value: str, wanted: str, context: Context) -> bool:
    """Part for part: an asterisk reaches over no colon but in the last part."""
    parts, patterns = value.split(":", 5), wanted.split(":", 5)
    return len(parts) == len(patterns) == 6 and all(
        matches(pattern, part, context) for pattern, part in zip(patterns, parts, strict=True)
    )


def _bool(value: str, wanted: str, context: Context) -> bool:
    return value.lower() == wanted.lower()


def _address(value: str, wanted: str, context: Context) -> bool:
    return ip_address(value) in ip_network(wanted, strict=False)


def _number(operator: Callable[[float, float], bool]) -> Compare:
    return lambda value, wanted, context: operator(float(value), float(wanted))


def _date(operator: Callable[[float, float], bool]) -> Compare:
    return lambda value, wanted, context: operator(_moment(value), _moment(wanted))


def _moment(text: str) -> float:
    """ISO 8601, or seconds since 1970."""
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


OPERATORS: dict[str, Compare] = {
    "StringEquals": _equal,
    "StringEqualsIgnoreCase": _equal_ignoring_case,
    "StringLike": _like,
    "ArnEquals": _arn,
    "ArnLike": _arn,
    "Bool": _bool,
    "BinaryEquals": _equal,
    "IpAddress": _address,
    **{
        f"{kind}{name}": of(operator)
        for kind, of in (("Numeric", _number), ("Date", _date))
        for name, operator in (
            ("Equals", eq),
            ("LessThan", lt),
            ("LessThanEquals", le),
            ("GreaterThan", gt),
            ("GreaterThanEquals", ge),
        )
    },
}
# Those that have a Not: StringNotEquals, NotIpAddress.
NEGATED = frozenset(
    {
        "StringEquals",
        "StringEqualsIgnoreCase",
        "StringLike",
        "ArnEquals",
        "ArnLike",
        "IpAddress",
        "NumericEquals",
        "DateEquals",
    }
)
