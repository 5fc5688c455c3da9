"""Members of an account: what they are, and whether they may come in. The last administrator stays one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from functions.access.caller import Caller
from functions.actions.base import change
from functions.actions.browser_session import end_all
from functions.errors import InvalidParameterValueException, ResourceNotFoundException
from functions.models import Membership, User

LAST_ADMIN = "{} is the last administrator of this account. Make somebody else one first."


def find(caller: Caller, user_id: int) -> Membership:
    row = Membership.objects.filter(user_id=user_id, account_id=caller.account_id).select_related("user").first()
    if row is None:
        raise ResourceNotFoundException("No such user in this account.")
    return row


def set_preset(caller: Caller, user_id: int, preset: str) -> Membership:
    if preset not in Membership.Preset.values:
        raise InvalidParameterValueException("Choose one of the roles.", field="preset")
    with _changed(caller, user_id, "SetMemberPreset", preset=preset) as (row, detail):
        detail["before"] = row.preset
        row.preset = preset
        row.save(update_fields=["preset"])
    return row


def disable(caller: Caller, user_id: int) -> Membership:
    """The member's keys and sessions are worth nothing from now on. What he made stays."""
    with _changed(caller, user_id, "DisableMember") as (row, _):
        row.is_active = False
        row.save(update_fields=["is_active"])
        if not row.user.memberships.filter(is_active=True).exists():
            User.objects.filter(pk=user_id).update(is_active=False)
            end_all(row.user)
    return row


def enable(caller: Caller, user_id: int) -> Membership:
    with _changed(caller, user_id, "EnableMember") as (row, _):
        row.is_active = True
        row.save(update_fields=["is_active"])
        User.objects.filter(pk=user_id).update(is_active=True)
    return row


@contextmanager
def _changed(caller: Caller, user_id: int, action: str, **detail: Any) -> Iterator[tuple[Membership, dict[str, Any]]]:
    """One change of a member, taken back if it leaves the account without an administrator."""
    with transaction.atomic():
        # One at a time: two administrators must not demote each other.
        rows = list(Membership.objects.select_for_update().filter(account_id=caller.account_id).order_by("pk"))
        had_admin = any(map(_is_admin, rows))
        row = find(caller, user_id)
        with change(caller, action, arn(caller, row.user), **detail) as noted:
            yield row, noted
        if had_admin and not any(_is_admin(row if each.pk == row.pk else each) for each in rows):
            raise InvalidParameterValueException(LAST_ADMIN.format(row.user.get_username()), field="preset")


def _is_admin(row: Membership) -> bool:
    return row.is_active and row.preset == Membership.Preset.ADMIN


def arn(caller: Caller, user: User) -> str:
    return f"arn:aws:iam::{caller.account_id}:user/{user.get_username()}"
