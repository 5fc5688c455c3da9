"""PublishLayerVersion, GetLayerVersion, GetLayerVersionByArn, ListLayers, ListLayerVersions, DeleteLayerVersion."""

from typing import Any

from functions import lookup
from functions.access import layers as access
from functions.access.caller import Caller
from functions.actions import layer as actions
from functions.api.paging import page
from functions.code.download import location
from functions.code.sources import artifact
from functions.errors import AccessDeniedException, InvalidParameterValueException, ResourceNotFoundException
from functions.layer_arn import LayerReference, parse
from functions.models import LayerVersion
from functions.names import code_sha256, last_modified


def publish_layer_version(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    found = artifact(caller, request["Content"])
    if found is None:
        raise InvalidParameterValueException("Please provide a source for layer content.", field="Content")
    version = actions.publish(
        caller,
        own(caller, request["LayerName"]),
        found,
        description=request.get("Description") or "",
        license_info=request.get("LicenseInfo") or "",
        runtimes=request.get("CompatibleRuntimes"),
        architectures=request.get("CompatibleArchitectures"),
    )
    return _whole(caller, version)


def get_layer_version(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    return _get(caller, parse(request["LayerName"], caller, request["VersionNumber"]))


def get_layer_version_by_arn(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    if ":::awslayer:" in request["Arn"]:
        raise ResourceNotFoundException("The resource you requested does not exist.", field="Arn")
    return _get(caller, parse(request["Arn"], caller))


def list_layers(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    rows = LayerVersion.objects.newest(request.get("CompatibleRuntime"), request.get("CompatibleArchitecture"))
    rows = rows.select_related("layer").filter(layer__account_id=caller.account_id, layer__region=caller.region)
    found, more = page(rows, {"layer__name": lambda row: row.layer.name}, request)
    layers = [
        {"LayerName": row.layer.name, "LayerArn": row.layer.arn, "LatestMatchingVersion": summary(row)} for row in found
    ]
    return {"Layers": layers, **more}


def list_layer_versions(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    reference = own(caller, request["LayerName"], "lambda:ListLayerVersions")
    rows = LayerVersion.objects.matching(request.get("CompatibleRuntime"), request.get("CompatibleArchitecture"))
    rows = rows.select_related("layer").filter(
        layer__account_id=reference.account_id, layer__region=reference.region, layer__name=reference.name
    )
    found, more = page(rows, {"-number": lambda row: row.number}, request)
    return {"LayerVersions": [summary(row) for row in found], **more}


def delete_layer_version(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    actions.delete(caller, own(caller, request["LayerName"], number=request["VersionNumber"]))
    return {}


def own(
    caller: Caller, name: str, action: str = "lambda:PublishLayerVersion", number: int | None = None
) -> LayerReference:
    """The layer that a name or ARN means, which must be of the caller's account and region."""
    reference = parse(name, caller, number)
    if reference.account_id != caller.account_id:
        raise AccessDeniedException(
            f"User: {caller.arn} is not authorized to perform: {action} on resource: {reference.arn} "
            f"because no resource-based policy allows the {action} action",
            Type=None,
        )
    if reference.region != caller.region:
        raise InvalidParameterValueException(
            f"Layers from '{reference.region}' are not reachable in this region ('{caller.region}')", field="LayerName"
        )
    return reference


def summary(version: LayerVersion) -> dict[str, Any]:
    """As lists show a version. Members that were not given when it was published are left out."""
    shown: dict[str, Any] = {
        "LayerVersionArn": version.arn,
        "Version": version.number,
        "Description": version.description,
        "CreatedDate": last_modified(version.created_at),
    }
    if version.license_info:
        shown["LicenseInfo"] = version.license_info
    if version.compatible_runtimes is not None:
        shown["CompatibleRuntimes"] = version.compatible_runtimes
    if version.compatible_architectures is not None:
        shown["CompatibleArchitectures"] = version.compatible_architectures
    return shown


def _get(caller: Caller, reference: LayerReference) -> dict[str, Any]:
    version = lookup.layer_version(reference)
    access.check(caller, reference, version)
    if version is None:
        raise ResourceNotFoundException("The resource you requested does not exist.")
    return _whole(caller, version)


def _whole(caller: Caller, version: LayerVersion) -> dict[str, Any]:
    content: dict[str, Any] = {
        "Location": location(caller, version.package_id),
        "CodeSha256": code_sha256(version.package),
        "CodeSize": version.package.size,
    }
    if version.s3_object:
        content["ResolvedS3Object"] = version.s3_object
    return {**summary(version), "LayerArn": version.layer.arn, "Content": content}
