"""Capacity providers: named pools of worker nodes, and which functions run on them.

Nobody starts machines here: a node joins a pool by its setting HEARTH_CAPACITY_PROVIDER. Networks, instance types and
scaling are kept as they were asked for, for those who start the machines.
"""

from collections.abc import Mapping
from typing import Any

from functions.access.caller import Caller
from functions.actions.base import change
from functions.actions.tags import check_count
from functions.errors import (
    CapacityProviderLimitExceededException,
    InvalidParameterValueException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from functions.limits import limits
from functions.models import Account, CapacityProvider, Function, FunctionVersion, capacity_provider

MEMBERS = (
    "VpcConfig",
    "PermissionsConfig",
    "InstanceRequirements",
    "CapacityProviderScalingConfig",
    "KmsKeyArn",
    "PropagateTags",
    "TelemetryConfig",
)


def create(caller: Caller, name: str, members: Mapping[str, Any], tags: Mapping[str, str]) -> CapacityProvider:
    """`members` are those of CreateCapacityProvider."""
    name, arn = _named(caller, name)
    _check(members)
    check_count(tags)
    with change(caller, "CreateCapacityProvider", arn):
        Account.objects.select_for_update(no_key=True).filter(pk=caller.account_id).first()
        rows = CapacityProvider.objects.filter(account_id=caller.account_id, region=caller.region)
        if rows.filter(name=name).exists():
            raise ResourceConflictException(f"Capacity provider already exists: {arn}", field="CapacityProviderName")
        most = limits().capacity_providers
        if rows.count() >= most:
            raise CapacityProviderLimitExceededException(
                f"An account has at most {most} capacity providers in a region.", field="CapacityProviderName"
            )
        return CapacityProvider.objects.create(
            account_id=caller.account_id, region=caller.region, name=name, members=_kept(members), tags=dict(tags)
        )


def update(caller: Caller, name: str, members: Mapping[str, Any]) -> CapacityProvider:
    """Members that are absent stay."""
    _check(members)
    with change(caller, "UpdateCapacityProvider", _named(caller, name)[1], changed=sorted(_kept(members))):
        provider = find(caller, name, lock=True)
        provider.members = {**provider.members, **_kept(members)}
        provider.save(update_fields=["members", "modified_at"])
        return provider


def delete(caller: Caller, name: str) -> CapacityProvider:
    """Raises ResourceConflictException while a version of a function is bound to it."""
    with change(caller, "DeleteCapacityProvider", _named(caller, name)[1]):
        provider = find(caller, name, lock=True)
        if versions(provider).exists():
            raise ResourceConflictException(
                f"The capacity provider {provider.arn} is in use by function versions.", field="CapacityProviderName"
            )
        provider.delete()
        return provider


def find(owner: Caller | Function, name: str, *, lock: bool = False) -> CapacityProvider:
    """By name or ARN. `owner` has the account and region."""
    name, arn = _named(owner, name)
    rows = CapacityProvider.objects.select_for_update(no_key=True) if lock else CapacityProvider.objects.all()
    provider = rows.filter(account_id=owner.account_id, region=owner.region, name=name).first()
    if provider is None:
        raise ResourceNotFoundException(f"Capacity provider not found: {arn}", field="CapacityProviderName")
    return provider


def versions(provider: CapacityProvider) -> Any:
    """The versions of functions that run on it only, as rows with their functions."""
    return FunctionVersion.objects.select_related("function").filter(
        capacity_provider=provider.name, function__account_id=provider.account_id, function__region=provider.region
    )


def bind(version: FunctionVersion, config: Mapping[str, Any]) -> None:
    """Bind a version to the provider of its CapacityProviderConfig. Within the change's transaction; does not save."""
    given = config["LambdaManagedInstancesCapacityProviderConfig"]
    provider = find(version.function, given["CapacityProviderArn"], lock=True)
    if given.get("PerExecutionEnvironmentMaxConcurrency", 1) > 1:
        raise InvalidParameterValueException(
            "PerExecutionEnvironmentMaxConcurrency above 1 is not supported by this endpoint: an execution environment "
            "serves one invocation at a time.",
            field="CapacityProviderConfig",
        )
    wanted = provider.members.get("InstanceRequirements", {}).get("Architectures")
    if wanted and wanted != version.architectures:
        raise InvalidParameterValueException(
            f"The architecture of the function is not that of the capacity provider: {', '.join(wanted)}.",
            field="CapacityProviderConfig",
        )
    version.capacity_provider = provider.name


def _named(owner: Caller | Function, given: str) -> tuple[str, str]:
    """Name and ARN of what a request names by either. Raises ResourceNotFoundException for one that is elsewhere."""
    name = given.rpartition(":")[2]
    arn = capacity_provider.arn(owner.account_id, owner.region, name)
    if given not in (name, arn):
        raise ResourceNotFoundException(f"Capacity provider not found: {given}", field="CapacityProviderName")
    return name, arn


def _kept(members: Mapping[str, Any]) -> dict[str, Any]:
    return {member: members[member] for member in MEMBERS if members.get(member) is not None}


def _check(members: Mapping[str, Any]) -> None:
    """What the service model cannot say."""
    requirements = members.get("InstanceRequirements") or {}
    if requirements.get("AllowedInstanceTypes") and requirements.get("ExcludedInstanceTypes"):
        raise InvalidParameterValueException(
            "AllowedInstanceTypes and ExcludedInstanceTypes cannot be given together.", field="InstanceRequirements"
        )
    scaling = members.get("CapacityProviderScalingConfig") or {}
    if bool(scaling.get("ScalingPolicies")) is not (scaling.get("ScalingMode") == "Manual"):
        raise InvalidParameterValueException(
            "ScalingPolicies are given with the ScalingMode Manual, and only with it.",
            field="CapacityProviderScalingConfig",
        )
