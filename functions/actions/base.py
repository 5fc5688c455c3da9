"""What every action has in common: one transaction, one audit row, and the caches emptied after the commit."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from functions.access.caller import Caller
from functions.cache import generation
from functions.models import AuditEntry


@contextmanager
def change(caller: Caller, action: str, resource: str, **detail: Any) -> Iterator[dict[str, Any]]:
    """The transaction of one change. `action` is the operation's name, `resource` an ARN.

    Yields the audit row's detail, to which the change adds what is known only within the transaction.
    """
    with transaction.atomic():
        yield detail
        AuditEntry.objects.create(
            account_id=caller.account_id,
            actor=caller.user_name,
            via=caller.via,
            action=action,
            resource=resource,
            detail=detail,
        )
        transaction.on_commit(lambda: generation().bump())
