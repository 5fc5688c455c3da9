"""Who may use a version of a layer: its own account, and whom its policy lets."""

from functions.access.caller import Caller
from functions.access.evaluation import Principal, allowed, compiled
from functions.errors import AccessDeniedException
from functions.layer_arn import LayerReference
from functions.models import LayerVersion


def check(caller: Caller, reference: LayerReference, version: LayerVersion | None) -> None:
    """Raise AccessDeniedException for another account's version that is not shared; one that does not exist is none."""
    if reference.account_id == caller.account_id or (version is not None and _lets(version, caller)):
        return
    raise AccessDeniedException(
        f"User: {caller.arn} is not authorized to perform: lambda:GetLayerVersion on resource: {reference.arn} "
        "because no resource-based policy allows the lambda:GetLayerVersion action",
        Type=None,
    )


def _lets(version: LayerVersion, caller: Caller) -> bool:
    """There are no organizations here: a condition that asks for one holds for nobody."""
    statements = compiled({"Statement": version.policy})
    who = Principal(caller.account_id, (caller.arn,))
    return allowed(statements, who, "lambda:GetLayerVersion", version.arn, {})
