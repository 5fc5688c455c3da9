"""What the pages of /settings/ have in common."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

SECTIONS = (
    ("profile", "Profile", "settings-profile"),
    ("appearance", "Appearance", "settings-appearance"),
    ("keys", "Access keys", "settings-keys"),
    ("sessions", "Sessions", "settings-sessions"),
)


def show(request: HttpRequest, current: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    title = next(label for key, label, _ in SECTIONS if key == current)
    around = {"section": "settings", "sections": SECTIONS, "current": current, "title": title}
    return render(request, f"settings/{current}.html", around | context, status=status)
