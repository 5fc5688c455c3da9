"""What the scripts of a page send: a JSON object. Whatever else comes is said, and nothing is done."""

import json
from typing import Any

from django.http import HttpRequest

from functions.limits import limits

STRANGE = "The request is not one that the editor sends."
# What reading a body raises. KeyError and the others: a member that is missing, or of another type.
Malformed = (ValueError, KeyError, TypeError, AttributeError)


class Unfit(ValueError):
    """A value that a person may have typed, and what is wrong with it."""


def read(request: HttpRequest) -> dict[str, Any]:
    """Raises ValueError."""
    try:
        value = json.loads(request.body)
    except RecursionError:
        raise ValueError("too deep") from None
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def text(value: Any) -> str:
    """Raises ValueError for what is no text, Unfit for half of a character: no file or database takes it."""
    if not isinstance(value, str):
        raise ValueError("not a text")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        half = f"U+{ord(value[error.start]):04X}"
        raise Unfit(f"At position {error.start + 1} stands {half}, half of a character. Remove it.") from None
    return value


def items(value: Any) -> list[Any]:
    """At most as many as a package has files."""
    if not isinstance(value, list):
        raise ValueError("not a list")
    if len(value) > limits().package_files:
        raise Unfit(f"A package has at most {limits().package_files:,} files.")
    return value


def path(value: Any) -> str:
    """Of a file in a package. Raises as `text` does."""
    given = text(value)
    if not given.isprintable():
        raise Unfit("A file's name has no control characters.")
    if len(given.encode()) > 1024 or any(len(part.encode()) > 255 for part in given.split("/")):
        raise Unfit("A path has at most 1,024 bytes, and each name in it 255.")
    return given


def complaint(error: Exception) -> str:
    return str(error) if isinstance(error, Unfit) else STRANGE
