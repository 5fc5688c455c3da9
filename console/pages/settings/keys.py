"""The person's own access keys. A secret is shown once, right after the key was made."""

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from console.pages import access, notice
from console.pages.settings import layout
from console.pages.settings.profile import person
from functions.actions import access_key
from functions.errors import ServiceError
from functions.models import AccessKey

CREATED = "created_key"  # in the session, until the next look at the page
CONFIRM = 4  # last characters of a key's id, to be typed before it is revoked


@never_cache
@access.own_page
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    rows = list(_own(request).order_by("-created_at"))
    made = request.session.pop(CREATED, None) if CREATED in request.session else None
    context = {
        "keys": [(row, row.pk[-CONFIRM:]) for row in rows],
        "created": next((row for row in rows if row.pk == made), None),
        "most": access_key.MAX_KEYS,
        "is_full": len(rows) >= access_key.MAX_KEYS,
        "endpoint": f"{request.scheme}://{request.get_host()}",
        "region": settings.HEARTH_REGION,
    }
    return layout.show(request, "keys", context)


@access.own_page
@require_POST
def create(request: HttpRequest) -> HttpResponse:
    try:
        key = access_key.create(access.caller(request), person(request))
    except ServiceError as error:
        notice.refused(request, str(error))
    else:
        request.session[CREATED] = key.pk
    return redirect("settings-keys")


@access.own_page
@require_POST
def activate(request: HttpRequest, key: str) -> HttpResponse:
    _find(request, key)
    access_key.switch(access.caller(request), key, is_active=True)
    notice.done(request, f"{key} signs requests again.")
    return redirect("settings-keys")


@access.own_page
@require_POST
def deactivate(request: HttpRequest, key: str) -> HttpResponse:
    _find(request, key)
    access_key.switch(access.caller(request), key, is_active=False)
    notice.undoable(request, f"{key} is switched off.", reverse("activate-key", args=[key]))
    return redirect("settings-keys")


@access.own_page
@require_POST
def revoke(request: HttpRequest, key: str) -> HttpResponse:
    """For good: the end of the key's id must be typed."""
    _find(request, key)
    if request.POST.get("confirm", "").strip().upper() != key[-CONFIRM:]:
        notice.refused(request, f"Nothing was revoked: type {key[-CONFIRM:]} to confirm.")
    else:
        access_key.delete(access.caller(request), key)
        notice.done(request, f"{key} is revoked.")
    return redirect("settings-keys")


def _own(request: HttpRequest) -> QuerySet[AccessKey]:
    return AccessKey.objects.filter(user=person(request), account_id=access.membership(request).account_id)


def _find(request: HttpRequest, key: str) -> None:
    if not _own(request).filter(pk=key).exists():
        raise Http404("You have no such access key.")
