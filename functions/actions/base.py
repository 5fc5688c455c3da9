"""What every action has in common: one transaction, one audit row, and the caches emptied after the commit."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone

from functions.access.caller import Caller
from functions.cache import Realm, generation
from functions.models import AuditEntry, Function


@contextmanager
def change(caller: Caller, action: str, resource: str, **detail: Any) -> Iterator[dict[str, Any]]:
    """The transaction of one change. `action` is the operation's name, `resource` an ARN.

    Yields the audit row's detail, to which the change adds what is known only within the transaction.
    """
    with transaction.atomic():
        # A change of a function changes nobody's keys; any other change may change anything. First of what follows the
        # commit: what the change itself wants done then finds the caches emptied.
        realms = [Realm.FUNCTIONS] if resource.startswith("arn:aws:lambda:") else []
        transaction.on_commit(lambda: generation().bump(*realms))
        yield detail
        AuditEntry.objects.create(
            account_id=caller.account_id,
            actor=caller.user_name,
            via=caller.via,
            action=action,
            resource=resource,
            detail=detail,
        )


def deployed(caller: Caller, function: Function, what: Function.Deploy) -> None:
    """Note on the function, for lists, who changed last what its callers get. Within the change's transaction."""
    function.last_deployed_at = timezone.now()
    function.last_deployed_by = caller.user_name
    function.last_deploy = what
    function.save(update_fields=["last_deployed_at", "last_deployed_by", "last_deploy"])
