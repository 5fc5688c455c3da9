"""The configuration of a function version: what is checked, and how the members of a request become its fields.

The constraints of the service model (patterns, lengths, enums) are checked before, by the gateway; here is what only
the service itself can know.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from functions.access.caller import Caller
from functions.access.decision import refusal
from functions.actions import capacity_provider, network, runtime_management
from functions.actions.destination import check_dead_letter
from functions.actions.runtime import check_runtime, check_snapstart
from functions.errors import (
    AccessDeniedException,
    InvalidParameterValueException,
    ValidationException,
)
from functions.limits import limits
from functions.models import FunctionVersion, Role

# Members of a request that a column holds.
COLUMNS = {
    "Runtime": "runtime",
    "Handler": "handler",
    "Role": "role",
    "Description": "description",
    "MemorySize": "memory_size",
    "Timeout": "timeout",
}
# Kept as they came and shown again.
KEPT = ("DeadLetterConfig", "KMSKeyArn", "TenancyConfig", "TracingConfig")
# Features that would change how a function runs and are not here: refused, never silently ignored.
ABSENT = (
    "AcceleratorConfig",
    "DurableConfig",
    "RuntimeConfig",
)
# The variables that Lambda itself sets. Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
RESERVED_VARIABLES = frozenset(
    (
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
    )
)


def check(caller: Caller, members: Mapping[str, Any]) -> None:
    """Refuse what AWS refuses in the members of CreateFunction or UpdateFunctionConfiguration."""
    if variables := (members.get("Environment") or {}).get("Variables"):
        _check_variables(variables)
    _check_memory(members.get("MemorySize"))
    _check_most("Timeout", "timeout", members.get("Timeout"), limits().timeout_seconds)
    storage = (members.get("EphemeralStorage") or {}).get("Size")
    _check_most("EphemeralStorage", "ephemeralStorage.size", storage, limits().ephemeral_mb)
    refuse_absent(members)
    if members.get("Runtime"):
        check_runtime(caller.account_id, members["Runtime"])
    if members.get("DeadLetterConfig"):
        check_dead_letter(caller, members["DeadLetterConfig"].get("TargetArn") or "")
    if members.get("Role"):
        _check_role(caller, members["Role"])


def refuse_absent(members: Mapping[str, Any]) -> None:
    """Refuse, in any request, what would have no effect here."""
    for member in ABSENT:
        if members.get(member):
            raise InvalidParameterValueException(f"{member} is not supported by this endpoint.", field=member)


def apply(version: FunctionVersion, members: Mapping[str, Any]) -> None:
    """Put the members that are there into the version's fields. Does not save."""
    if members.get("Runtime") not in (None, version.runtime):
        runtime_management.let_go(version)
    for member, column in COLUMNS.items():
        if members.get(member) is not None:
            setattr(version, column, members[member])
    if members.get("EphemeralStorage") is not None:
        version.ephemeral_storage = members["EphemeralStorage"]["Size"]
    if members.get("Architectures"):
        version.architectures = list(members["Architectures"])
    extras = dict(version.extras)
    if members.get("Environment") is not None:
        version.environment = members["Environment"].get("Variables") or {}
        extras["Environment"] = {}  # says that it was given, even if empty: AWS shows it then
    for member in KEPT:
        if members.get(member) is not None:
            extras[member] = members[member]
    if members.get("ImageConfig") is not None:
        extras["ImageConfig"] = {name: value for name, value in members["ImageConfig"].items() if value}
    if not extras.get("ImageConfig"):
        extras.pop("ImageConfig", None)
    if not (extras.get("DeadLetterConfig") or {}).get("TargetArn"):
        extras.pop("DeadLetterConfig", None)  # an empty ARN ends it
    if members.get("CapacityProviderConfig") is not None:
        if version.pk and not version.capacity_provider:
            raise InvalidParameterValueException(
                "CapacityProviderConfig isn't supported for Lambda Default functions.", field="CapacityProviderConfig"
            )
        capacity_provider.bind(version, members["CapacityProviderConfig"])
        extras["CapacityProviderConfig"] = members["CapacityProviderConfig"]
    network.apply(extras, members)
    if members.get("LoggingConfig") is not None:
        extras["LoggingConfig"] = _logging(extras.get("LoggingConfig", {}), members["LoggingConfig"])
    if members.get("SnapStart") is not None:
        extras["SnapStart"] = {"ApplyOn": members["SnapStart"].get("ApplyOn", "None")}
        version.snap_start = extras["SnapStart"]["ApplyOn"] == "PublishedVersions"
    if extras.get("SnapStart", {}).get("ApplyOn", "None") != "None":
        check_snapstart(version.runtime)
        if "TenancyConfig" in extras:
            raise InvalidParameterValueException(
                "SnapStart is not supported for functions with tenant isolation.", field="SnapStart"
            )
    version.extras = extras


