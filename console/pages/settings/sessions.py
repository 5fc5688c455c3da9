"""Where the person is signed in. A session is named by a hash of its key: the key itself opens the door."""

import hashlib
import re

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from console.pages import access, notice
from console.pages.settings import layout
from console.pages.settings.profile import person
from functions.actions import browser_session
from functions.errors import ServiceError

# The first that is found: browsers name each other's names.
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Version", "Safari"))
SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS X", "CrOS", "Linux")


@access.own_page
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    rows = [
        {
            "number": number(row.key),
            "device": device(row.user_agent),
            "row": row,
            "is_this": row.key == request.session.session_key,
        }
        for row in browser_session.current(person(request))
    ]
    rows.sort(key=lambda each: not each["is_this"])
    return layout.show(request, "sessions", {"rows": rows, "others": sum(not each["is_this"] for each in rows)})


@access.own_page
@require_POST
def end(request: HttpRequest, number: str) -> HttpResponse:
    user = person(request)
    key = next((row.key for row in browser_session.current(user) if _is(row.key, number)), "")
    try:
        browser_session.end(access.caller(request), user, key)
    except ServiceError as error:
        notice.refused(request, str(error))
    else:
        notice.done(request, "The session is signed out.")
    return redirect("settings-sessions")


@access.own_page
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    count = browser_session.end_others(access.caller(request), person(request), str(request.session.session_key))
    notice.done(request, f"{count} other session{'' if count == 1 else 's'} signed out.")
    return redirect("settings-sessions")


def number(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _is(key: str, wanted: str) -> bool:
    return number(key) == wanted


def device(user_agent: str) -> str:
    """`Chrome 141 on Linux`; what is not known is said as it came."""
    for mark, name in BROWSERS:
        found = re.search(rf"{mark}/(\d+)", user_agent)
        if found:
            system = next((each for each in SYSTEMS if each in user_agent), "")
            return f"{name} {found[1]}" + (f" on {system.replace('Mac OS X', 'macOS')}" if system else "")
    return user_agent[:60] or "Unknown browser"
