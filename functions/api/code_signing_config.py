"""Code signing configurations, and which functions have them. Terraform asks for that after each change of a function.

CreateCodeSigningConfig, GetCodeSigningConfig, UpdateCodeSigningConfig, DeleteCodeSigningConfig, ListCodeSigningConfigs,
PutFunctionCodeSigningConfig, GetFunctionCodeSigningConfig, DeleteFunctionCodeSigningConfig,
ListFunctionsByCodeSigningConfig.
"""

from typing import Any

from functions import lookup
from functions.access.caller import Caller
from functions.actions import code_signing_config as actions
from functions.api.paging import page
from functions.arn import parse
from functions.models import CodeSigningConfig
from functions.names import last_modified


def create_code_signing_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    config = actions.create(
        caller,
        publishers=request["AllowedPublishers"]["SigningProfileVersionArns"],
        untrusted=_untrusted(request) or CodeSigningConfig.Untrusted.WARN,
        description=request.get("Description") or "",
        tags=request.get("Tags") or {},
    )
    return {"CodeSigningConfig": show(config)}


def get_code_signing_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    return {"CodeSigningConfig": show(actions.get(caller, request["CodeSigningConfigArn"]))}


def update_code_signing_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    publishers = request.get("AllowedPublishers")
    config = actions.update(
        caller,
        request["CodeSigningConfigArn"],
        publishers=publishers["SigningProfileVersionArns"] if publishers else None,
        untrusted=_untrusted(request),
        description=request.get("Description"),
    )
    return {"CodeSigningConfig": show(config)}


def delete_code_signing_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    actions.delete(caller, request["CodeSigningConfigArn"])
    return {}


def list_code_signing_configs(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    rows = CodeSigningConfig.objects.filter(account_id=caller.account_id, region=caller.region)
    found, more = page(rows, {"id": lambda row: row.id}, request)
    return {"CodeSigningConfigs": [show(config) for config in found], **more}


def put_function_code_signing_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    reference = parse(request["FunctionName"], None, caller)
    config = actions.put(caller, reference, request["CodeSigningConfigArn"])
    return {"CodeSigningConfigArn": config.arn, "FunctionName": reference.name}


def get_function_code_signing_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """AWS answers nothing at all for a function without a configuration."""
    function = lookup.function(parse(request["FunctionName"], None, caller))
    if function.code_signing_config is None:
        return {}
    return {"CodeSigningConfigArn": function.code_signing_config.arn, "FunctionName": function.name}


def delete_function_code_signing_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    actions.remove(caller, parse(request["FunctionName"], None, caller))
    return {}


def list_functions_by_code_signing_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    rows = actions.get(caller, request["CodeSigningConfigArn"]).functions.all()
    found, more = page(rows, {"name": lambda row: row.name}, request)
    return {"FunctionArns": [function.arn for function in found], **more}


def show(config: CodeSigningConfig) -> dict[str, Any]:
    """The `CodeSigningConfig` shape."""
    return {
        "CodeSigningConfigId": config.id,
        "CodeSigningConfigArn": config.arn,
        "Description": config.description,
        "AllowedPublishers": {"SigningProfileVersionArns": config.publishers},
        "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": config.untrusted},
        "LastModified": last_modified(config.last_modified),
    }


def _untrusted(request: dict[str, Any]) -> str | None:
    policies: dict[str, str] = request.get("CodeSigningPolicies") or {}
    return policies.get("UntrustedArtifactOnDeployment")
