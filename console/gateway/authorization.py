"""May this caller do that? Asked once per operation, whichever protocol or page it came by.

The decision comes from memory: no database, well under a microsecond, as Invoke asks too.
"""

from collections.abc import Mapping
from typing import Any

from console.gateway.errors import NotAuthorized
from functions.access import presets
from functions.access.caller import Caller

# Operations whose permission has another name than the operation.
ACTIONS = {("lambda", "Invoke"): "lambda:InvokeFunction"}
# Which member names the resource, and the rest of its ARN.
RESOURCES = {
    "FunctionName": "lambda:{region}:{account}:function:",
    "logGroupName": "logs:{region}:{account}:log-group:",
    "RoleName": "iam::{account}:role/",
    "PolicyName": "iam::{account}:policy/",
    "UserName": "iam::{account}:user/",
}


def check(caller: Caller, service: str, operation: str, members: Mapping[str, Any]) -> None:
    """Raise NotAuthorized unless the caller may call the operation. `members` serve the message only."""
    action = ACTIONS.get((service, operation)) or f"{service}:{operation}"
    if not presets.allows(caller.preset, action):
        raise NotAuthorized(
            f"User: {caller.arn} is not authorized to perform: {action} on resource: {_resource(caller, members)} "
            f"because no identity-based policy allows the {action} action"
        )


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
