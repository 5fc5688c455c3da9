"""CreateCapacityProvider, Get..., List..., Update..., Delete..., ListFunctionVersionsByCapacityProvider."""

from typing import Any

from functions.access.caller import Caller
from functions.actions import capacity_provider as actions
from functions.api.paging import page
from functions.models import CapacityProvider
from functions.names import last_modified


def create_capacity_provider(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    made = actions.create(caller, request["CapacityProviderName"], request, request.get("Tags") or {})
    return {"CapacityProvider": show(made, "Pending")}


def get_capacity_provider(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    return {"CapacityProvider": show(actions.find(caller, request["CapacityProviderName"]))}


def list_capacity_providers(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    rows = CapacityProvider.objects.filter(account_id=caller.account_id, region=caller.region)
    if request.get("State", "Active") != "Active":  # a row is active: the other states pass before an answer does
        rows = rows.none()
    found, more = page(rows, {"name": lambda row: row.name}, request)
    return {"CapacityProviders": [show(provider) for provider in found], **more}


def update_capacity_provider(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    return {"CapacityProvider": show(actions.update(caller, request["CapacityProviderName"], request))}


def delete_capacity_provider(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    return {"CapacityProvider": show(actions.delete(caller, request["CapacityProviderName"]), "Deleting")}


def list_function_versions_by_capacity_provider(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    provider = actions.find(caller, request["CapacityProviderName"])
    found, more = page(
        actions.versions(provider),
        {"function__name": lambda row: row.function.name, "number": lambda row: row.number},
        request,
    )
    return {
        "CapacityProviderArn": provider.arn,
        "FunctionVersions": [{"FunctionArn": version.arn, "State": version.shown_state} for version in found],
        **more,
    }


def show(provider: CapacityProvider, state: str = "Active") -> dict[str, Any]:
    return {
        "CapacityProviderArn": provider.arn,
        "State": state,
        **provider.members,
        "LastModified": last_modified(provider.modified_at),
    }
