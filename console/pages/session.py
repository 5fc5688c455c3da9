"""Signing in and out. Failed attempts are audit rows, and too many of them close the door for a while."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from console.pages import access, notice
from functions.models import AuditEntry

FAILED = "ConsoleLoginFailed"
PREFIX = "console-login:"
WINDOW = timedelta(minutes=15)
# Failures within the window: of one name from one address, of one name from anywhere, of any name from one address.
PER_NAME_AND_ADDRESS = 5
PER_NAME = 50
PER_ADDRESS = 30


class LoginForm(AuthenticationForm):
    error_messages = {
        "invalid_login": "User name or password is wrong.",
        "inactive": "This user is switched off.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["username"].label = "User name"
        for field in self.fields.values():
            field.widget.attrs["class"] = "input"


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(destination(request))
    if request.method == "GET":
        return show(request, LoginForm(request))
    # A NUL is no name's, and no database takes it.
    name, address = request.POST.get("username", "")[:150].replace("\0", "\ufffd"), request.META.get("REMOTE_ADDR", "")
    wait = seconds_to_wait(name, address)
    if wait:
        form = LoginForm(request, initial={"username": name})
        return show(request, form, status=429, wait=wait)
    form = LoginForm(request, request.POST)
    if not form.is_valid():
        AuditEntry.objects.create(
            account_id=settings.HEARTH_ACCOUNT_ID,
            actor=name,
            via="console",
            action=FAILED,
            resource=resource(name),
            detail={"address": address},
        )
        return show(request, form, status=403, wait=seconds_to_wait(name, address))
    login(request, form.get_user())  # a new session key: one planted before is worth nothing
    return redirect(destination(request))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("login")


@require_POST
def choose_account(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect("login")
    chosen = request.POST.get("account", "")
    if any(row.account_id == chosen for row in access.memberships(request)):
        request.session[access.SESSION_ACCOUNT] = chosen
    else:
        notice.refused(request, "You do not belong to that account.")
    return redirect("functions")


def show(request: HttpRequest, form: LoginForm, *, status: int = 200, wait: int = 0) -> HttpResponse:
    context = {"form": form, "next": destination(request), "minutes": -(-wait // 60), "host": request.get_host()}
    return render(request, "session/login.html", context, status=status)


def destination(request: HttpRequest) -> str:
    """Where the person wanted to go; never another site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
        return wanted
    return settings.LOGIN_REDIRECT_URL


def resource(name: str) -> str:
    return f"{PREFIX}{name}"


def seconds_to_wait(name: str, address: str) -> int:
    """0 when an attempt is allowed, else how long the door stays closed."""
    now = timezone.now()
    failures = AuditEntry.objects.filter(
        account_id=settings.HEARTH_ACCOUNT_ID,
        resource__gte=PREFIX,
        resource__lt=PREFIX[:-1] + ";",  # the next character: a range of the index
        action=FAILED,
        at__gt=now - WINDOW,
    )
    rows = list(failures.order_by("-at").values_list("resource", "at", "detail__address"))
    wanted = resource(name)
    of_name = [at for each, at, _ in rows if each == wanted]
    from_here = [at for _, at, origin in rows if origin == address]
    of_both = [at for each, at, origin in rows if each == wanted and origin == address]
    limits = ((of_both, PER_NAME_AND_ADDRESS), (of_name, PER_NAME), (from_here, PER_ADDRESS))
    return max(remaining(times[limit - 1], now) if len(times) >= limit else 0 for times, limit in limits)


def remaining(at: datetime, now: datetime) -> int:
    return max(1, int((at + WINDOW - now).total_seconds()))
