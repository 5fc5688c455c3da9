"""The constraints of a service model, checked, in AWS's words.

    1 validation error detected: Value 'x' at 'functionName' failed to satisfy constraint: Member must ...

Source: responses recorded from AWS; nothing of this is documented.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from functions.actions.runtime import KNOWN, LISTED
from functions.errors import ValidationException

# Most services call it a ValidationException.
CODES = {
    "cloudwatch": "ValidationError",
    "iam": "ValidationError",
    "logs": "InvalidParameterException",
    "sts": "ValidationError",
}
NOT_NULL = "Member must not be null"
# AWS checks these itself, later and in other words, though the public model has an enum or range for them.
LEFT_TO_THE_SERVICE = frozenset({("lambda", "Runtime"), ("lambda", "MemorySize")})
# Members with names of runtimes, and how AWS lists what it takes there: neither list is the public model's.
RUNTIMES = {"compatibleRuntime": KNOWN, "compatibleRuntimes": LISTED}
# AWS's own model lets these items be null, so it does not say that they must not be.
NULLABLE_ITEMS = frozenset({("lambda", "SubnetId"), ("lambda", "SecurityGroupId")})
# Members that AWS checks last, wherever the public model has them.
LAST = frozenset({("lambda", "CompatibleArchitectures")})
# AWS prints an enum in the order of its own model, which is mostly the public model's.
ENUM_ORDERS = {
    frozenset(order): order for order in (("LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"), ("Terminate", "Allow"))
}
# Java's classes of characters, as near as Python's `re` has them, to stand inside [...].
JAVA_CLASSES = {
    r"\p{L}": r"\w",
    r"\p{N}": r"\d",
    r"\p{Z}": r"\s",
    r"\p{Zs}": r"\s",
    r"\p{M}": "\u0300-\u036f",
    r"\p{P}": r"!-/:-@\[-`{-~\u00a1-\u00bf\u2010-\u205e",
    r"\p{S}": r"\u20a0-\u2bff",
    r"\w-": r"\w\-",
}


def members(operation: OperationModel, given: dict[str, Any]) -> None:
    """Raise ValidationException with all that is wrong with the members of a request, in the model's order."""
    shape = operation.input_shape
    if shape is None:
        return
    service = operation.service_model.service_name
    found = list(_structure(service, shape, given, ""))
    if found:
        count = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected: "
        error = ValidationException(count + "; ".join(text for text, _ in found), field=found[0][1])
        error.code = CODES.get(service, error.code)
        raise error


