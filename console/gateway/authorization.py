"""May this caller do that? Asked once per operation, whichever protocol or page it came by.

The decision comes from memory: no database when warm, a microsecond or two, as Invoke asks too.
"""

from collections.abc import Mapping
from typing import Any

from console.gateway.errors import NotAuthorized
from functions.access.caller import Caller
from functions.access.decision import refusal
from functions.arn import FunctionReference, named

# Operations whose permission has another name than the operation.
ACTIONS = {
    ("lambda", "Invoke"): "lambda:InvokeFunction",
    ("lambda", "InvokeAsync"): "lambda:InvokeFunction",
    ("lambda", "InvokeWithResponseStream"): "lambda:InvokeFunction",
}
# Which member names the resource, and the rest of its ARN.
RESOURCES = {
    "FunctionName": "lambda:{region}:{account}:function:",
    "LayerName": "lambda:{region}:{account}:layer:",
    "logGroupName": "logs:{region}:{account}:log-group:",
    "RoleName": "iam::{account}:role/",
    "PolicyName": "iam::{account}:policy/",
    "UserName": "iam::{account}:user/",
}


def check(
    caller: Caller,
    service: str,
    operation: str,
    members: Mapping[str, Any],
    environ: Mapping[str, Any] | None = None,
) -> Caller:
    """Raise NotAuthorized unless the caller may call the operation.

    Returns who acts then: the caller, or the caller as a guest in the function's account, whose policy lets him in.
    `environ` is the request's, for the conditions of policies.
    """
    action = ACTIONS.get((service, operation)) or f"{service}:{operation}"
    target = _function(caller, members) if service == "lambda" else None
    resource = _resource(caller, members) if target is None else ""
    why = refusal(caller, action, target, lambda: request_keys(environ or {}), resource)
    if why is not None:
        about = target.arn if target else resource
        raise NotAuthorized(
            f"User: {caller.arn} is not authorized to perform: {action} on resource: {about} "
            + why.format(action=action)
        )
    if target is None or target.account_id == caller.account_id:
        return caller
    return caller.guest(target.account_id)


def _function(caller: Caller, members: Mapping[str, Any]) -> FunctionReference | None:
    """The function, version or alias that a request is about, in whatever account."""
    name, qualifier = members.get("FunctionName"), members.get("Qualifier")
    if name is None:  # an ARN, of whatever kind
        name = members.get("ResourceArn") or members.get("Resource")
        if not isinstance(name, str) or ":function:" not in name:
            return None
    if not isinstance(name, str) or not (qualifier is None or isinstance(qualifier, str)):
        return None
    return named(name, qualifier, caller.account_id, caller.region)


def request_keys(environ: Mapping[str, Any]) -> dict[str, str]:
    """Condition keys that the HTTP request knows."""
    known = {
        "aws:sourceip": environ.get("REMOTE_ADDR"),
        "aws:securetransport": "true" if environ.get("wsgi.url_scheme") == "https" else "false",
        "aws:useragent": environ.get("HTTP_USER_AGENT"),
        "aws:referer": environ.get("HTTP_REFERER"),
    }
    return {key: str(value) for key, value in known.items() if value}


def _resource(caller: Caller, members: Mapping[str, Any]) -> str:
    for member, rest in RESOURCES.items():
        name = members.get(member)
        if isinstance(name, str) and name:
            prefix = f"arn:aws:{rest.format(region=caller.region, account=caller.account_id)}"
            return name if name.startswith("arn:") else prefix + name
    for member in ("Resource", "resourceArn", "PolicyArn"):
        if isinstance(members.get(member), str):
            return str(members[member])
    return "*"
