"""Who looks at a page, in which account, and what they may do there."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse

from functions.access import presets
from functions.access.caller import Caller
from functions.models import Account, Membership

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

SESSION_ACCOUNT = "account"
SIGNED_OUT = "You are signed out. Sign in in another tab, then try again: nothing here is lost."


def memberships(request: HttpRequest) -> list[Membership]:
    """The accounts of the signed-in user, read once per request."""
    found: list[Membership] | None = getattr(request, "_memberships", None)
    if found is None:
        rows = (
            Membership.objects.filter(user_id=int(request.user.pk or 0), is_active=True)
            .select_related("account")
            .order_by("account__name")
        )
        found = list(rows)
        request._memberships = found  # type: ignore[attr-defined]
    return found


def membership(request: HttpRequest) -> Membership:
    """The membership in the chosen account; the first one when none was chosen or it is gone."""
    rows = memberships(request)
    if not rows:
        raise PermissionDenied("You do not belong to any account. Ask an administrator to add you.")
    chosen = request.session.get(SESSION_ACCOUNT)
    return next((row for row in rows if row.account_id == chosen), rows[0])


def account(request: HttpRequest) -> Account:
    return membership(request).account


def may_change(request: HttpRequest) -> bool:
    return membership(request).preset != Membership.Preset.VIEWER


def caller(request: HttpRequest) -> Caller:
    return Caller(
        account_id=membership(request).account_id,
        region=settings.HEARTH_REGION,
        user_id=request.user.pk,
        user_name=request.user.get_username(),
        via="console",
        preset=membership(request).preset,
        source_ip=request.META.get("REMOTE_ADDR", ""),
    )


def allows(request: HttpRequest, action: str) -> bool:
    """Whether the person's preset allows an action, of AWS or `hearth:*`."""
    return presets.allows(membership(request).preset, action)


def needs(action: str) -> Callable[[View[P]], View[P]]:
    """A page for those whose preset allows the action, whatever the method."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not allows(request, action):
                role = membership(request).get_preset_display().lower()
                raise PermissionDenied(f"Your role here is {role}, which does not allow {action}.")
            return view(request, *args, **kwargs)

        return own_page(guarded)

    return decorate


def page(view: View[P]) -> View[P]:
    """A page for any member: signed in, in an account. What changes something (POST) is not for viewers."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.method not in ("GET", "HEAD") and not may_change(request):
            raise PermissionDenied("Viewers may look, not change. Ask an administrator for the developer role.")
        return view(request, *args, **kwargs)

    return own_page(guarded)


def own_page(view: View[P]) -> View[P]:
    """A page of the person's own: any member may also change what is there."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if "\0" in request.path:  # no database takes it
            raise Http404
        membership(request)
        return view(request, *args, **kwargs)

    checked: Any = login_required(guarded)

    @wraps(view)
    def outer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        # The editor asks by script: a redirect to the login page would tell it nothing.
        if not request.user.is_authenticated and request.content_type == "application/json":
            return JsonResponse({"message": SIGNED_OUT}, status=401)
        answer: HttpResponseBase = checked(request, *args, **kwargs)
        return answer

    return outer


def changing_page(view: View[P]) -> View[P]:
    """A page that is only there to change something: its form is not for viewers either."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not may_change(request):
            raise PermissionDenied("Viewers may look, not change. Ask an administrator for the developer role.")
        return view(request, *args, **kwargs)

    return page(guarded)
