"""Which runtimes a function may name: those AWS supports, and of these the ones installed here."""

from importlib import import_module
from importlib.util import find_spec

from functions.errors import InvalidParameterValueException

# In the order of AWS's own error message.
SUPPORTED = (
    "nodejs20.x",
    "python3.14",
    "provided.al2023",
    "python3.12",
    "python3.13",
    "nodejs24.x",
    "nodejs22.x",
    "java25",
    "python3.10",
    "python3.11",
    "java21",
    "ruby3.3",
    "ruby3.4",
    "ruby3.2",
    "python3.8",
    "python3.9",
    "java17",
    "nodejs16.x",
    "dotnet10",
    "dotnet8",
    "java11",
    "dotnet6",
    "nodejs18.x",
    "provided.al2",
    "java8.al2",
)

# Once supported; AWS knows them and says so.
DEPRECATED = frozenset(
    [
        "nodejs",
        "nodejs4.3",
        "nodejs4.3-edge",
        "nodejs6.10",
        "nodejs8.10",
        "nodejs10.x",
        "nodejs12.x",
        "nodejs14.x",
        "java8",
        "python2.7",
        "python3.6",
        "python3.7",
        "dotnetcore1.0",
        "dotnetcore2.0",
        "dotnetcore2.1",
        "dotnetcore3.1",
        "go1.x",
        "ruby2.5",
        "ruby2.7",
        "provided",
    ]
)

SNAPSTART = frozenset(
    ["java11", "java17", "java21", "java25", "python3.12", "python3.13", "python3.14", "dotnet8", "dotnet10"]
)


def check_runtime(runtime: str) -> None:
    """Refuse, with AWS's error, what AWS would refuse; and with a clear one what this machine cannot run."""
    if runtime in DEPRECATED:
        raise InvalidParameterValueException(
            f"The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions. "
            "We recommend you use a supported runtime while creating or updating functions.",
            field="Runtime",
        )
    if runtime not in SUPPORTED:
        raise InvalidParameterValueException(
            f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{', '.join(SUPPORTED)}] or be a valid ARN",
            field="Runtime",
        )
    here = _installed()
    if runtime not in here:
        raise InvalidParameterValueException(
            f"The runtime {runtime} is not installed on this machine. Installed: {', '.join(sorted(here)) or 'none'}.",
            field="Runtime",
        )


def check_snapstart(runtime: str) -> None:
    if runtime not in SNAPSTART:
        raise InvalidParameterValueException(
            f"{runtime} is not supported for SnapStart enabled functions.", field="SnapStart"
        )


def _installed() -> frozenset[str]:
    discovery = "functions.execution.runtimes.discovery"
    if find_spec(discovery) is None:
        return frozenset(SUPPORTED)
    return frozenset(import_module(discovery).installed())
