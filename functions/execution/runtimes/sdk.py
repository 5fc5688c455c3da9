"""AWS's SDK for Python in the Python runtimes, as on AWS: Hearth's own boto3 and what that needs.

A function's package and its layers come first on the path, so they may bring others.
"""

import importlib.util
from functools import cache
from pathlib import Path

from functions.execution.runtimes.interpreter import Interpreter

OLDEST = (3, 10)  # that this boto3 runs on
PACKAGES = ("boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil", "six")


def packages(interpreter: Interpreter) -> dict[str, str]:
    """Files and directories by their names in a search path; none for an interpreter that is too old."""
    version = tuple(int(part) for part in interpreter.version.split(".")[:2])
    return found() if version >= OLDEST else {}


@cache
def found() -> dict[str, str]:
    paths: dict[str, str] = {}
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            return {}  # part of it would be no SDK
        path = Path(spec.origin)
        if path.name == "__init__.py":
            path = path.parent
        paths[path.name] = str(path)
    return paths
