"""May this caller do that with this function? The caller's own policies and the function's, put together.

In one account either is enough; from another account both must allow it; a statement that denies always wins.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum

from functions.access import presets, resource_policies, role_policies
from functions.access.caller import Caller
from functions.access.evaluation import ANONYMOUS, Decision, Principal, allowed, decide
from functions.arn import FunctionReference

# Both are needed to call a function URL. Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
URL_ACTIONS = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")


class Refusal(StrEnum):
    """Why not, in AWS's words."""

    NO_IDENTITY_POLICY = "because no identity-based policy allows the {action} action"
    NO_RESOURCE_POLICY = "because no resource-based policy allows the {action} action"
    EXPLICIT_DENY = "with an explicit deny in a resource-based policy"
    EXPLICIT_IDENTITY_DENY = "with an explicit deny in an identity-based policy"


def refusal(
    caller: Caller | None,
    action: str,
    target: FunctionReference | None,
    request: Callable[[], Mapping[str, str]] = dict,
    resource: str = "*",
) -> Refusal | None:
    """None when he may. `caller` None is anybody; `target` None: no function is concerned, but perhaps a `resource`
    (ARN). Asks no database when warm.

    `request` gives further condition keys of the call, in lower case, if a policy is there to ask for them.
    """
    if caller is not None and caller.role:
        own = _of_role(caller, action, target, request, resource)
        if own is Decision.DENIED:
            return Refusal.EXPLICIT_IDENTITY_DENY
        by_identity = own is Decision.ALLOWED
    else:
        by_identity = caller is not None and presets.allows(caller.preset, action)
    if target is None:
        return None if by_identity else Refusal.NO_IDENTITY_POLICY
    at_home = caller is not None and caller.account_id == target.account_id
    statements = resource_policies.of(target) if action in resource_policies.ACTIONS else ()
    if not statements:
        return None if by_identity and at_home else _missing(by_identity or caller is None)
    who = _principal(caller) if caller else ANONYMOUS
    context = {**_context(caller, target), **request()}
    decision = decide(statements, who, action, target.arn, context)
    if decision is Decision.DENIED:
        return Refusal.EXPLICIT_DENY
    if at_home:
        by_resource = by_identity or allowed(statements, who.alone(), action, target.arn, context)
        return None if by_resource else Refusal.NO_IDENTITY_POLICY
    if decision is Decision.ALLOWED and (by_identity or caller is None):
        return None
    return _missing(by_identity or caller is None)


def _of_role(
    caller: Caller,
    action: str,
    target: FunctionReference | None,
    request: Callable[[], Mapping[str, str]],
    resource: str,
) -> Decision:
    """What the policies of the role say to its session."""
    if action in presets.ALWAYS:
        return Decision.ALLOWED
    policies = role_policies.of(caller.account_id, caller.role)
    if policies is None:
        return Decision.NEUTRAL
    arn = target.arn if target else resource
    return decide(policies.statements, ANONYMOUS, action, arn, {**_context(caller, target), **request()})


def _principal(caller: Caller) -> Principal:
    return Principal(caller.account_id, (caller.arn, caller.role) if caller.role else (caller.arn,))


def may_call_url(
    caller: Caller | None,
    auth_type: str,
    target: FunctionReference,
    request: Callable[[], Mapping[str, str]] = dict,
) -> bool:
    """Whether a function URL of this type answers the caller; None is anybody: a public one, too, needs the policy."""

    def keys() -> dict[str, str]:
        return {**request(), "lambda:functionurlauthtype": auth_type, "lambda:invokedviafunctionurl": "true"}

    return not any(refusal(caller, action, target, keys) for action in URL_ACTIONS)


def service_may(
    service: str, action: str, target: FunctionReference, *, source_arn: str = "", source_account: str = ""
) -> bool:
    """Whether an AWS service (`s3.amazonaws.com`) may, on behalf of a resource of its own (a bucket)."""
    context = {
        **_context(None, target),
        "aws:principalisawsservice": "true",
        "aws:principalservicename": service,
        **({"aws:sourcearn": source_arn} if source_arn else {}),
        **({"aws:sourceaccount": source_account} if source_account else {}),
    }
    return allowed(resource_policies.of(target), Principal(service=service), action, target.arn, context)


def _missing(has_identity: bool) -> Refusal:
    return Refusal.NO_RESOURCE_POLICY if has_identity else Refusal.NO_IDENTITY_POLICY


def _context(caller: Caller | None, target: FunctionReference | None) -> dict[str, str]:
    """Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"""
    now = time.time()
    known: dict[str, str] = {
        "aws:currenttime": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:epochtime": str(int(now)),
        "aws:principaltype": "AssumedRole" if caller and caller.role else "User" if caller else "Anonymous",
        "aws:principalisawsservice": "false",
    }
    if target:
        known |= {
            "aws:requestedregion": target.region,
            "aws:resourceaccount": target.account_id,
            "lambda:functionarn": target.arn,
        }
    if caller:
        known |= {"aws:principalarn": caller.role or caller.arn, "aws:principalaccount": caller.account_id}
        if caller.role:
            known["aws:userid"] = session_id(caller)
        else:
            known |= {"aws:username": caller.user_name, "aws:userid": caller.access_key_id or caller.user_name}
        if caller.source_ip:
            known["aws:sourceip"] = caller.source_ip
    return known


def session_id(caller: Caller) -> str:
    """The unique id of a role's session: the role's, and who assumed it."""
    policies = role_policies.of(caller.account_id, caller.role)
    return f"{policies.role_id if policies else ''}:{caller.user_name.partition('/')[2]}"
