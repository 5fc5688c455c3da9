"""CreateAlias, GetAlias, ListAliases, UpdateAlias, DeleteAlias."""

from typing import Any

from functions import lookup
from functions.access.caller import Caller
from functions.actions import alias as actions
from functions.api.paging import page
from functions.arn import FunctionReference, parse
from functions.errors import ResourceNotFoundException
from functions.models import Alias


def create_alias(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    return show(
        actions.create(
            caller,
            _function(caller, request),
            request["Name"],
            request["FunctionVersion"],
            description=request.get("Description") or "",
            weights=_weights(request),
        )
    )


def get_alias(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    function = _function(caller, request)
    reference = FunctionReference(function.account_id, function.region, function.name, request["Name"])
    alias = lookup.alias(reference)
    if alias is None:
        raise ResourceNotFoundException(f"Cannot find alias arn: {reference.arn}", field="Name")
    return show(alias)


def list_aliases(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    function = lookup.function(_function(caller, request))
    rows = function.aliases.select_related("function")
    if version := request.get("FunctionVersion"):
        rows = rows.filter(version=version)
    found, more = page(rows, {"name": lambda row: row.name}, request)
    return {"Aliases": [show(alias) for alias in found], **more}


def update_alias(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    return show(
        actions.update(
            caller,
            _function(caller, request),
            request["Name"],
            version=request.get("FunctionVersion"),
            description=request.get("Description"),
            weights=_weights(request),
            revision_id=request.get("RevisionId"),
        )
    )


def delete_alias(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    actions.delete(caller, _function(caller, request), request["Name"])
    return {}


def show(alias: Alias) -> dict[str, Any]:
    """The `AliasConfiguration` shape."""
    shown: dict[str, Any] = {
        "AliasArn": alias.arn,
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RevisionId": str(alias.revision_id),
    }
    if alias.routing:
        shown["RoutingConfig"] = {"AdditionalVersionWeights": alias.routing}
    return shown


def _function(caller: Caller, request: dict[str, Any]) -> FunctionReference:
    return parse(request["FunctionName"], None, caller).unqualified()


def _weights(request: dict[str, Any]) -> dict[str, float] | None:
    """None when routing is not mentioned; empty to end it."""
    routing = request.get("RoutingConfig")
    return None if routing is None else routing.get("AdditionalVersionWeights") or {}
