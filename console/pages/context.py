"""What every page of the console shows around its content."""

import tomllib
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from console.pages import access


def shell(request: HttpRequest) -> dict[str, Any]:
    page: dict[str, Any] = {"csrf_cookie": settings.CSRF_COOKIE_NAME}
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return page
    around: dict[str, Any] = {"region": settings.HEARTH_REGION, "version": release()}
    rows = access.memberships(request)
    if rows:
        around |= {
            "account": access.membership(request).account,
            "memberships": rows,
            "may_change": access.may_change(request),
            "has_administration": access.allows(request, "hearth:ListRuntimes"),
        }
    return {**page, "shell": around}


@cache
def release() -> str:
    """Hearth's version: it is run from its source tree."""
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
    return str(project["version"])
