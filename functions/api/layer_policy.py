"""AddLayerVersionPermission, RemoveLayerVersionPermission, GetLayerVersionPolicy."""

from typing import Any

from functions import lookup
from functions.access.caller import Caller
from functions.actions import layer as actions
from functions.actions import policy_document
from functions.api.layer import own


def add_layer_version_permission(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    version, statement = actions.add_permission(
        caller,
        own(caller, request["LayerName"], "lambda:AddLayerVersionPermission", request["VersionNumber"]),
        sid=request["StatementId"],
        action=request["Action"],
        principal=request["Principal"],
        organization_id=request.get("OrganizationId"),
        revision_id=request.get("RevisionId"),
    )
    return {"Statement": policy_document.statement_text(statement), "RevisionId": str(version.policy_revision)}


def remove_layer_version_permission(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    actions.remove_permission(
        caller,
        own(caller, request["LayerName"], "lambda:RemoveLayerVersionPermission", request["VersionNumber"]),
        request["StatementId"],
        revision_id=request.get("RevisionId"),
    )
    return {}


def get_layer_version_policy(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    reference = own(caller, request["LayerName"], "lambda:GetLayerVersionPolicy", request["VersionNumber"])
    version = lookup.layer_version(reference)
    if version is None:
        raise lookup.layer_version_not_found(reference)
    if not version.policy:
        raise policy_document.no_policy()
    policy = policy_document.text(policy_document.document(version.policy))
    return {"Policy": policy, "RevisionId": str(version.policy_revision)}
