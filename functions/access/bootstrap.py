"""What a fresh installation starts with: an account, the role `lambda-role`, an administrator and an access key."""

import json
from dataclasses import dataclass

from django.db import transaction

from functions.access.caller import Caller
from functions.access.identifiers import password as new_password
from functions.actions import access_key, role
from functions.models import AccessKey, Account, Membership, Role, User

ROLE = "lambda-role"
TRUST_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


@dataclass(frozen=True, slots=True)
class FirstAccount:
    """`password` is None when the administrator was there before: it is not kept in the clear."""

    account_id: str
    user_name: str
    password: str | None
    access_key_id: str
    secret_access_key: str
    role_arn: str


def ensure_account(
    account_id: str, region: str, *, user_name: str = "admin", password: str | None = None
) -> FirstAccount:
    """Create what is missing; return all of it. May be called at every start.

    `password` is for a new administrator; without one it is generated.
    """
    with transaction.atomic():
        Account.objects.get_or_create(pk=account_id, defaults={"name": "main"})
        user, is_new = User.objects.get_or_create(username=user_name, defaults={"is_staff": True, "is_superuser": True})
        chosen = (password or new_password()) if is_new else None
        if chosen is not None:
            user.set_password(chosen)
            user.save(update_fields=["password"])
        Membership.objects.get_or_create(user=user, account_id=account_id, defaults={"preset": Membership.Preset.ADMIN})
        caller = Caller(account_id, region, user.pk, user.get_username(), "system")
        kept = Role.objects.filter(account_id=account_id, name=ROLE).first()
        kept = kept or role.create(caller, ROLE, TRUST_POLICY, description="What a function may do")
        key = AccessKey.objects.filter(user=user, account_id=account_id, is_active=True).order_by("created_at").first()
        key = key or access_key.create(caller, user)
    return FirstAccount(account_id, user.get_username(), chosen, key.pk, key.secret, kept.arn)
