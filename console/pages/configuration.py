"""The configuration of `$LATEST` and of the function itself, in sections that are named as in AWS."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from console.pages import access, function_head
from console.pages.forms import AwsForm, VariablesField, role_choices, variables_text
from console.pages.function_head import Head
from console.pages.operations import call
from console.pages.runtimes import RuntimeSelect, choices, grouped_choices
from functions import names
from functions.access.caller import Caller
from functions.errors import ServiceError
from functions.models import FunctionUrl


class GeneralForm(AwsForm):
    optional = ("Description",)

    Description = forms.CharField()
    Runtime = forms.ChoiceField(widget=RuntimeSelect)
    Handler = forms.CharField(widget=forms.TextInput(attrs={"spellcheck": "false"}))
    MemorySize = forms.IntegerField(label="Memory, MB")
    Timeout = forms.IntegerField(label="Timeout, seconds")
    EphemeralStorage = forms.IntegerField(label="Ephemeral storage, MB", help_text="Size of /tmp.")
    Role = forms.ChoiceField(label="Execution role")

    def __init__(self, head: Head, *args: Any, **kwargs: Any) -> None:
        latest = head.latest
        initial = {
            "Description": latest.description,
            "Runtime": latest.runtime,
            "Handler": latest.handler,
            "MemorySize": latest.memory_size,
            "Timeout": latest.timeout,
            "EphemeralStorage": latest.ephemeral_storage,
            "Role": latest.role,
        }
        super().__init__(*args, initial=initial, **kwargs)
        runtime, role = self.fields["Runtime"], self.fields["Role"]
        assert isinstance(runtime, forms.ChoiceField)
        assert isinstance(role, forms.ChoiceField)
        here = choices()
        if latest.runtime not in dict(here):
            here.insert(0, (latest.runtime, f"{latest.runtime} (not installed)"))
        runtime.choices = grouped_choices(here)
        role.choices = role_choices(head.function.account, latest.role)

    def apply(self, caller: Caller, head: Head) -> None:
        data = self.cleaned_data
        runtime = data["Runtime"]
        storage = data["EphemeralStorage"]
        call(
            caller,
            "UpdateFunctionConfiguration",
            FunctionName=head.function.name,
            Description=data["Description"],
            # Unchanged ones are left out: a runtime that is gone must not stand in the way of a longer timeout.
            Runtime=runtime if runtime != head.latest.runtime else None,
            Handler=data["Handler"],
            MemorySize=data["MemorySize"],
            Timeout=data["Timeout"],
            EphemeralStorage={"Size": storage} if storage is not None else None,
            Role=data["Role"] if data["Role"] != head.latest.role else None,
        )


class EnvironmentForm(AwsForm):
    optional = ("Environment",)

    Environment = VariablesField(
        label="Environment variables", help_text="NAME=value, one a line. A .env file can be pasted."
    )

    def __init__(self, head: Head, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, initial={"Environment": variables_text(head.latest.environment)}, **kwargs)
        self.fields["Environment"].widget.attrs["rows"] = max(6, len(head.latest.environment) + 2)

    def apply(self, caller: Caller, head: Head) -> None:
        call(
            caller,
            "UpdateFunctionConfiguration",
            FunctionName=head.function.name,
            Environment={"Variables": self.cleaned_data["Environment"]},
        )


class TagsForm(AwsForm):
    optional = ("Tags",)
    member_fields = {"TagKeys": "Tags"}

    Tags = VariablesField(label="Tags", help_text="key=value, one a line.")

    def __init__(self, head: Head, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, initial={"Tags": variables_text(head.function.tags)}, **kwargs)

    def apply(self, caller: Caller, head: Head) -> None:
        wanted, present = self.cleaned_data["Tags"], head.function.tags
        gone = [key for key in present if key not in wanted]
        if wanted and wanted != present:
            call(caller, "TagResource", Resource=head.function.arn, Tags=wanted)
        if gone:
            call(caller, "UntagResource", Resource=head.function.arn, TagKeys=gone)


class ConcurrencyForm(AwsForm):
    optional = ("ReservedConcurrentExecutions",)

    ReservedConcurrentExecutions = forms.IntegerField(
        label="Reserved concurrency",
        help_text="At most this many invocations at once, kept free for this function. 0 stops it. Empty: none.",
    )

    def __init__(self, head: Head, *args: Any, **kwargs: Any) -> None:
        initial = {"ReservedConcurrentExecutions": head.function.reserved_concurrency}
        super().__init__(*args, initial=initial, **kwargs)

    def apply(self, caller: Caller, head: Head) -> None:
        reserved = self.cleaned_data["ReservedConcurrentExecutions"]
        name = head.function.name
        if reserved is None:
            call(caller, "DeleteFunctionConcurrency", FunctionName=name)
        else:
            call(caller, "PutFunctionConcurrency", FunctionName=name, ReservedConcurrentExecutions=reserved)


class UrlForm(AwsForm):
    AuthType = forms.ChoiceField(
        label="Who may call it",
        choices=[("", "Nobody: no URL"), *FunctionUrl.AuthType.choices],
        help_text="A public URL answers to anybody who can reach this endpoint.",
    )

    def __init__(self, head: Head, *args: Any, **kwargs: Any) -> None:
        self.url = head.function.urls.filter(qualifier="").select_related("function").first()
        super().__init__(*args, initial={"AuthType": self.url.auth_type if self.url else ""}, **kwargs)

    @property
    def address(self) -> str:
        return names.function_url(self.url) if self.url else ""

    def apply(self, caller: Caller, head: Head) -> None:
        wanted, name = self.cleaned_data["AuthType"], head.function.name
        if not wanted:
            if self.url:
                call(caller, "DeleteFunctionUrlConfig", FunctionName=name)
        elif self.url:
            call(caller, "UpdateFunctionUrlConfig", FunctionName=name, AuthType=wanted)
        else:
            call(caller, "CreateFunctionUrlConfig", FunctionName=name, AuthType=wanted)


SECTIONS: dict[str, tuple[str, Callable[..., Any]]] = {
    "general": ("General", GeneralForm),
    "environment": ("Environment variables", EnvironmentForm),
    "concurrency": ("Concurrency", ConcurrencyForm),
    "url": ("Function URL", UrlForm),
    "tags": ("Tags", TagsForm),
}


@access.page
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, name: str, section: str = "general") -> HttpResponse:
    if section not in SECTIONS:
        raise Http404(f"There is no configuration section {section}.")
    head = function_head.load(request, name, "configuration")
    title, form_class = SECTIONS[section]
    form = form_class(head, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            form.apply(access.caller(request), head)
        except ServiceError as error:
            form.refuse(error)
        else:
            messages.success(request, f"{title}: saved.", extra_tags="ok")
            return redirect("config-section", name, section)
    context = {
        "head": head,
        "section": "functions",
        "form": form,
        "current": section,
        "title": title,
        "sections": [
            (key, label, reverse("config-section", args=[name, key]) + head.qualifier_query)
            for key, (label, _) in SECTIONS.items()
        ],
        "may_change": access.may_change(request) and head.is_latest,
    }
    return render(request, "function/configuration.html", context, status=400 if form.errors else 200)


@access.page
@require_POST
def delete(request: HttpRequest, name: str) -> HttpResponse:
    """Delete the function with all it has. Its name must be typed."""
    function_head.find(request, name)
    if request.POST.get("confirm") != name:
        messages.error(request, f"Nothing was deleted: type {name} to confirm.", extra_tags="err")
        return redirect("configuration", name)
    try:
        call(access.caller(request), "DeleteFunction", FunctionName=name)
    except ServiceError as error:
        messages.error(request, error.message or error.code, extra_tags="err")
        return redirect("configuration", name)
    messages.success(request, f"Deleted {name}.", extra_tags="ok")
    return redirect("functions")
