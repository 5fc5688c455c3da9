"""Which other accounts may use a version of a layer: its policy, statement by statement."""

import re
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from console.pages import access, copy_as, layer, notice
from console.pages.forms import AwsForm
from console.pages.operations import call
from console.pages.snippets import Call
from functions.errors import ServiceError
from functions.models import LayerVersion

READ = "lambda:GetLayerVersion"
EVERYBODY = "*"


class SharingForm(AwsForm):
    member_fields = {"StatementId": "Principal"}  # made of it

    Principal = forms.CharField(
        label="Account",
        strip=True,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="The 12 digits of an account, or * for all accounts of this Hearth.",
    )

    def call(self, version: LayerVersion) -> Call:
        principal = self.cleaned_data["Principal"]
        members = {
            "LayerName": version.layer.name,
            "VersionNumber": version.number,
            "StatementId": "everybody" if principal == EVERYBODY else re.sub(r"[^a-zA-Z0-9-_]", "-", principal)[:100],
            "Action": READ,
            "Principal": principal,
        }
        return Call("AddLayerVersionPermission", members)


@access.page
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, name: str, number: int) -> HttpResponse:
    version = layer.find(request, name, number)
    form = SharingForm(request.POST if request.method == "POST" else None)
    if copy_as.is_wanted(request):
        return copy_as.of_form(request, form, lambda: [form.call(version)])
    if request.method == "POST" and form.is_valid():
        wanted = form.call(version)
        try:
            call(access.caller(request), wanted.operation, **wanted.members)
        except ServiceError as error:
            form.refuse(error)
        else:
            notice.done(request, f"Version {number} of {name} is shared.")
            return redirect("layer-sharing", name, number)
    context = {
        "section": "layers",
        "version": version,
        "statements": [(each["Sid"], _who(each)) for each in version.policy],
        "form": form,
    }
    return render(request, "layer/sharing.html", context, status=400 if form.errors else 200)


@access.page
@require_POST
def remove(request: HttpRequest, name: str, number: int, sid: str) -> HttpResponse:
    version = layer.find(request, name, number)
    try:
        call(
            access.caller(request),
            "RemoveLayerVersionPermission",
            LayerName=version.layer.name,
            VersionNumber=version.number,
            StatementId=sid,
        )
    except ServiceError as error:
        notice.refused(request, error.message or error.code)
    else:
        notice.done(request, "It is not shared with them any more. Functions that have it keep it.")
    return redirect("layer-sharing", name, number)


def _who(statement: dict[str, Any]) -> str:
    principal = statement["Principal"]
    who = "All accounts" if principal == EVERYBODY else str(principal["AWS"]).split(":")[4]
    organization = statement.get("Condition", {}).get("StringEquals", {}).get("aws:PrincipalOrgID")
    return f"{who} of organization {organization}" if organization else who
