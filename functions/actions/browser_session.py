"""Sessions of browsers: noted when they begin, ended one by one or all at once."""

from collections.abc import Iterable

from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from functions.access.caller import Caller
from functions.actions.base import change
from functions.errors import ResourceNotFoundException
from functions.models import BrowserSession, User


def begin(user: User, key: str, *, user_agent: str, address: str) -> None:
    BrowserSession.objects.update_or_create(
        key=key,
        defaults={
            "user": user,
            "user_agent": user_agent[:400],
            "address": address[:64],
            "last_seen_at": timezone.now(),
        },
    )


def current(user: User) -> QuerySet[BrowserSession]:
    """Those that still open a door, the last used first."""
    alive = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    return BrowserSession.objects.filter(user=user, key__in=alive).order_by("-last_seen_at")


def end(caller: Caller, user: User, key: str) -> None:
    if not BrowserSession.objects.filter(user=user, key=key).exists():
        raise ResourceNotFoundException("This session has ended already.")
    with change(caller, "EndConsoleSession", _arn(caller, user)):
        _delete([key])


def end_others(caller: Caller, user: User, kept: str) -> int:
    """All sessions of the user but `kept`; how many they were."""
    keys = [each for each in user.browser_sessions.values_list("key", flat=True) if each != kept]
    with change(caller, "EndOtherConsoleSessions", _arn(caller, user), count=len(keys)):
        _delete(keys)
    return len(keys)


def end_all(user: User) -> None:
    """Within the change of another action."""
    _delete(user.browser_sessions.values_list("key", flat=True))


def expire() -> None:
    """Forget the sessions that open no door any more."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    BrowserSession.objects.exclude(key__in=Session.objects.values("session_key")).delete()


def _delete(keys: Iterable[str]) -> None:
    gone = list(keys)
    Session.objects.filter(session_key__in=gone).delete()
    BrowserSession.objects.filter(key__in=gone).delete()


def _arn(caller: Caller, user: User) -> str:
    return f"arn:aws:iam::{caller.account_id}:user/{user.get_username()}"
