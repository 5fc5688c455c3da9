"""Links by which people set their password: to join an account, or to get in again. Single use, and they expire.

Only a hash of the link's secret is kept, so a link is shown once, to whom made it.
"""

import hashlib
import re
import secrets
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from functions.access.caller import Caller
from functions.actions.base import change
from functions.actions.browser_session import end_all
from functions.actions.member import find as find_member
from functions.errors import InvalidParameterValueException, ResourceNotFoundException
from functions.models import Invitation, Membership, User

LIFE = timedelta(days=3)
# As IAM names users: they stand in ARNs.
NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{1,64}")
OVER = "This link is no longer valid: it was used, was withdrawn or is too old. Ask an administrator for a new one."
SHARED = "{} belongs to other accounts, too, and keeps the password. Only the owner may change it."


def invite(caller: Caller, user_name: str, preset: str, email: str = "") -> str:
    """Returns the link's secret. An open invitation of the same name is replaced."""
    if not NAME.fullmatch(user_name):
        raise InvalidParameterValueException(
            "1 to 64 letters, digits or any of _+=,.@- without spaces.", field="user_name"
        )
    if preset not in Membership.Preset.values:
        raise InvalidParameterValueException("Choose one of the roles.", field="preset")
    if email:
        try:
            validate_email(email)
        except ValidationError:
            raise InvalidParameterValueException("This is no e-mail address.", field="email") from None
    if User.objects.filter(username__iexact=user_name).exists():
        raise InvalidParameterValueException(f"There is a user {user_name} already.", field="user_name")
    return _make(caller, "InviteUser", user_name, preset, email, None)


def password_link(caller: Caller, user_id: int) -> str:
    """A link by which a member sets a new password. The old one works until then."""
    row = find_member(caller, user_id)
    if row.user.memberships.exclude(account_id=caller.account_id).exists():
        raise InvalidParameterValueException(SHARED.format(row.user.get_username()))
    return _make(caller, "CreatePasswordLink", row.user.get_username(), row.preset, row.user.email, row.user)


def _make(caller: Caller, action: str, user_name: str, preset: str, email: str, user: User | None) -> str:
    secret = secrets.token_urlsafe(32)
    with change(caller, action, f"arn:aws:iam::{caller.account_id}:user/{user_name}", preset=preset):
        Invitation.objects.filter(account_id=caller.account_id, user_name__iexact=user_name).delete()
        Invitation.objects.create(
            token_hash=_hash(secret),
            account_id=caller.account_id,
            user_name=user_name,
            email=email,
            preset=preset,
            user=user,
            invited_by=caller.user_name,
            expires_at=timezone.now() + LIFE,
        )
    return secret


def withdraw(caller: Caller, token_hash: str) -> Invitation:
    row = Invitation.objects.filter(pk=token_hash, account_id=caller.account_id).first()
    if row is None:
        raise ResourceNotFoundException("This invitation is gone already.")
    with change(caller, "WithdrawInvitation", f"arn:aws:iam::{caller.account_id}:user/{row.user_name}"):
        Invitation.objects.filter(pk=row.pk).delete()
    return row


def find(secret: str) -> Invitation:
    row = Invitation.objects.filter(pk=_hash(secret), expires_at__gt=timezone.now()).select_related("account").first()
    if row is None:
        raise ResourceNotFoundException(OVER)
    return row


def accept(secret: str, password: str, region: str) -> User:
    """Make the user with this password, or give it to the one the link is for. The link is worth nothing afterwards.

    The caller has checked the password. Raises ResourceNotFoundException for a link that is over, and
    InvalidParameterValueException when the name was taken meanwhile.
    """
    with transaction.atomic():
        row = find(secret)
        if not Invitation.objects.filter(pk=row.pk).delete()[0]:
            raise ResourceNotFoundException(OVER)  # somebody else was quicker
        caller = Caller(row.account_id, region, None, row.user_name, "console")
        with change(caller, "AcceptInvitation", f"arn:aws:iam::{row.account_id}:user/{row.user_name}"):
            if row.user is not None:
                user = row.user
                end_all(user)
            elif User.objects.filter(username__iexact=row.user_name).exists():
                raise InvalidParameterValueException(f"The name {row.user_name} was taken meanwhile.")
            else:
                user = User(username=row.user_name, email=row.email)
            user.set_password(password)
            user.save()
            Membership.objects.get_or_create(user=user, account=row.account, defaults={"preset": row.preset})
    return user


def expire() -> None:
    """Forget the links that are over."""
    Invitation.objects.filter(expires_at__lt=timezone.now()).delete()


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
