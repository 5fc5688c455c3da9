"""What Ctrl+K offers: the pages that the person's role allows, and the account's functions."""

from itertools import pairwise
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from console.pages import access
from console.pages.admin import layout as admin
from console.pages.configuration import SECTIONS
from console.pages.settings import layout as own
from functions.models import LATEST, Function, version

FOUND = 8  # functions in one answer
# `g` and then this key goes there.
KEYS = {
    "home": "h",
    "functions": "f",
    "create": "n",
    "layers": "y",
    "all-triggers": "t",
    "all-invocations": "i",
    "all-errors": "e",
    "settings-profile": "p",
    "settings-keys": "k",
    "admin-users": "u",
    "admin-concurrency": "w",
    "admin-audit": "a",
}
# Of the whole console: label, URL name, icon, and what a role must allow.
PAGES = [
    ("Dashboard", "home", "home", ""),
    ("Functions", "functions", "fn", ""),
    ("Create function", "create", "plus", "lambda:CreateFunction"),
    ("Layers", "layers", "layers", ""),
    ("Publish layer", "new-layer", "plus", "lambda:PublishLayerVersion"),
    ("Triggers", "all-triggers", "bolt", ""),
    ("Invocations", "all-invocations", "list", ""),
    ("Errors", "all-errors", "err", ""),
    ("Design", "design", "layers", "hearth:ShowDesign"),
]
# Of one function: URL name, which is also what is said behind the function's, and icon.
TABS = [
    ("code", "fn"),
    ("logs", "log"),
    ("monitor", "chart"),
    ("configuration", "gear"),
    ("versions", "branch"),
    ("triggers", "bolt"),
    ("invocations", "list"),
    ("errors", "err"),
]


@access.own_page
@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    """`{pages: [{label, url, icon, keys}], functions: [...]}`; `?q=` chooses functions by a part of the name.

    Words behind it choose among a function's own pages: `orders env` is the environment of `orders-checkout`.
    """
    query = request.GET.get("q", "").strip()[:128].replace("\0", "")
    response = JsonResponse({"pages": pages(request), "functions": functions(request, query)})
    response["Cache-Control"] = "no-store"
    return response


def pages(request: HttpRequest) -> list[dict[str, str]]:
    rows = [(label, name, icon) for label, name, icon, action in PAGES if not action or access.allows(request, action)]
    rows += [(f"Settings: {label}", name, "gear") for _, label, name in own.SECTIONS]
    rows += [(f"Administration: {each.label}", each.url_name, each.icon) for each in admin.sections(request)]
    return [_entry(label, reverse(name), icon, KEYS.get(name, "")) for label, name, icon in rows]


def functions(request: HttpRequest, query: str) -> list[dict[str, str]]:
    name, *words = query.lower().split() or [""]
    rows = Function.objects.filter(account=access.account(request), region=settings.HEARTH_REGION)
    found = list(rows.filter(name__icontains=name.rstrip(":")).order_by("name")[:FOUND])
    if words:
        own = [entry for function in found for entry in _of_function(function)]
        return [each for each in own if all(word in each["label"].lower().partition(": ")[2] for word in words)][:FOUND]
    entries = [_entry(each.name, reverse("function", args=[each.name]), "fn") for each in found]
    return entries + (_of_function(found[0]) if len(found) == 1 else [])  # no doubt which: its pages, too


def _of_function(function: Function) -> list[dict[str, str]]:
    """Its tabs, the sections of its configuration, and what is new in it."""
    name = function.name
    entries = [_entry(f"{name}: {tab}", reverse(tab, args=[name]), icon) for tab, icon in TABS]
    entries += [
        _entry(f"{name}: {label.lower()}", reverse("config-section", args=[name, key]), "gear")
        for key, (label, _) in SECTIONS.items()
    ]
    newest = function.versions.filter(number__gt=0).order_by("-number").values_list("number", flat=True)[:2]
    for before, after in pairwise([*(version.label(each) for each in reversed(list(newest))), LATEST]):
        url = reverse("difference", args=[name, before, after])
        entries.append(_entry(f"{name}: difference {before} to {after}", url, "branch"))
    return entries


def _entry(label: str, url: str, icon: str, keys: str = "") -> dict[str, Any]:
    return {"label": label, "url": url, "icon": icon, "keys": keys}
