"""What the pages of /admin/ have in common: which there are, and who may see them."""

from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from console.pages import access


class Section(NamedTuple):
    key: str
    label: str
    url_name: str
    action: str  # what a role must allow
    icon: str


SECTIONS = (
    Section("users", "Users", "admin-users", "hearth:ManageUsers", "user"),
    Section("concurrency", "Concurrency", "admin-concurrency", "hearth:ListWorkers", "server"),
    Section("capacity", "Capacity providers", "admin-capacity", "hearth:ListLimits", "server"),
    Section("runtimes", "Runtimes", "admin-runtimes", "hearth:ListRuntimes", "chip"),
    Section("limits", "Limits", "admin-limits", "hearth:ListLimits", "shield"),
    Section("operations", "API", "admin-operations", "hearth:ListLimits", "bolt"),
    Section("audit", "Audit log", "admin-audit", "hearth:ListAuditEntries", "list"),
)


def sections(request: HttpRequest) -> list[Section]:
    return [each for each in SECTIONS if access.allows(request, each.action)]


@access.own_page
def first(request: HttpRequest) -> HttpResponse:
    """The first page that the role allows."""
    allowed = sections(request)
    if not allowed:
        raise PermissionDenied("Your role allows none of the administration's pages.")
    return redirect(allowed[0].url_name)


def show(request: HttpRequest, current: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    title = next(each.label for each in SECTIONS if each.key == current)
    around = {"section": "admin", "sections": sections(request), "current": current, "title": title}
    return render(request, f"admin/{current}.html", around | context, status=status)
