"""Who belongs to the account: invited by a link, given a role, switched off and on."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from console.pages import access, notice
from console.pages.admin import layout
from console.pages.forms import AwsForm
from functions.access import presets
from functions.access.caller import Caller
from functions.actions import invitation, member
from functions.errors import ServiceError
from functions.models import Invitation, Membership

needed = access.needs("hearth:ManageUsers")
PAGE = 50
LINK = "made_link"  # in the session, until the next look at the page


class InviteForm(AwsForm):
    optional = ("email",)

    user_name = forms.CharField(
        label="User name", widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )
    email = forms.CharField(label="E-mail", max_length=254, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    preset = forms.ChoiceField(label="Role", choices=Membership.Preset.choices, initial=Membership.Preset.DEVELOPER)


@never_cache
@needed
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    return _page(request, InviteForm())


@needed
@require_POST
def invite(request: HttpRequest) -> HttpResponse:
    form = InviteForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            secret = invitation.invite(access.caller(request), data["user_name"], data["preset"], data["email"])
        except ServiceError as error:
            form.refuse(error)
        else:
            return _show_link(request, data["user_name"], secret)
    return _page(request, form, status=400)


@needed
@require_POST
def password_link(request: HttpRequest, user_id: int) -> HttpResponse:
    try:
        name = member.find(access.caller(request), user_id).user.get_username()
        secret = invitation.password_link(access.caller(request), user_id)
    except ServiceError as error:
        notice.refused(request, str(error))
        return redirect("admin-users")
    return _show_link(request, name, secret)


@needed
@require_POST
def withdraw(request: HttpRequest, token_hash: str) -> HttpResponse:
    return _change(
        request,
        lambda caller: f"The link of {invitation.withdraw(caller, token_hash).user_name} is withdrawn.",
    )


@needed
@require_POST
def set_preset(request: HttpRequest, user_id: int) -> HttpResponse:
    def run(caller: Caller) -> str:
        row = member.set_preset(caller, user_id, request.POST.get("preset", ""))
        return f"{row.user.get_username()} is {row.get_preset_display().lower()} now."

    return _change(request, run)


@needed
@require_POST
def disable(request: HttpRequest, user_id: int) -> HttpResponse:
    return _change(
        request,
        lambda caller: f"{member.disable(caller, user_id).user.get_username()} is switched off.",
        undo=reverse("enable-user", args=[user_id]),
    )


@needed
@require_POST
def enable(request: HttpRequest, user_id: int) -> HttpResponse:
    return _change(request, lambda caller: f"{member.enable(caller, user_id).user.get_username()} may come in again.")


def _change(request: HttpRequest, run: Callable[[Caller], str], *, undo: str = "") -> HttpResponse:
    """Run an action that answers what it did, and go back to the list."""
    try:
        said = run(access.caller(request))
    except ServiceError as error:
        notice.refused(request, str(error))
    else:
        notice.undoable(request, said, undo) if undo else notice.done(request, said)
    return redirect("admin-users")


def _show_link(request: HttpRequest, user_name: str, secret: str) -> HttpResponse:
    request.session[LINK] = [user_name, secret]
    return redirect("admin-users")


def _page(request: HttpRequest, form: InviteForm, *, status: int = 200) -> HttpResponse:
    account = access.account(request)
    query = request.GET.get("q", "").strip()[:150]
    rows = Membership.objects.filter(account=account).select_related("user")
    rows = rows.annotate(keys=Count("user__access_keys", filter=Q(user__access_keys__account=account)))
    if query:
        rows = rows.filter(Q(user__username__icontains=query) | Q(user__email__icontains=query))
    page = Paginator(rows.order_by("user__username"), PAGE).get_page(request.GET.get("page"))
    made = request.session.pop(LINK, None) if LINK in request.session else None
    links = Invitation.objects.filter(account=account, expires_at__gt=timezone.now()).order_by("-created_at")
    context: dict[str, Any] = {
        "form": form,
        "page": page,
        "query": query,
        "presets": Membership.Preset.choices,
        "meanings": [(label, presets.MEANINGS[value]) for value, label in Membership.Preset.choices],
        "links": links,
        "days": invitation.LIFE.days,
        "made_for": made[0] if made else "",
        "made_link": request.build_absolute_uri(reverse("invitation", args=[made[1]])) if made else "",
    }
    return layout.show(request, "users", context, status=status)
