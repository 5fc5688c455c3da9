"""What a small deletion removed, kept in the session for a while so that it can be taken back."""

import secrets
from typing import Any

from django.http import Http404, HttpRequest

SESSION = "undo"
KEPT = 5


def keep(request: HttpRequest, kind: str, members: dict[str, Any]) -> str:
    """Remember what was removed. Returns its key."""
    key = secrets.token_urlsafe(9)
    kept: list[Any] = request.session.get(SESSION, [])
    request.session[SESSION] = [*kept, [key, kind, members]][-KEPT:]
    return key


def take(request: HttpRequest, kind: str, key: str) -> dict[str, Any]:
    """What was removed: once. Raises Http404."""
    kept: list[Any] = request.session.get(SESSION, [])
    found = next((each for each in kept if each[:2] == [key, kind]), None)
    if found is None:
        raise Http404("This cannot be taken back any more.")
    request.session[SESSION] = [each for each in kept if each is not found]
    members: dict[str, Any] = found[2]
    return members
