"""Whether a function is given a network: what its tag `hearth:network` says, else what the installation says.

AWS's API has no member for it, since there every function has the internet unless a VPC takes it away. A tag is what
every client can set, at create too, and no client stumbles over. It goes for all versions of the function.
"""

from collections.abc import Mapping

import redis
from django.conf import settings

from functions.errors import InvalidParameterValueException
from functions.execution.spec import EGRESS
from functions.invoke import nodes

TAG = "hearth:network"
NONE = "none"
OFF = "off"  # of the installation: nobody is given one


def network(tags: Mapping[str, str]) -> str:
    """`none` or `egress`."""
    given: str = settings.HEARTH_NETWORK
    if given == OFF:
        return NONE
    return tags[TAG] if tags.get(TAG) in (NONE, EGRESS) else given


def check(tags: Mapping[str, str]) -> None:
    """Raise InvalidParameterValueException for a choice that there is not, or not here."""
    chosen = tags.get(TAG)
    if chosen is None or chosen == NONE:
        return
    if chosen != EGRESS:
        raise _refused(f"The tag {TAG} must be {NONE} or {EGRESS}.")
    why = why_not()
    if why:
        raise _refused(f"No function can be given a network here: {why}.")


def why_not() -> str:
    """Why there is none for any function, in words; empty where there is one, or where no node can be asked."""
    if settings.HEARTH_NETWORK == OFF:
        return "the administrator does not want it (HEARTH_NETWORK=off)"
    try:
        reasons = [str(node.facts.get("isolation", {}).get("no_egress", "")) for node in nodes.live()]
    except redis.RedisError:
        return ""
    return reasons[0] if reasons and all(reasons) else ""


def _refused(message: str) -> InvalidParameterValueException:
    return InvalidParameterValueException(message, field="Tags")
