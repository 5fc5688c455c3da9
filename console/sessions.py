"""Which browsers are signed in, for their owners to see. When one was last seen is written after an answer has left,
at most once a minute per session and process.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.core.signals import request_finished
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from functions.actions import browser_session
from functions.models import BrowserSession, User

log = logging.getLogger(__name__)

NOTE_SECONDS = 60.0
KEPT = 10_000  # sessions remembered; then all are forgotten and noted anew

_noted: dict[str, float] = {}
_seen: set[str] = set()


class BrowserSessionMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        session = request.session
        if session.accessed and session.session_key and SESSION_KEY in session:
            note(session.session_key)
        return response


def note(key: str) -> None:
    now = time.monotonic()
    if now - _noted.get(key, -NOTE_SECONDS) >= NOTE_SECONDS:
        if len(_noted) >= KEPT:
            _noted.clear()
        _noted[key] = now
        _seen.add(key)


def write_seen(**_: Any) -> None:
    """A receiver of `request_finished`. What cannot be written now is no loss."""
    if not _seen:
        return
    keys = [_seen.pop() for _ in range(len(_seen))]
    try:
        BrowserSession.objects.filter(key__in=keys).update(last_seen_at=timezone.now())
    except DatabaseError as error:
        log.warning("when %d sessions were last seen was not written: %s", len(keys), error)


def begun(request: HttpRequest | None, user: User, **_: Any) -> None:
    if request is None:
        return
    if not request.session.session_key:
        request.session.create()
    key = str(request.session.session_key)
    _noted[key] = time.monotonic()
    browser_session.begin(
        user,
        key,
        user_agent=request.META.get("HTTP_USER_AGENT", ""),
        address=request.META.get("REMOTE_ADDR", ""),
    )


def ended(request: HttpRequest | None, **_: Any) -> None:
    if request is not None and request.session.session_key:
        BrowserSession.objects.filter(key=request.session.session_key).delete()


def connect() -> None:
    """Called once, when the application is ready."""
    user_logged_in.connect(begun, dispatch_uid="browser-session-begun")
    user_logged_out.connect(ended, dispatch_uid="browser-session-ended")
    request_finished.connect(write_seen, dispatch_uid="browser-session-seen")
