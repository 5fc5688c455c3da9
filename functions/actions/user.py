"""What people change about themselves."""

from functions.access.caller import Caller
from functions.actions.base import change
from functions.errors import InvalidParameterValueException
from functions.models import User


def update_profile(caller: Caller, user: User, *, name: str, email: str) -> None:
    with change(caller, "UpdateProfile", _arn(caller, user)):
        user.first_name, user.last_name, user.email = name, "", email
        user.save(update_fields=["first_name", "last_name", "email"])


def change_password(caller: Caller, user: User, *, current: str, new: str) -> None:
    """The caller has checked the new one. Other sessions end by themselves: they hold the old hash."""
    if not user.check_password(current):
        raise InvalidParameterValueException("This is not your password.", field="current")
    with change(caller, "ChangePassword", _arn(caller, user)):
        user.set_password(new)
        user.save(update_fields=["password"])


def choose_theme(user: User, theme: str) -> None:
    """A matter of taste: no audit row."""
    if theme not in User.Theme.values:
        raise InvalidParameterValueException("Choose light, dark or as the system.", field="theme")
    User.objects.filter(pk=user.pk).update(theme=theme)


def _arn(caller: Caller, user: User) -> str:
    return f"arn:aws:iam::{caller.account_id}:user/{user.get_username()}"
