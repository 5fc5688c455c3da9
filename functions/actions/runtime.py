"""Which runtimes a function may name: those that AWS takes, and of these the ones installed here."""

from functions import stand_ins
from functions.errors import InvalidParameterValueException
from functions.execution.runtimes.discovery import installed, look
from functions.execution.runtimes.table import RUNTIMES

# What AWS lists in its own error message, in its order.
LISTED = (
    "nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, java25, python3.10, "
    "python3.11, java21, ruby3.3, ruby3.4, ruby3.2, python3.8, python3.9, java17, nodejs16.x, dotnet10, dotnet8, "
    "java11, dotnet6, nodejs18.x, provided.al2, java8.al2"
)
# What AWS lists where layers are searched, in its order.
KNOWN = (
    "ruby3.5, ruby2.6, dotnetcore1.0, python3.7, nodejs8.10, nasa, ruby2.7, python2.7-greengrass, dotnetcore2.0, "
    "python3.8, java21, dotnet6, dotnetcore2.1, python3.9, java11, nodejs6.10, provided, dotnetcore3.1, dotnet8, "
    "java25, java17, nodejs, nodejs4.3, java8.al2, go1.x, dotnet10, nodejs20.x, go1.9, byol, nodejs10.x, "
    "provided.al2023, nodejs22.x, python3.10, java8, nodejs12.x, python3.11, nodejs24.x, nodejs8.x, python3.12, "
    "nodejs14.x, nodejs8.9, nodejs26.x, python3.13, python3.14, nodejs16.x, python3.15, provided.al2, nodejs4.3-edge, "
    "nodejs18.x, ruby3.2, python3.4, ruby3.3, ruby3.4, ruby2.5, python3.6, python2.7"
)
SNAPSTART = (
    *("java11", "java17", "java21", "java25", "python3.12", "python3.13", "python3.14", "dotnet8", "dotnet10"),
    # Other than on AWS:
    *("nodejs20.x", "nodejs22.x", "nodejs24.x", "nodejs26.x", "ruby3.2", "ruby3.3", "ruby3.4", "ruby4.0"),
)


def check_runtime(account_id: str, runtime: str) -> None:
    """Refuse, with AWS's error, what AWS would refuse; and with a clear one what this machine cannot run."""
    if runtime not in RUNTIMES and runtime not in LISTED.split(", "):
        raise InvalidParameterValueException(
            f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{LISTED}] or be a valid ARN",
            field="Runtime",
        )
    if is_refused(runtime):
        raise InvalidParameterValueException(
            f"The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions. "
            "We recommend you use a supported runtime while creating or updating functions.",
            field="Runtime",
        )
    if runtime not in installed():
        look()
    here = installed()
    if runtime in here or stand_ins.serving(account_id, runtime) is not None:
        return
    raise InvalidParameterValueException(
        f"The runtime {runtime} is not installed on this machine. Installed: {', '.join(here) or 'none'}.",
        field="Runtime",
    )


def is_refused(runtime: str) -> bool:
    """Whether AWS creates no function of it any more. Some of the deprecated ones it still does."""
    return runtime in RUNTIMES and RUNTIMES[runtime].deprecated and runtime not in LISTED.split(", ")


def check_snapstart(runtime: str) -> None:
    if runtime not in SNAPSTART:
        raise InvalidParameterValueException(
            f"{runtime} is not supported for SnapStart enabled functions.", field="SnapStart"
        )
