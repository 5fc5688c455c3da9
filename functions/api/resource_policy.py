"""AddPermission, RemovePermission, GetPolicy; PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy."""

from typing import Any

from functions.access.caller import Caller
from functions.actions import policy_document
from functions.actions import resource_policy as actions
from functions.arn import FunctionReference, parse
from functions.models import ResourcePolicy


def add_permission(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    statement = actions.add(caller, _function(caller, request), request, revision_id=request.get("RevisionId"))
    return {"Statement": policy_document.statement_text(statement)}


def remove_permission(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    actions.remove(caller, _function(caller, request), request["StatementId"], revision_id=request.get("RevisionId"))
    return {}


def get_policy(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    return _show(actions.find(_function(caller, request)))


def put_resource_policy(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    reference = parse(request["ResourceArn"], None, caller)
    return _show(actions.put(caller, reference, request["Policy"], revision_id=request.get("RevisionId")))


def get_resource_policy(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    return _show(actions.find(parse(request["ResourceArn"], None, caller)))


def delete_resource_policy(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    actions.delete(caller, parse(request["ResourceArn"], None, caller), revision_id=request.get("RevisionId"))
    return {}


def _show(policy: ResourcePolicy) -> dict[str, Any]:
    return {"Policy": policy.document, "RevisionId": str(policy.revision_id)}


def _function(caller: Caller, request: dict[str, Any]) -> FunctionReference:
    return parse(request["FunctionName"], request.get("Qualifier"), caller)
