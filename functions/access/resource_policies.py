"""Resource-based policies of functions as calls meet them: compiled, from memory."""

import json

from functions.access.evaluation import Statement, compiled
from functions.access.wildcards import matches
from functions.arn import FunctionReference
from functions.cache import GenerationCache
from functions.models import ResourcePolicy

# Operations that such a policy may allow or deny; all others ask the caller's own policies only, so that nobody can
# shut himself out. Source: https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
ACTIONS = frozenset(
    f"lambda:{operation}"
    for operation in (
        "CreateAlias",
        "DeleteAlias",
        "DeleteFunction",
        "DeleteFunctionConcurrency",
        "DeleteFunctionEventInvokeConfig",
        "DeleteProvisionedConcurrencyConfig",
        "GetAlias",
        "GetFunction",
        "GetFunctionConcurrency",
        "GetFunctionConfiguration",
        "GetFunctionEventInvokeConfig",
        "GetPolicy",
        "GetProvisionedConcurrencyConfig",
        "InvokeFunction",
        "InvokeFunctionUrl",
        "ListAliases",
        "ListFunctionEventInvokeConfigs",
        "ListProvisionedConcurrencyConfigs",
        "ListTags",
        "ListVersionsByFunction",
        "PublishVersion",
        "PutFunctionConcurrency",
        "PutFunctionEventInvokeConfig",
        "PutProvisionedConcurrencyConfig",
        "TagResource",
        "UntagResource",
        "UpdateAlias",
        "UpdateFunctionCode",
        "UpdateFunctionEventInvokeConfig",
    )
)

_known: GenerationCache[dict[str, tuple[Statement, ...]]] = GenerationCache()


def supports(action: str) -> bool:
    """Whether a statement with this action, which may have wildcards, has an effect at all."""
    return any(matches(action.lower(), each.lower(), {}) for each in ACTIONS)


def of(reference: FunctionReference) -> tuple[Statement, ...]:
    """The statements that may speak of this very version or alias: its own policy's, and the whole function's.

    One query after a change anywhere, else none.
    """
    name = (reference.account_id, reference.region, reference.name)
    policies = _known.get(name, lambda: _read(*name))
    if not policies:
        return ()
    own = policies.get(reference.qualifier, ()) if reference.qualifier else ()
    return policies.get("", ()) + own


def _read(account_id: str, region: str, name: str) -> dict[str, tuple[Statement, ...]]:
    rows = ResourcePolicy.objects.filter(
        function__account_id=account_id, function__region=region, function__name=name
    ).values_list("qualifier", "document")
    return {qualifier: compiled(json.loads(document)) for qualifier, document in rows}
