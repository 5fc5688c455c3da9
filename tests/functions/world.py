"""Names, zips and requests that the tests of this package share."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from functions.access.caller import Caller
from functions.api import function
from functions.execution.runtimes.discovery import installed

ACCOUNT = "111111111111"
REGION = "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/lambda-role"

# What this machine has; where it has them, those of the recordings.
PYTHONS = sorted((each for each in installed() if each.startswith("python")), key=lambda each: each != "python3.12")
PYTHON = PYTHONS[0]
NODE = next(runtime for runtime in installed() if runtime.startswith("nodejs"))


def arn(name: str, qualifier: str = "") -> str:
    base = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    return f"{base}:{qualifier}" if qualifier else base


def zipped(files: Mapping[str, str | bytes] | None = None) -> bytes:
    """A zip of these files; by default a function that answers its event."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in (files or {"app.py": "def handler(event, context):\n    return event\n"}).items():
            archive.writestr(zipfile.ZipInfo(path), content)  # without today's date: the same bytes every time
    return buffer.getvalue()


def request(name: str, **members: Any) -> dict[str, Any]:
    """A CreateFunction request."""
    return {
        "FunctionName": name,
        "Runtime": PYTHON,
        "Handler": "app.handler",
        "Role": ROLE,
        "Code": {"ZipFile": zipped()},
        **members,
    }


def create(caller: Caller, name: str, **members: Any) -> dict[str, Any]:
    return function.create_function(caller, request(name, **members))
