"""Timestamps and scalars as text, in the formats that the models name."""

import math
import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from botocore.model import Shape

from console.gateway.errors import Serialization

INTEGERS = frozenset({"integer", "long", "short", "byte"})
FLOATS = frozenset({"float", "double"})
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def timestamp_format(shape: Shape, default: str) -> str:
    return str(shape.serialization.get("timestampFormat", default)).lower()


def write_timestamp(value: datetime, form: str) -> str | int | float:
    value = value if value.tzinfo else value.replace(tzinfo=UTC)
    if form == "unixtimestamp":
        seconds = round(value.timestamp(), 3)
        return int(seconds) if seconds == int(seconds) else seconds
    if form == "rfc822":
        return format_datetime(value.astimezone(UTC), usegmt=True)
    text = value.astimezone(UTC)
    return text.strftime("%Y-%m-%dT%H:%M:%S") + (f".{text.microsecond // 1000:03}Z" if text.microsecond else "Z")


def read_timestamp(value: Any) -> datetime:
    """Seconds since the epoch, ISO 8601 or RFC 822: AWS takes each, whatever the model prefers."""
    try:
        if isinstance(value, bool):
            raise ValueError
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=UTC)
        if NUMBER.fullmatch(value):
            return datetime.fromtimestamp(float(value), UTC)
        read = datetime.fromisoformat(value) if value[:4].isdigit() else parsedate_to_datetime(value)
        return read if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError, OSError, IndexError) as error:
        raise Serialization(f"Invalid timestamp: {str(value)[:64]}") from error


def read_string(text: str) -> str:
    """Text that a database can hold: AWS takes no lone surrogates either."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Serialization("A string holds half a character") from error
    if "\0" in text:
        raise Serialization("A string holds the character NUL")
    return text


def read_text(shape: Shape, text: str) -> Any:
    """A scalar from a header, a query string, a path or a form."""
    kind = shape.type_name
    if kind == "boolean":
        if text.lower() not in ("true", "false"):
            raise Serialization(f"'{text[:64]}' can not be converted to a Boolean")
        return text.lower() == "true"
    if kind in INTEGERS:
        if not re.fullmatch(r"[+-]?[0-9]{1,19}", text):
            raise Serialization(f"'{text[:64]}' can not be converted to an Integer")
        return int(text)
    if kind in FLOATS:
        return read_float(text)
    if kind == "timestamp":
        return read_timestamp(text)
    return read_string(text)


def read_float(text: str) -> float:
    if text in ("NaN", "Infinity", "-Infinity"):
        return float(text)
    if not NUMBER.fullmatch(text):
        raise Serialization(f"'{text[:64]}' can not be converted to a Float")
    return float(text)


def write_text(shape: Shape, value: Any, default_timestamp: str) -> str:
    """A scalar for a header or for XML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return str(write_timestamp(value, timestamp_format(shape, default_timestamp)))
    if isinstance(value, float):
        return write_float(value)
    return str(value)


def write_float(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)


def xml_text(text: str) -> str:
    """Characters that XML cannot hold become the replacement character."""
    return NOT_XML.sub("\ufffd", text)
