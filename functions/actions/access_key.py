"""Access keys: made, switched off and on, deleted."""

from functions.access.caller import Caller
from functions.access.identifiers import secret_key, unique_id
from functions.actions.base import change
from functions.errors import LimitExceeded, NoSuchEntity
from functions.models import AccessKey, User

MAX_KEYS = 2  # per user and account, as in AWS


def find(caller: Caller, access_key_id: str) -> AccessKey:
    key = AccessKey.objects.filter(pk=access_key_id, account_id=caller.account_id).select_related("user").first()
    if key is None:
        raise NoSuchEntity(f"The Access Key with id {access_key_id} cannot be found.")
    return key


def create(caller: Caller, user: User) -> AccessKey:
    """A new key pair of a user in the caller's account. This is the only time that its secret need be shown."""
    key = AccessKey(id=unique_id("AKIA"), secret=secret_key(), user=user, account_id=caller.account_id)
    with change(caller, "CreateAccessKey", _arn(caller, user), access_key_id=key.pk):
        if AccessKey.objects.filter(user=user, account_id=caller.account_id).count() >= MAX_KEYS:
            raise LimitExceeded(f"Cannot exceed quota for AccessKeysPerUser: {MAX_KEYS}")
        key.save(force_insert=True)
    return key


def switch(caller: Caller, access_key_id: str, *, is_active: bool) -> None:
    key = find(caller, access_key_id)
    with change(caller, "UpdateAccessKey", _arn(caller, key.user), access_key_id=key.pk, is_active=is_active):
        AccessKey.objects.filter(pk=key.pk).update(is_active=is_active)


def delete(caller: Caller, access_key_id: str) -> None:
    key = find(caller, access_key_id)
    with change(caller, "DeleteAccessKey", _arn(caller, key.user), access_key_id=key.pk):
        key.delete()


def _arn(caller: Caller, user: User) -> str:
    return f"arn:aws:iam::{caller.account_id}:user/{user.get_username()}"
