"""What Ctrl+K offers: the pages that the person's role allows, and the account's functions."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from console.pages import access
from console.pages.admin import layout as admin
from console.pages.settings import layout as own
from functions.models import Function

FOUND = 8  # functions in one answer
# `g` and then this key goes there.
KEYS = {
    "home": "h",
    "functions": "f",
    "create": "n",
    "all-triggers": "t",
    "all-invocations": "i",
    "settings-profile": "p",
    "settings-keys": "k",
    "admin-users": "u",
    "admin-workers": "w",
    "admin-audit": "a",
}
# Of the whole console: label, URL name, icon, and what a role must allow.
PAGES = [
    ("Dashboard", "home", "home", ""),
    ("Functions", "functions", "fn", ""),
    ("Create function", "create", "plus", "lambda:CreateFunction"),
    ("Triggers", "all-triggers", "bolt", ""),
    ("Invocations", "all-invocations", "list", ""),
    ("Design", "design", "layers", "hearth:ShowDesign"),
]
# Of one function: what is said behind its name, URL name, icon.
TABS = [("code", "fn"), ("logs", "log"), ("monitor", "chart"), ("configuration", "gear"), ("versions", "branch")]


@access.own_page
@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    """`{pages: [{label, url, icon, keys}], functions: [...]}`; `?q=` chooses functions whose name holds it."""
    query = request.GET.get("q", "").strip()[:64].replace("\0", "")
    response = JsonResponse({"pages": pages(request), "functions": functions(request, query)})
    response["Cache-Control"] = "no-store"
    return response


def pages(request: HttpRequest) -> list[dict[str, str]]:
    rows = [(label, name, icon) for label, name, icon, action in PAGES if not action or access.allows(request, action)]
    rows += [(f"Settings: {label}", name, "gear") for _, label, name in own.SECTIONS]
    rows += [(f"Administration: {each.label}", each.url_name, each.icon) for each in admin.sections(request)]
    return [_entry(label, reverse(name), icon, KEYS.get(name, "")) for label, name, icon in rows]


def functions(request: HttpRequest, query: str) -> list[dict[str, str]]:
    rows = Function.objects.filter(account=access.account(request), region=settings.HEARTH_REGION)
    names = list(rows.filter(name__icontains=query).order_by("name").values_list("name", flat=True)[:FOUND])
    found = [_entry(name, reverse("function", args=[name]), "fn") for name in names]
    if len(names) == 1:  # no doubt which: its tabs, too
        found += [_entry(f"{names[0]}: {tab}", reverse(tab, args=names), icon) for tab, icon in TABS]
    return found


def _entry(label: str, url: str, icon: str, keys: str = "") -> dict[str, Any]:
    return {"label": label, "url": url, "icon": icon, "keys": keys}
