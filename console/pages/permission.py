"""The resource-based policy of a function, version or alias: its statements; one more, one less, the whole edited."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from console.pages import access, copy_as, function_head, notice
from console.pages.forms import AwsForm
from console.pages.function_head import Head
from console.pages.operations import call
from console.pages.snippets import Call
from functions.access.resource_policies import ACTIONS
from functions.errors import ServiceError
from functions.models import FunctionUrl, ResourcePolicy

INVOKE = "lambda:InvokeFunction"
SID = re.compile(r"[a-zA-Z0-9-_.]+")  # what RemovePermission takes


@dataclass(frozen=True)
class Row:
    """A statement for people."""

    sid: str
    allows: bool
    who: str
    actions: list[str]
    conditions: list[str]

    @property
    def can_be_removed(self) -> bool:
        return SID.fullmatch(self.sid) is not None


class PermissionForm(AwsForm):
    """The members of AddPermission."""

    optional = ("SourceArn", "SourceAccount", "PrincipalOrgID", "EventSourceToken")

    StatementId = forms.CharField(label="Statement id", help_text="A name of its own in this policy.")
    Principal = forms.CharField(
        label="Who",
        help_text="An account (12 digits), a user's or role's ARN, a service (s3.amazonaws.com), or * for everybody.",
    )
    Action = forms.ChoiceField(
        label="May do", choices=[(each, each) for each in (INVOKE, *sorted(ACTIONS - {INVOKE}))], initial=INVOKE
    )
    SourceArn = forms.CharField(
        label="Only for",
        help_text="Of a service: the ARN of the bucket, topic or rule that it acts for. * is any text.",
    )
    SourceAccount = forms.CharField(label="Only for the account", help_text="That has the bucket, topic or rule.")
    PrincipalOrgID = forms.CharField(label="Only from the organization", help_text="o-a1b2c3d4e5")
    EventSourceToken = forms.CharField(label="Token", help_text="That Alexa sends along.")
    FunctionUrlAuthType = forms.ChoiceField(
        label="By a function URL that is", choices=[("", "Not asked"), *FunctionUrl.AuthType.choices]
    )
    InvokedViaFunctionUrl = forms.BooleanField(
        label="Only through the function URL", widget=forms.CheckboxInput, help_text="Not by the API."
    )

    def call(self, head: Head) -> Call:
        given = {name: value or None for name, value in self.cleaned_data.items()}
        return Call("AddPermission", {**_which(head), **given})


class PolicyForm(AwsForm):
    """A whole policy. Without text: none."""

    Policy = forms.CharField(
        label="Policy",
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false", "class": "area mono", "data_wide": True}),
        help_text="JSON. It replaces all statements; an empty field removes the policy.",
    )
    RevisionId = forms.CharField(widget=forms.HiddenInput)

    def call(self, head: Head) -> Call:
        revision = {"RevisionId": self.cleaned_data["RevisionId"] or None}
        resource = {"ResourceArn": head.arn}
        if self.cleaned_data["Policy"].strip():
            return Call("PutResourcePolicy", {**resource, "Policy": self.cleaned_data["Policy"], **revision})
        return Call("DeleteResourcePolicy", {**resource, **revision})

    def refuse(self, error: ServiceError) -> None:
        self.add_error("Policy", error.message or error.code)


@access.changing_page
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, name: str) -> HttpResponse:
    head = function_head.load(request, name, "configuration")
    form = PermissionForm(request.POST if request.method == "POST" else None)
    return _form_page(request, head, form, "Add permission", "Permission added.")


@access.changing_page
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, name: str) -> HttpResponse:
    head = function_head.load(request, name, "configuration")
    policy = find(head)
    initial = {"Policy": pretty(policy), "RevisionId": policy.revision_id if policy else ""}
    form = PolicyForm(request.POST if request.method == "POST" else None, initial=initial)
    return _form_page(request, head, form, "Edit policy", "Policy saved.")


@access.page
@require_POST
def remove(request: HttpRequest, name: str, sid: str) -> HttpResponse:
    head = function_head.load(request, name, "configuration")
    wanted = Call("RemovePermission", {**_which(head), "StatementId": sid})
    if copy_as.is_wanted(request):
        return copy_as.of_form(request, None, lambda: [wanted])
    try:
        call(access.caller(request), wanted.operation, **wanted.members)
    except ServiceError as error:
        notice.refused(request, error.message or error.code)
    else:
        notice.done(request, f"Removed {sid}.")
    return redirect(address(head))


def find(head: Head) -> ResourcePolicy | None:
    """The policy of what the qualifier shows."""
    return head.function.policies.filter(qualifier="" if head.is_latest else head.qualifier).first()


def rows(policy: ResourcePolicy | None) -> list[Row]:
    if policy is None:
        return []
    return [
        Row(
            sid=each.get("Sid", ""),
            allows=each["Effect"] == "Allow",
            who=_who(each),
            actions=_texts(each, "Action"),
            conditions=[
                f"{operator} {key}: {', '.join(map(str, value if isinstance(value, list) else [value]))}"
                for operator, keys in each.get("Condition", {}).items()
                for key, value in keys.items()
            ],
        )
        for each in json.loads(policy.document)["Statement"]
    ]


def pretty(policy: ResourcePolicy | None) -> str:
    return json.dumps(json.loads(policy.document), indent=2, ensure_ascii=False) if policy else ""


def address(head: Head) -> str:
    """Of the page that shows the policy."""
    return reverse("config-section", args=[head.function.name, "permissions"]) + head.qualifier_query


def _form_page(
    request: HttpRequest, head: Head, form: PermissionForm | PolicyForm, title: str, said: str
) -> HttpResponse:
    if copy_as.is_wanted(request):
        return copy_as.of_form(request, form, lambda: [form.call(head)])
    if request.method == "POST" and form.is_valid():
        wanted = form.call(head)
        try:
            call(access.caller(request), wanted.operation, **wanted.members)
        except ServiceError as error:
            form.refuse(error)
        else:
            notice.done(request, said)
            return redirect(address(head))
    context = {"head": head, "section": "functions", "form": form, "title": title, "back": address(head)}
    return render(request, "function/permission.html", context, status=400 if form.errors else 200)


def _which(head: Head) -> dict[str, Any]:
    return {"FunctionName": head.function.name, "Qualifier": None if head.is_latest else head.qualifier}


def _who(statement: Mapping[str, Any]) -> str:
    given = statement.get("Principal", statement.get("NotPrincipal"))
    names = [given] if isinstance(given, str) else [each for kind in given for each in _texts(given, kind)]
    text = ", ".join("everybody" if each == "*" else each for each in names)
    return text if "Principal" in statement else f"all but {text}"


def _texts(statement: Mapping[str, Any], member: str) -> list[str]:
    """Of a member that may be one text or several, or the opposite under Not."""
    value = statement.get(member)
    is_not = value is None
    value = statement.get(f"Not{member}") if is_not else value
    found = value if isinstance(value, list) else [value]
    return [f"all but {each}" if is_not else str(each) for each in found]
