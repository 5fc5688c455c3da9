"""Packages that stay in S3: a function version is active as long as the object that it refers to can be read.

The package that was read from there runs meanwhile. Access is looked at from time to time, and whenever the function's
configuration is updated; a version that has lost it is Inactive until the function is updated with access restored.
Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-self-managed-storage.html
"""

import logging

from functions.access.caller import Caller
from functions.actions.base import change
from functions.code import sources
from functions.models import FunctionVersion

log = logging.getLogger(__name__)

State = FunctionVersion.State
CODE = "InvalidConfiguration"


def check_all() -> int:
    """Look at the object of every active version that refers to one. Returns how many versions have lost theirs.

    Ends at the first that S3 cannot be asked about: others would only wait as long for nothing.
    """
    rows = FunctionVersion.objects.filter(s3_object__isnull=False, state=State.ACTIVE).select_related("function")
    lost = 0
    for version in rows.iterator():
        try:
            why = sources.refusal(version.function.region, version.s3_object or {})
        except sources.Away as error:
            log.warning("packages in S3 are not checked: %s", error)
            break
        if why:
            lost += _lose(version, why)
    return lost


def restore(version: FunctionVersion) -> None:
    """Of a version that is being updated: active again, if its object can be read again. Does not save."""
    if version.state == State.INACTIVE and version.s3_object:
        sources.check(version.function.region, version.s3_object, "S3Key")
        activate(version)


def activate(version: FunctionVersion) -> None:
    version.state, version.state_reason, version.state_reason_code = State.ACTIVE, "", ""


def _lose(version: FunctionVersion, why: str) -> bool:
    caller = Caller(version.function.account_id, version.function.region, None, "code-reference", "system")
    with change(caller, "LoseCodeReference", version.arn, why=why):
        # Unless it was updated or deleted meanwhile.
        rows = FunctionVersion.objects.filter(pk=version.pk, revision_id=version.revision_id)
        return bool(rows.update(state=State.INACTIVE, state_reason=why[:1024], state_reason_code=CODE))
