"""What every page of the console shows around its content."""

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from console.pages import access


def shell(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    rows = access.memberships(request)
    if not rows:
        return {"shell": {"region": settings.HEARTH_REGION, "version": release(), "memberships": []}}
    current = access.membership(request)
    return {
        "shell": {
            "account": current.account,
            "memberships": rows,
            "may_change": access.may_change(request),
            "region": settings.HEARTH_REGION,
            "version": release(),
        }
    }


def release() -> str:
    """Hearth's version, from pyproject.toml."""
    global _release
    if not _release:
        try:
            _release = version("hearth")
        except PackageNotFoundError:  # run from the source tree, not installed
            import tomllib

            _release = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]["version"]
    return _release


_release = ""
