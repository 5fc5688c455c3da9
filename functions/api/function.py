"""The operations on functions themselves. Dict in, dict out, as the service model spells them."""

from typing import Any

from functions import lookup
from functions.access.caller import Caller
from functions.actions import function as actions
from functions.actions import image as images
from functions.actions import version as versions
from functions.api.configuration import accepted, configuration, summary
from functions.api.paging import page
from functions.arn import parse
from functions.code.download import location
from functions.code.images.fetch import Found
from functions.code.sources import Artifact, artifact
from functions.errors import InvalidParameterValueException
from functions.models import LATEST_PUBLISHED, FunctionVersion

Operation = dict[str, Any]
ZIPPED = ("ZipFile", "S3Bucket", "S3Key", "S3ObjectVersion")


def create_function(caller: Caller, request: Operation) -> Operation:
    reference = parse(request["FunctionName"], None, caller)
    version = actions.create(
        caller,
        reference,
        request,
        _code(caller, request),
        tags=request.get("Tags"),
        publish=bool(request.get("Publish")),
        publish_to=_publish_to(request),
    )
    # AWS names the function, not the version, even when it published one.
    return accepted(version, reference.function_arn, is_new=True)


def get_function(caller: Caller, request: Operation) -> Operation:
    reference = parse(request["FunctionName"], request.get("Qualifier"), caller)
    version = lookup.version(reference)
    shown: Operation = {
        "Configuration": configuration(version, reference.arn),
        "Code": _location(caller, version),
    }
    if version.s3_object:
        shown["Code"]["ResolvedS3Object"] = version.s3_object
    if key := version.extras.get("SourceKMSKeyArn"):
        shown["Code"]["SourceKMSKeyArn"] = key
    if version.function.tags:
        shown["Tags"] = version.function.tags
    if version.function.reserved_concurrency is not None:
        shown["Concurrency"] = {"ReservedConcurrentExecutions": version.function.reserved_concurrency}
    return shown


def get_function_configuration(caller: Caller, request: Operation) -> Operation:
    reference = parse(request["FunctionName"], request.get("Qualifier"), caller)
    return configuration(lookup.version(reference), reference.arn)


def list_functions(caller: Caller, request: Operation) -> Operation:
    rows = FunctionVersion.objects.select_related("function", "package").filter(
        function__account_id=caller.account_id, function__region=caller.region
    )
    if request.get("MasterRegion"):  # asks for replicas of Lambda@Edge: there are none
        if request.get("FunctionVersion") != "ALL":
            raise InvalidParameterValueException("MasterRegion requires FunctionVersion ALL.", field="MasterRegion")
        rows = rows.none()
    if request.get("FunctionVersion") == "ALL":
        found, more = page(
            rows, {"function__name": lambda row: row.function.name, "number": lambda row: row.number}, request
        )
        return {"Functions": [summary(version, version.arn) for version in found], **more}
    found, more = page(rows.filter(number=0), {"function__name": lambda row: row.function.name}, request)
    return {"Functions": [summary(version, version.function.arn) for version in found], **more}


def update_function_code(caller: Caller, request: Operation) -> Operation:
    reference = parse(request["FunctionName"], None, caller)
    version = actions.update_code(
        caller,
        reference,
        _new_code(caller, request, lookup.version(reference.unqualified())),
        architectures=request.get("Architectures"),
        source_kms_key=request.get("SourceKMSKeyArn"),
        publish=bool(request.get("Publish")),
        publish_to=_publish_to(request),
        dry_run=bool(request.get("DryRun")),
        revision_id=request.get("RevisionId"),
    )
    if request.get("DryRun"):
        return configuration(version, reference.function_arn)
    if version.number:
        return accepted(version, version.arn, is_new=version.label != LATEST_PUBLISHED)
    return accepted(version, reference.function_arn, is_new=False)


def update_function_configuration(caller: Caller, request: Operation) -> Operation:
    reference = parse(request["FunctionName"], None, caller)
    version = actions.update_configuration(caller, reference, request, revision_id=request.get("RevisionId"))
    return accepted(version, reference.function_arn, is_new=False)


def delete_function(caller: Caller, request: Operation) -> Operation:
    reference = parse(request["FunctionName"], request.get("Qualifier"), caller)
    if reference.qualifier:
        versions.delete(caller, reference)
    else:
        actions.delete(caller, reference)
    return {"StatusCode": 204}


def _location(caller: Caller, version: FunctionVersion) -> Operation:
    if version.image is None:
        return {"RepositoryType": "S3", "Location": location(caller, version.package_id)}
    return {
        "RepositoryType": "ECR",
        "ImageUri": version.image["uri"],
        "ResolvedImageUri": version.image["resolved"],
    }


def _code(caller: Caller, request: Operation) -> Artifact | Found:
    """The code of CreateFunction."""
    source = request.get("Code") or {}
    uri = source.get("ImageUri")
    if request.get("PackageType") != "Image":
        if uri:
            raise InvalidParameterValueException(
                "Please don't provide ImageUri when the intended function PackageType is Zip.", field="ImageUri"
            )
        return _found(artifact(caller, source))
    if not uri or any(source.get(member) for member in ZIPPED):
        raise InvalidParameterValueException(
            "Please provide ImageUri, and no other FunctionCode parameters, when the intended function PackageType is "
            "Image.",
            field="ImageUri",
        )
    images.check_new(request)  # which is said before the image is looked for
    return images.find(uri)


def _new_code(caller: Caller, request: Operation, version: FunctionVersion) -> Artifact | Found:
    """The code of UpdateFunctionCode."""
    uri = None if any(request.get(member) for member in ZIPPED) and version.image else request.get("ImageUri")
    images.check_kind(version, bool(uri))
    return images.find(uri) if uri else _found(artifact(caller, request))


def _publish_to(request: Operation) -> str | None:
    to: str | None = request.get("PublishTo")
    if to and not request.get("Publish"):
        raise InvalidParameterValueException("PublishTo says where to publish: it needs Publish.", field="PublishTo")
    return to


def _found(code: Artifact | None) -> Artifact:
    if code is None:
        raise InvalidParameterValueException("Please provide a source for function code.", field="ZipFile")
    return code
