"""Provisioned concurrency of a function's versions and aliases: what was asked for, what there is, more, less, none."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from console.pages import access, copy_as, function_head, notice
from console.pages.forms import AwsForm, LongSelect
from console.pages.function_head import Head
from console.pages.operations import call
from console.pages.snippets import Call
from functions.errors import ServiceError
from functions.invoke import provisioning
from functions.invoke.provisioning import Held
from functions.models import Function

# Status -> how it looks, and in words.
STATUSES = {
    "READY": ("ok", "Ready"),
    "IN_PROGRESS": ("info", "Being made"),
    "FAILED": ("err", "Failed"),
}


@dataclass(frozen=True)
class Row:
    qualifier: str
    requested: int
    held: Held

    @property
    def look(self) -> str:
        return STATUSES[self.held.status(self.requested)][0]

    @property
    def label(self) -> str:
        return STATUSES[self.held.status(self.requested)][1]


class ProvisionForm(AwsForm):
    """The members of PutProvisionedConcurrencyConfig."""

    needed = ("ProvisionedConcurrentExecutions",)

    Qualifier = forms.ChoiceField(
        label="Version or alias",
        widget=LongSelect,
        help_text="With an alias they follow it: when it moves, so do they.",
    )
    ProvisionedConcurrentExecutions = forms.IntegerField(
        label="Environments",
        help_text="So many stand initialised at any time. Invocations beyond them get environments made on demand.",
    )

    def __init__(self, head: Head, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.head = head
        field = self.fields["Qualifier"]
        assert isinstance(field, forms.ChoiceField)
        aliases = [(alias.name, f"Alias {alias.name}") for alias in head.aliases]
        field.choices = [*aliases, *((version.label, f"Version {version.label}") for version in head.versions)]

    def call(self) -> Call:
        return Call("PutProvisionedConcurrencyConfig", {"FunctionName": self.head.function.name, **self.cleaned_data})


@access.changing_page
@require_http_methods(["GET", "POST"])
def put(request: HttpRequest, name: str) -> HttpResponse:
    """Provision a version or alias, or change how much."""
    head = function_head.load(request, name, "configuration")
    initial = {"Qualifier": "" if head.is_latest else head.qualifier}
    config = head.function.provisioned.filter(qualifier=head.qualifier).first()
    if config is not None:
        initial["ProvisionedConcurrentExecutions"] = str(config.requested)
    form = ProvisionForm(head, request.POST if request.method == "POST" else None, initial=initial)
    if copy_as.is_wanted(request):
        return copy_as.of_form(request, form, lambda: [form.call()])
    if request.method == "POST" and form.is_valid():
        wanted = form.call()
        try:
            call(access.caller(request), wanted.operation, **wanted.members)
        except ServiceError as error:
            form.refuse(error)
        else:
            notice.done(request, f"{wanted.members['Qualifier']} is being provisioned.")
            return redirect(address(head))
    context = {"head": head, "section": "functions", "form": form, "back": address(head)}
    return render(request, "function/provision.html", context, status=400 if form.errors else 200)


@access.page
@require_POST
def remove(request: HttpRequest, name: str, qualifier: str) -> HttpResponse:
    head = function_head.load(request, name, "configuration")
    wanted = Call("DeleteProvisionedConcurrencyConfig", {"FunctionName": name, "Qualifier": qualifier})
    if copy_as.is_wanted(request):
        return copy_as.of_form(request, None, lambda: [wanted])
    try:
        call(access.caller(request), wanted.operation, **wanted.members)
    except ServiceError as error:
        notice.refused(request, error.message or error.code)
    else:
        notice.done(request, f"Nothing is provisioned for {qualifier} any more.")
    return redirect(address(head))


def rows(function: Function) -> list[Row]:
    configs = {config.qualifier: config.requested for config in function.provisioned.all()}
    held = provisioning.held(function) if configs else {}
    return [Row(qualifier, requested, held[qualifier]) for qualifier, requested in configs.items()]


def address(head: Head) -> str:
    """Of the page that shows them."""
    return reverse("config-section", args=[head.function.name, "concurrency"]) + head.qualifier_query
