"""Document bodies (JSON, CBOR) to the members of a shape, and back.

Unknown members are ignored, null is the same as absent. A value of the wrong type is a `SerializationException`.
"""

import base64
import binascii
import json
import math
from datetime import datetime
from typing import Any, ClassVar

import orjson
from botocore.model import ListShape, MapShape, Shape, StructureShape
from cbor2 import CBORTag

from console.gateway.errors import Serialization
from console.gateway.wire.values import (
    FLOATS,
    INTEGERS,
    read_float,
    read_string,
    read_timestamp,
    timestamp_format,
    write_float,
    write_timestamp,
)

LONG = 2**63
TOKENS: dict[type, str] = {
    dict: "START_OBJECT",
    list: "START_ARRAY",
    str: "STRING_VALUE",
    int: "NUMBER_VALUE",
    float: "NUMBER_VALUE",
}
TARGETS = {"string": "a String", "boolean": "a Boolean", "blob": "a ByteBuffer", "timestamp": "a Date"}


def wrong(value: Any, shape: Shape) -> Serialization:
    token = (
        {True: "TRUE_VALUE", False: "FALSE_VALUE"}[value]
        if isinstance(value, bool)
        else TOKENS.get(type(value), "VALUE")
    )
    if shape.type_name in INTEGERS:
        target = "a Long" if shape.type_name == "long" else "an Integer"
    elif shape.type_name in FLOATS:
        target = "a Double" if shape.type_name == "double" else "a Float"
    elif shape.type_name in ("structure", "list", "map"):
        return Serialization(f"Unexpected token {token}: expected a {shape.type_name}")
    else:
        target = TARGETS[shape.type_name]
    return Serialization(f"{token} can not be converted to {target}")


def wire_name(name: str, shape: Shape) -> str:
    return str(shape.serialization.get("name", name))


class Reader:
    """Documents that came from a parser (`json.loads`, `cbor2.loads`) to Python values by shape."""

    def read(self, shape: Shape, value: Any) -> Any:
        kind = shape.type_name
        if isinstance(shape, StructureShape):
            return self.structure(shape, value)
        if isinstance(shape, ListShape):
            if not isinstance(value, list):
                raise wrong(value, shape)
            return [None if item is None else self.read(shape.member, item) for item in value]
        if isinstance(shape, MapShape):
            if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
                raise wrong(value, shape)
            return {
                read_string(key): None if item is None else self.read(shape.value, item) for key, item in value.items()
            }
        if kind in INTEGERS:
            return self.integer(shape, value)
        if kind in FLOATS:
            return self.float(shape, value)
        if kind == "boolean" and isinstance(value, bool):
            return value
        if kind == "string" and isinstance(value, str):
            return read_string(value)
        if kind == "timestamp":
            return self.timestamp(shape, value)
        if kind == "blob":
            return self.blob(shape, value)
        raise wrong(value, shape)

    def structure(self, shape: StructureShape, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise wrong(value, shape)
        members = {}
        for name, member in shape.members.items():
            item = value.get(wire_name(name, member))
            if item is not None:
                members[name] = self.read(member, item)
        return members

    def integer(self, shape: Shape, value: Any) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong(value, shape)
        if not -LONG <= value < LONG:
            raise Serialization(f"Numeric value out of range of {'long' if shape.type_name == 'long' else 'int'}")
        return value

    def float(self, shape: Shape, value: Any) -> float:
        if isinstance(value, str):
            return read_float(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise wrong(value, shape)
        try:
            return float(value)
        except OverflowError as error:
            raise wrong(value, shape) from error

    def timestamp(self, shape: Shape, value: Any) -> datetime:
        return read_timestamp(value)

    def blob(self, shape: Shape, value: Any) -> bytes:
        if not isinstance(value, str):
            raise wrong(value, shape)
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as error:
            raise Serialization(f"Invalid base64 in a blob: {error}") from error


class CborReader(Reader):
    def blob(self, shape: Shape, value: Any) -> bytes:
        if not isinstance(value, bytes):
            raise wrong(value, shape)
        return value


class Writer:
    """Python values to what an encoder (`json.dumps`, `cbor2.dumps`) takes. None is left out."""

    timestamps: ClassVar[str] = "unixtimestamp"

    def write(self, shape: Shape, value: Any) -> Any:
        if isinstance(shape, StructureShape):
            return self.structure(shape, value)
        if isinstance(shape, ListShape):
            return [self.write(shape.member, item) for item in value]
        if isinstance(shape, MapShape):
            return {str(key): self.write(shape.value, item) for key, item in value.items() if item is not None}
        if value is None:
            return None
        if shape.type_name == "timestamp":
            return self.timestamp(shape, value)
        if shape.type_name == "blob":
            return self.blob(value)
        if shape.type_name in FLOATS:
            return self.float(float(value))
        return value

    def structure(self, shape: StructureShape, members: dict[str, Any]) -> dict[str, Any]:
        return {
            wire_name(name, member): self.write(member, members[name])
            for name, member in shape.members.items()
            if members.get(name) is not None
        }

    def timestamp(self, shape: Shape, value: Any) -> Any:
        if not isinstance(value, datetime):
            return value
        return write_timestamp(value, timestamp_format(shape, self.timestamps))

    def blob(self, value: bytes) -> Any:
        return base64.b64encode(value).decode()

    def float(self, value: float) -> Any:
        return value if math.isfinite(value) else write_float(value)


class CborWriter(Writer):
    def timestamp(self, shape: Shape, value: Any) -> Any:
        return CBORTag(1, write_timestamp(value, "unixtimestamp") if isinstance(value, datetime) else value)

    def blob(self, value: bytes) -> Any:
        return bytes(value)

    def float(self, value: float) -> Any:
        return value


def load_json(body: bytes) -> Any:
    """Raises `ValueError` on anything that is not JSON, NaN and too deep a nesting included."""
    try:
        return json.loads(body, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def check_json(body: bytes) -> None:
    """As `load_json`, where the document is not needed: much faster when it is right."""
    try:
        orjson.loads(body)
    except ValueError:
        load_json(body)


def dump_json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
