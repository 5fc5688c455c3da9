"""PutProvisionedConcurrencyConfig, Get..., Delete..., ListProvisionedConcurrencyConfigs."""

from typing import Any

from functions import lookup
from functions.access.caller import Caller
from functions.actions import provisioned_concurrency as actions
from functions.api.paging import page
from functions.arn import FunctionReference, parse
from functions.invoke import provisioning
from functions.invoke.provisioning import Held
from functions.models import ProvisionedConcurrency
from functions.names import last_modified


def put_provisioned_concurrency_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    config = actions.put(caller, _reference(caller, request), request["ProvisionedConcurrentExecutions"])
    return show(config, Held())


def get_provisioned_concurrency_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    config = actions.find(_reference(caller, request))
    return show(config, provisioning.held(config.function)[config.qualifier])


def delete_provisioned_concurrency_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    actions.delete(caller, _reference(caller, request))
    return {}


def list_provisioned_concurrency_configs(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    function = lookup.function(parse(request["FunctionName"], None, caller))
    rows = function.provisioned.select_related("function")
    found, more = page(rows, {"qualifier": lambda row: row.qualifier}, request)
    held = provisioning.held(function) if found else {}
    shown = [{"FunctionArn": config.arn, **show(config, held[config.qualifier])} for config in found]
    return {"ProvisionedConcurrencyConfigs": shown, **more}


def show(config: ProvisionedConcurrency, held: Held) -> dict[str, Any]:
    shown = {
        "RequestedProvisionedConcurrentExecutions": config.requested,
        "AvailableProvisionedConcurrentExecutions": held.available,
        "AllocatedProvisionedConcurrentExecutions": held.allocated,
        "Status": held.status(config.requested),
        "LastModified": last_modified(config.modified_at),
    }
    if held.reason:
        shown["StatusReason"] = held.reason
    return shown


def _reference(caller: Caller, request: dict[str, Any]) -> FunctionReference:
    return parse(request["FunctionName"], request["Qualifier"], caller)
