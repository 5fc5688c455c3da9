"""PublishVersion and ListVersionsByFunction."""

from typing import Any

from functions import lookup
from functions.access.caller import Caller
from functions.actions import version as actions
from functions.api.configuration import configuration, summary
from functions.api.paging import page
from functions.arn import parse


def publish_version(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    version = actions.publish(
        caller,
        parse(request["FunctionName"], None, caller),
        description=request.get("Description"),
        expected_sha256=request.get("CodeSha256"),
        revision_id=request.get("RevisionId"),
        publish_to=request.get("PublishTo"),
    )
    return configuration(version, version.arn)


def list_versions_by_function(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    function = lookup.function(parse(request["FunctionName"], None, caller))
    rows = function.versions.select_related("function", "package")
    found, more = page(rows, {"number": lambda row: row.number}, request)
    return {"Versions": [summary(version, version.arn) for version in found], **more}