def _structure(service: str, shape: StructureShape, given: dict[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    required = set(shape.required_members)
    for name, member in sorted(shape.members.items(), key=lambda item: (service, item[0]) in LAST):
        path = prefix + name[:1].lower() + name[1:]
        value = given.get(name)
        if value is None:
            if name in required:
                yield _text(None, path, NOT_NULL, member), name
            continue
        for text in _member(service, member, value, path):
            yield text, name


def _member(service: str, shape: Shape, value: Any, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        for text, _ in _structure(service, shape, value, path + "."):
            yield text
        return
    if service == "lambda" and path in RUNTIMES:
        names = shape.member.metadata["enum"] if isinstance(shape, ListShape) else shape.metadata["enum"]
        if any(each not in names for each in (value if isinstance(value, list) else [value])):
            yield _text(value, path, f"Member must satisfy enum value set: [{RUNTIMES[path]}]", shape)
    if (service, shape.name) not in LEFT_TO_THE_SERVICE:
        for constraint in _broken(shape, value):
            yield _text(value, path, constraint, shape)
    if isinstance(shape, ListShape):
        yield from _items(service, shape, value, path)
    elif isinstance(shape, MapShape):
        yield from _entries(service, shape, value, path)


def _items(service: str, shape: ListShape, value: list[Any], path: str) -> Iterator[str]:
    if isinstance(shape.member, StructureShape | ListShape | MapShape):
        for number, item in enumerate(value, 1):
            if item is not None:
                yield from _member(service, shape.member, item, f"{path}.{number}.member")
        return
    item = (service, shape.member.name)
    if item not in LEFT_TO_THE_SERVICE and _any_broken(shape.member, value):
        constraints = _all(shape.member, nullable=item in NULLABLE_ITEMS)
        yield _text(value, path, f"Member must satisfy constraint: [{constraints}]", shape)


def _entries(service: str, shape: MapShape, value: dict[str, Any], path: str) -> Iterator[str]:
    if _any_broken(shape.key, value):
        yield _text(value, path, f"Map keys must satisfy constraint: [{_all(shape.key, nullable=True)}]", shape)
    if isinstance(shape.value, StructureShape | ListShape | MapShape):
        for key, item in value.items():
            if item is not None:
                yield from _member(service, shape.value, item, f"{path}.{key}.member")
    elif _any_broken(shape.value, value.values()):
        yield _text(value, path, f"Map value must satisfy constraint: [{_all(shape.value)}]", shape)


def _any_broken(shape: Shape, values: Any) -> bool:
    return any(value is None or any(_broken(shape, value)) for value in values)


def _broken(shape: Shape, value: Any) -> Iterator[str]:
    """The constraints of a shape that a value breaks, in AWS's order."""
    facts = shape.metadata
    if isinstance(value, str | bytes | list | dict):
        size: Any = len(value)
        what = "length"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        size, what = value, "value"
    else:
        return
    kind = shape.type_name
    if "pattern" in facts and isinstance(value, str) and not _matches(facts["pattern"], value):
        yield f"Member must satisfy regular expression pattern: {facts['pattern']}"
    if "max" in facts and size > facts["max"]:
        yield f"Member must have {what} less than or equal to {_bound(kind, facts['max'])}"
    if "min" in facts and size < facts["min"]:
        yield f"Member must have {what} greater than or equal to {_bound(kind, facts['min'])}"
    if facts.get("enum") and value not in facts["enum"]:
        yield f"Member must satisfy enum value set: [{enum_set(tuple(facts['enum']))}]"


def _all(shape: Shape, *, nullable: bool = False) -> str:
    """Every constraint of a shape: AWS lists them all when one member of a collection breaks one."""
    facts = shape.metadata
    what = "length" if shape.type_name in ("string", "blob") else "value"
    kind = shape.type_name
    texts = []
    if "max" in facts:
        texts.append(f"Member must have {what} less than or equal to {_bound(kind, facts['max'])}")
        texts.append(f"Member must have {what} greater than or equal to {_bound(kind, facts.get('min', 0))}")
    elif "min" in facts:
        texts.append(f"Member must have {what} greater than or equal to {_bound(kind, facts['min'])}")
    if "pattern" in facts:
        texts.append(f"Member must satisfy regular expression pattern: {facts['pattern']}")
    if facts.get("enum"):
        texts.append(f"Member must satisfy enum value set: [{enum_set(tuple(facts['enum']))}]")
    return ", ".join(texts if nullable else [*texts, NOT_NULL])


def _bound(kind: str, bound: Any) -> str:
    return str(float(bound)) if kind in ("double", "float") else str(bound)


def _text(value: Any, path: str, constraint: str, shape: Shape) -> str:
    if value is None:
        shown = "Value null"
    elif _is_sensitive(shape):
        shown = "Value"
    else:
        shown = f"Value '{java(value)}'"
    return f"{shown} at '{path}' failed to satisfy constraint: {constraint}"


def _is_sensitive(shape: Shape) -> bool:
    if isinstance(shape, MapShape):
        return bool(shape.metadata.get("sensitive") or _is_sensitive(shape.key) or _is_sensitive(shape.value))
    return bool(shape.metadata.get("sensitive"))


def java(value: Any) -> str:
    """A value as Java prints it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(java, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}={java(item)}' for key, item in value.items())}}}"
    if isinstance(value, bytes):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    if isinstance(value, float):
        return str(Decimal(value)) if value.is_integer() and abs(value) >= 1e7 else str(value)
    return "null" if value is None else str(value)


def enum_set(values: tuple[str, ...]) -> str:
    return ", ".join(ENUM_ORDERS.get(frozenset(values), values))


def _matches(pattern: str, value: str) -> bool:
    return compiled(pattern).fullmatch(value) is not None


@lru_cache(maxsize=2048)
def compiled(pattern: str) -> re.Pattern[str]:
    for java_class, ours in JAVA_CLASSES.items():
        pattern = pattern.replace(java_class, ours)
    return re.compile(pattern)