def apply_source_key(version: FunctionVersion, arn: str | None) -> None:
    """The KMS key that the package came with: kept by name, and gone with the next package that has none."""
    version.extras = {name: value for name, value in version.extras.items() if name != "SourceKMSKeyArn"}
    if arn:
        version.extras["SourceKMSKeyArn"] = arn


def plain(version: FunctionVersion) -> dict[str, Any]:
    """The members that may be shown to anybody: no variables, which may be secrets."""
    shown = {member: getattr(version, column) for member, column in COLUMNS.items()}
    return {
        **shown,
        "EphemeralStorage": version.ephemeral_storage,
        "Architectures": version.architectures,
        "Layers": [layer["Arn"] for layer in version.layers],
    }


def fingerprint(version: FunctionVersion) -> str:
    """What tells two states of `$LATEST` apart: code and configuration."""
    content = [
        version.package_id,
        version.architectures,
        version.ephemeral_storage,
        version.environment,
        version.extras,
        *(getattr(version, column) for column in COLUMNS.values()),
    ]
    if version.s3_object:
        content.append(version.s3_object)
    if version.layers:
        content.append([layer["Arn"] for layer in version.layers])
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _check_variables(variables: Mapping[str, str]) -> None:
    if reserved := [name for name in variables if name in RESERVED_VARIABLES]:
        raise InvalidParameterValueException(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            "provided contains reserved keys that are currently not supported for modification. Reserved keys used in "
            f"this request: {', '.join(reserved)}",
            field="Environment",
        )
    for name, value in variables.items():
        if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise InvalidParameterValueException(
                "Lambda was unable to configure your environment variables because the environment variables you have "
                f"provided cannot be given to a process: the value of {name} holds a NUL or half a character.",
                field="Environment",
            )
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > limits().environment_bytes:
        raise InvalidParameterValueException(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            f"provided exceeded the 4KB limit. String measured: {measured}",
            field="Environment",
        )


def _check_memory(memory: int | None) -> None:
    if memory is None:
        return
    least, most = limits().least_memory_mb, limits().memory_mb
    if not least <= memory <= most:
        bound = f"less than or equal to {most}" if memory > most else f"greater than or equal to {least}"
        raise InvalidParameterValueException(
            f"'MemorySize' value failed to satisfy constraint: Member must have value {bound}", field="MemorySize"
        )


def _check_most(field: str, member: str, value: int | None, most: int) -> None:
    """The public model's bounds are wider than AWS's own."""
    if value is not None and value > most:
        raise ValidationException(
            f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must "
            f"have value less than or equal to {most}",
            field=field,
        )


def _check_role(caller: Caller, role: str) -> None:
    """The role must be one of the account's. A role of another account is AWS's refusal to pass it."""
    *_, account_id, resource = role.split(":", 5)
    directory, _, name = resource.removeprefix("role").strip("/").rpartition("/")
    if account_id != caller.account_id:
        raise AccessDeniedException("Cross-account pass role is not allowed.", field="Role", Type=None)
    where = f"/{directory}/" if directory else "/"
    if not Role.objects.filter(account_id=account_id, name=name, path=where).exists():
        raise InvalidParameterValueException(
            "The role defined for the function cannot be assumed by Lambda.", field="Role"
        )
    # Users may pass every role of their account: their presets say so. Code must not give itself more than it has.
    why = refusal(caller, "iam:PassRole", None, resource=role) if caller.role else None
    if why is not None:
        raise AccessDeniedException(
            f"User: {caller.arn} is not authorized to perform: iam:PassRole on resource: {role} "
            + why.format(action="iam:PassRole"),
            field="Role",
            Type=None,
        )


def _logging(current: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Members that are left out keep their value. Levels exist with JSON only, and are INFO until they are set."""
    merged = {"LogFormat": "Text", **current, **given}
    if merged["LogFormat"] == "JSON":
        return {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO", **merged}
    if any(given.get(level) for level in ("ApplicationLogLevel", "SystemLogLevel")):
        raise InvalidParameterValueException(
            'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change '
            'the LogFormat to "JSON" and try again.',
            field="LoggingConfig",
        )
    return {member: merged[member] for member in merged if not member.endswith("LogLevel")}
