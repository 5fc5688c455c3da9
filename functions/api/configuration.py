"""How a function version is shown: the `FunctionConfiguration` shape, with members left out as AWS leaves them out."""

from typing import Any
from uuid import uuid4

from functions.actions import runtime_management
from functions.actions.image import REASON, REASON_CODE
from functions.models import FunctionVersion
from functions.names import code_sha256, last_modified


def summary(version: FunctionVersion, arn: str) -> dict[str, Any]:
    """As the lists show it: without state and runtime version. `arn` is the form that was asked for."""
    extras = version.extras
    shown: dict[str, Any] = {
        "FunctionName": version.function.name,
        "FunctionArn": arn,
        "Runtime": version.runtime,
        "Role": version.role,
        "Handler": version.handler,
        "CodeSize": 0 if version.image else version.package.size,
        "Description": version.description,
        "Timeout": version.timeout,
        "MemorySize": version.memory_size,
        "LastModified": last_modified(version.last_modified),
        "CodeSha256": code_sha256(version.package),
        "Version": version.label,
        "TracingConfig": {"Mode": "PassThrough", **extras.get("TracingConfig", {})},
        "RevisionId": str(version.revision_id),
        "PackageType": "Image" if version.image else "Zip",
        "Architectures": version.architectures,
        "EphemeralStorage": {"Size": version.ephemeral_storage},
        "SnapStart": {
            "ApplyOn": "None",
            **extras.get("SnapStart", {}),
            "OptimizationStatus": "On" if version.has_snapshot else "Off",
        },
        "LoggingConfig": {
            "LogFormat": "Text",
            "LogGroup": f"/aws/lambda/{version.function.name}",
            **extras.get("LoggingConfig", {}),
        },
    }
    if version.image:
        del shown["Runtime"], shown["Handler"]
    if config := extras.get("ImageConfig"):
        shown["ImageConfigResponse"] = {"ImageConfig": config}
    if version.capacity_provider:
        del shown["SnapStart"]
    if version.environment or "Environment" in extras:
        shown["Environment"] = {"Variables": version.environment}
    if "VpcConfig" in extras:
        shown["VpcConfig"] = extras["VpcConfig"]
    if version.layers:
        shown["Layers"] = [{"Arn": layer["Arn"], "CodeSize": layer["CodeSize"]} for layer in version.layers]
    if extras.get("DeadLetterConfig", {}).get("TargetArn"):
        shown["DeadLetterConfig"] = extras["DeadLetterConfig"]
    for member in ("CapacityProviderConfig", "FileSystemConfigs", "KMSKeyArn", "TenancyConfig"):
        if extras.get(member):
            shown[member] = extras[member]
    return shown


def configuration(version: FunctionVersion, arn: str) -> dict[str, Any]:
    """As the operations on one function show it."""
    shown = {
        **summary(version, arn),
        "State": version.shown_state,
        "LastUpdateStatus": version.last_update_status,
    }
    if not version.image:
        shown["RuntimeVersionConfig"] = _runtime_version(version)
    if version.state_reason:
        shown |= {"StateReason": version.state_reason, "StateReasonCode": version.state_reason_code}
    if version.last_update_reason:
        shown |= {
            "LastUpdateStatusReason": version.last_update_reason,
            "LastUpdateStatusReasonCode": version.last_update_reason_code,
        }
    return shown


def accepted(version: FunctionVersion, arn: str, *, is_new: bool) -> dict[str, Any]:
    """The answer to a create or update: the state in which AWS accepts it, with a RevisionId that soon is not the last.

    The row is past that state already: see `functions.actions.function`.
    """
    shown = {**configuration(version, arn), "RevisionId": str(uuid4())}
    if is_new:
        del shown["LastUpdateStatus"]
        if version.capacity_provider and not version.number:
            return shown  # nothing is made ready for what cannot be invoked
        return {**shown, "State": "Pending", "StateReason": REASON, "StateReasonCode": REASON_CODE}
    return {
        **shown,
        "LastUpdateStatus": "InProgress",
        "LastUpdateStatusReason": REASON,
        "LastUpdateStatusReasonCode": REASON_CODE,
    }


def _runtime_version(version: FunctionVersion) -> dict[str, Any]:
    shown: dict[str, Any] = {"RuntimeVersionArn": runtime_management.arn(version)}
    if not runtime_management.is_installed(version):
        message = f"Version {version.runtime_version or version.runtime} is not installed on this machine."
        shown["Error"] = {"ErrorCode": "InvalidRuntimeException", "Message": message}
    return shown
