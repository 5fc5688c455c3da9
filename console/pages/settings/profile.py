"""Name, e-mail and password."""

from typing import Any

from django import forms
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from console.pages import access, notice
from console.pages.forms import AwsForm
from console.pages.settings import layout
from functions.actions import browser_session
from functions.actions import user as users
from functions.errors import ServiceError
from functions.models import BrowserSession, User


class ProfileForm(AwsForm):
    optional = ("name", "email")

    name = forms.CharField(max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(label="E-mail", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"}))


def secret(label: str, autocomplete: str, hint: str = "") -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, max_length=1000, widget=widget, help_text=hint)


class NewPasswordForm(AwsForm):
    """A password twice. `user` is whom it is for: it must not be like his name."""

    new = secret("New password", "new-password", "At least 10 characters.")
    again = secret("New password, again", "new-password")

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_new(self) -> str:
        new: str = self.cleaned_data["new"]
        validate_password(new, self.user)
        return new

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if "new" in data and data["new"] != data.get("again"):
            self.add_error("again", "This is not the same as above.")
        return data


class PasswordForm(NewPasswordForm):
    field_order = ("current", "new", "again")
    current = secret("Current password", "current-password")


@access.own_page
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    user = person(request)
    if request.method == "GET":
        return _page(request, ProfileForm(initial=_initial(user)), PasswordForm(user))
    form = ProfileForm(request.POST)
    if not form.is_valid():
        return _page(request, form, PasswordForm(user), status=400)
    users.update_profile(access.caller(request), user, name=form.cleaned_data["name"], email=form.cleaned_data["email"])
    notice.done(request, "Profile: saved.")
    return redirect("settings-profile")


@sensitive_post_parameters()
@access.own_page
@require_POST
def change_password(request: HttpRequest) -> HttpResponse:
    user = person(request)
    form = PasswordForm(user, request.POST)
    caller = access.caller(request)
    if form.is_valid():
        try:
            users.change_password(caller, user, current=form.cleaned_data["current"], new=form.cleaned_data["new"])
        except ServiceError as error:
            form.refuse(error)
    if form.errors:
        return _page(request, ProfileForm(initial=_initial(user)), form, status=400)
    before = request.session.session_key
    update_session_auth_hash(request, user)  # gives the session a new key
    BrowserSession.objects.filter(key=before).update(key=request.session.session_key)
    ended = browser_session.end_others(caller, user, str(request.session.session_key))
    others = f" {ended} other session{'s' if ended > 1 else ''} signed out." if ended else ""
    notice.done(request, f"Password: changed.{others}")
    return redirect("settings-profile")


def person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _initial(user: User) -> dict[str, str]:
    return {"name": user.get_full_name(), "email": user.email}


def _page(request: HttpRequest, form: ProfileForm, password: PasswordForm, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "password_form": password, "membership": access.membership(request)}
    return layout.show(request, "profile", context, status=status)
