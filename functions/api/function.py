"""The operations on functions themselves. Dict in, dict out, as the service model spells them."""

from typing import Any

from functions import lookup
from functions.access.caller import Caller
from functions.actions import function as actions
from functions.actions import version as versions
from functions.api.configuration import accepted, configuration, summary
from functions.api.paging import page
from functions.arn import parse
from functions.code.download import location
from functions.errors import InvalidParameterValueException
from functions.models import FunctionVersion

Operation = dict[str, Any]


def create_function(caller: Caller, request: Operation) -> Operation:
    reference = parse(request["FunctionName"], None, caller)
    version = actions.create(
        caller,
        reference,
        request,
        _code(request.get("Code") or {}, request.get("PackageType") or "Zip"),
        tags=request.get("Tags"),
        publish=bool(request.get("Publish")),
    )
    # AWS names the function, not the version, even when it published one.
    return accepted(version, reference.function_arn, is_new=True)


def get_function(caller: Caller, request: Operation) -> Operation:
    reference = parse(request["FunctionName"], request.get("Qualifier"), caller)
    version = lookup.version(reference)
    shown: Operation = {
        "Configuration": configuration(version, reference.arn),
        "Code": {"RepositoryType": "S3", "Location": location(version.package_id)},
    }
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
        _code(request, "Zip"),
        architectures=request.get("Architectures"),
        publish=bool(request.get("Publish")),
        dry_run=bool(request.get("DryRun")),
        revision_id=request.get("RevisionId"),
    )
    if request.get("DryRun"):
        return configuration(version, reference.function_arn)
    if version.number:
        return accepted(version, version.arn, is_new=True)
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


def _code(source: Operation, package_type: str) -> bytes:
    if package_type == "Image" or source.get("ImageUri"):
        raise InvalidParameterValueException("Container images are not supported by this endpoint.", field="ImageUri")
    if source.get("S3Bucket") or source.get("S3Key"):
        raise InvalidParameterValueException(
            "Code in S3 is not supported by this endpoint yet: send the package as ZipFile.", field="S3Bucket"
        )
    zipped = source.get("ZipFile")
    if zipped is None:
        raise InvalidParameterValueException("Please provide a source for function code.", field="ZipFile")
    return bytes(zipped)
