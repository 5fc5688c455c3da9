"""Versions and aliases: publish, point, shift traffic, delete."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from console.pages import access, function_head
from console.pages.forms import AwsForm
from console.pages.function_head import Head
from console.pages.operations import call
from functions.errors import ServiceError
from functions.models import LATEST


class PublishForm(AwsForm):
    optional = ("Description",)
    Description = forms.CharField(help_text="What is new in it.")


class AliasForm(AwsForm):
    """`second` takes `share` per cent of the traffic from the version."""

    member_fields = {"RoutingConfig": "second"}
    optional = ("second", "Description")

    Name = forms.CharField(label="Alias", widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}))
    FunctionVersion = forms.ChoiceField(label="Version")
    second = forms.ChoiceField(label="Shift traffic to")
    share = forms.FloatField(label="Share, %", widget=forms.NumberInput(attrs={"min": 0, "max": 100, "step": "any"}))
    Description = forms.CharField()

    def __init__(self, head: Head, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        numbers = [(version.label, f"Version {version.label}") for version in head.versions]
        version, second = self.fields["FunctionVersion"], self.fields["second"]
        assert isinstance(version, forms.ChoiceField)
        assert isinstance(second, forms.ChoiceField)
        version.choices = [*numbers, (LATEST, LATEST)]
        second.choices = [("", "Nothing"), *numbers]

    def members(self) -> dict[str, Any]:
        data = self.cleaned_data
        weights = {data["second"]: (data["share"] or 0) / 100} if data["second"] else {}
        return {
            "FunctionVersion": data["FunctionVersion"],
            "Description": data["Description"] or None,
            "RoutingConfig": {"AdditionalVersionWeights": weights},
        }


@access.page
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest, name: str) -> HttpResponse:
    """The page; a POST creates an alias."""
    head = function_head.load(request, name, "versions")
    form = AliasForm(head, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            call(
                access.caller(request),
                "CreateAlias",
                FunctionName=name,
                Name=form.cleaned_data["Name"],
                **form.members(),
            )
        except ServiceError as error:
            form.refuse(error)
        else:
            messages.success(request, f"Created alias {form.cleaned_data['Name']}.", extra_tags="ok")
            return redirect("versions", name)
    return _show(request, head, form, status=400 if form.errors else 200)


@access.page
@require_http_methods(["GET", "POST"])
def alias(request: HttpRequest, name: str, alias_name: str) -> HttpResponse:
    """POST: point an alias elsewhere or shift its traffic."""
    head = function_head.load(request, name, "versions")
    if request.method == "GET":
        return redirect("versions", name)
    form = AliasForm(head, {**request.POST.dict(), "Name": alias_name}, auto_id=f"id_{alias_name}_%s")
    if form.is_valid():
        try:
            call(access.caller(request), "UpdateAlias", FunctionName=name, Name=alias_name, **form.members())
        except ServiceError as error:
            form.refuse(error)
        else:
            messages.success(request, f"Alias {alias_name} is changed.", extra_tags="ok")
            return redirect("versions", name)
    return _show(request, head, AliasForm(head), status=400, changed=(alias_name, form))


@access.page
@require_POST
def delete_alias(request: HttpRequest, name: str, alias_name: str) -> HttpResponse:
    function_head.find(request, name)
    return _do(request, name, f"Deleted alias {alias_name}.", "DeleteAlias", FunctionName=name, Name=alias_name)


@access.page
@require_POST
def publish(request: HttpRequest, name: str) -> HttpResponse:
    function_head.find(request, name)
    form = PublishForm(request.POST)
    form.is_valid()
    try:
        answer = call(
            access.caller(request),
            "PublishVersion",
            FunctionName=name,
            Description=form.cleaned_data.get("Description") or None,
        )
    except ServiceError as error:
        messages.error(request, error.message or error.code, extra_tags="err")
    else:
        messages.success(request, f"$LATEST is now version {answer['Version']}.", extra_tags="ok")
    return redirect("versions", name)


@access.page
@require_POST
def delete_version(request: HttpRequest, name: str, number: int) -> HttpResponse:
    function_head.find(request, name)
    return _do(
        request,
        name,
        f"Deleted version {number}.",
        "DeleteFunction",
        FunctionName=name,
        Qualifier=str(number),
    )


def _do(request: HttpRequest, name: str, done: str, operation: str, **members: Any) -> HttpResponse:
    try:
        call(access.caller(request), operation, **members)
    except ServiceError as error:
        messages.error(request, error.message or error.code, extra_tags="err")
    else:
        messages.success(request, done, extra_tags="ok")
    return redirect("versions", name)


def _show(
    request: HttpRequest, head: Head, form: AliasForm, *, status: int, changed: tuple[str, AliasForm] | None = None
) -> HttpResponse:
    forms_by_alias = []
    used: dict[str, list[str]] = {}
    for each in head.aliases:
        for label in (each.version, *each.routing):
            used.setdefault(label, []).append(each.name)
        second = next(iter(each.routing.items()), ("", 0.0))
        initial = {
            "Name": each.name,
            "FunctionVersion": each.version,
            "second": second[0],
            "share": f"{float(second[1]) * 100:.4g}" if second[0] else "",
            "Description": each.description,
        }
        own = AliasForm(head, initial=initial, auto_id=f"id_{each.name}_%s")
        if changed is not None and changed[0] == each.name:
            own = changed[1]
        forms_by_alias.append((each, own))
    context = {
        "head": head,
        "section": "functions",
        "form": form,
        "publish_form": PublishForm(),
        "alias_forms": forms_by_alias,
        "used": used,
    }
    return render(request, "function/versions.html", context, status=status)
