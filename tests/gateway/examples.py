"""Random members of a shape, by its model: what a client might send, or an operation answer."""

import random
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

WORDS = ["a", "Zoë", "x y", "€uro & <more>", "per%20cent+plus", 'quo"te', "a/b:c", "=?#", "日本"]
DEEPEST = 4


def structure(shape: StructureShape, chance: random.Random, depth: int = 0) -> dict[str, Any]:
    members = {}
    for name, member in shape.members.items():
        if name not in shape.required_members and (depth >= DEEPEST or chance.random() < 0.3):
            continue
        made = value(member, chance, depth)
        if made is not None:
            members[name] = made
    return members


def value(shape: Shape, chance: random.Random, depth: int = 0) -> Any:
    place = shape.serialization.get("location")
    kind = shape.type_name
    if isinstance(shape, StructureShape):
        if shape.serialization.get("eventstream") or getattr(shape, "is_document_type", False):
            return None
        made = structure(shape, chance, depth + 1) if depth < 8 else {}
        if getattr(shape, "is_tagged_union", False) and made:
            name = sorted(made)[0]
            made = {name: made[name]}
        return made or None
    if isinstance(shape, ListShape):
        items = [value(shape.member, chance, depth + 1) for _ in range(chance.randint(1, 3))] if depth < 8 else []
        return [item for item in items if item is not None] or None
    if isinstance(shape, MapShape):
        keys = [value(shape.key, chance, depth + 1).lower() for _ in range(2)]
        entries = {key: value(shape.value, chance, depth + 1) for key in keys}
        return {key: item for key, item in entries.items() if item is not None} or None
    if kind == "string":
        if shape.serialization.get("jsonvalue"):
            return None
        if getattr(shape, "enum", None):
            return chance.choice(shape.enum)
        if place in ("header", "headers"):
            return chance.choice(["plain", "with space", "a=b;c"])
        if place == "uri":  # a server hands %2F over as a slash
            return chance.choice([word for word in WORDS if "/" not in word])
        return chance.choice(WORDS)
    if kind == "timestamp":
        return datetime.fromtimestamp(chance.randint(0, 4_000_000_000), UTC)
    if kind == "blob":
        return chance.randbytes(chance.randint(1, 20))
    if kind == "boolean":
        return chance.random() < 0.5
    if place == "statusCode":
        return 202
    if kind in ("float", "double"):
        return chance.choice([0.5, -1.25, 1e10, 3.0])
    return chance.randint(0, 1000)


def without_empties(found: Any) -> Any:
    """Empty lists, maps and structures are not told apart from absent ones on every wire."""
    if isinstance(found, dict):
        kept = {key: without_empties(item) for key, item in found.items()}
        return {key: item for key, item in kept.items() if item not in ({}, [], None)}
    if isinstance(found, list):
        return [without_empties(item) for item in found]
    return found
