"""Aliases: create, shift traffic, roll back, delete and take that back."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST

from console.pages import access, copy_as, function_head, notice, undo, version_page
from console.pages.function_head import Head
from console.pages.operations import call, check
from console.pages.snippets import Call
from console.pages.version_page import AliasForm
from functions.actions import alias as actions
from functions.arn import FunctionReference
from functions.errors import ServiceError
from functions.models import LATEST, Alias


@access.page
@require_POST
def create(request: HttpRequest, name: str) -> HttpResponse:
    head = function_head.load(request, name, "versions")
    form = AliasForm(head, request.POST)
    if copy_as.is_wanted(request):
        return copy_as.of_form(request, form, lambda: [Call("CreateAlias", form.members(name))])
    if form.is_valid():
        try:
            call(access.caller(request), "CreateAlias", **form.members(name))
        except ServiceError as error:
            form.refuse(error)
        else:
            notice.done(request, f"Created alias {form.cleaned_data['Name']}.")
            return redirect(page(name, form.cleaned_data["Name"]))
    return version_page.show(request, head, form, status=400)


@access.page
@require_http_methods(["GET", "HEAD", "POST"])
def shift(request: HttpRequest, name: str, alias_name: str) -> HttpResponse:
    """POST: point an alias elsewhere or shift its traffic."""
    head = function_head.load(request, name, "versions")
    if request.method != "POST":
        return redirect(page(name, alias_name))
    form = AliasForm(head, {**request.POST.dict(), "Name": alias_name}, auto_id=f"id_{alias_name}_%s")
    if copy_as.is_wanted(request):
        return copy_as.of_form(request, form, lambda: [Call("UpdateAlias", form.members(name))])
    if form.is_valid():
        label, weights = form.target()
        caller, members = access.caller(request), form.members(name)
        try:
            check(caller, "UpdateAlias", **members)
            actions.update(
                caller,
                reference(head),
                alias_name,
                version=label,
                description=members["Description"],
                weights=weights,
                revision_id=request.POST.get("revision_id"),
                why=form.cleaned_data["why"],
            )
        except ServiceError as error:
            form.refuse(error)
        else:
            shares = ", ".join(f"{float(share) * 100:g} % to version {each}" for each, share in weights.items())
            notice.done(request, f"Alias {alias_name}: {shares or f'all traffic to {named(label)}'}.")
            return redirect(page(name, alias_name))
    return version_page.show(request, head, AliasForm(head), status=400, changed=(alias_name, form))


@access.page
@require_POST
def rollback(request: HttpRequest, name: str, alias_name: str) -> HttpResponse:
    """All traffic back to `Version`."""
    head = function_head.load(request, name, "versions")
    caller, label = access.caller(request), request.POST.get("Version", "")
    if copy_as.is_wanted(request):
        members = {
            "FunctionName": name,
            "Name": alias_name,
            "FunctionVersion": label,
            "RoutingConfig": {"AdditionalVersionWeights": {}},
        }
        return copy_as.of_form(request, None, lambda: [Call("UpdateAlias", members)])
    try:
        check(caller, "UpdateAlias", FunctionName=name, Name=alias_name, FunctionVersion=label)
        actions.rollback(
            caller,
            reference(head),
            alias_name,
            label,
            why=request.POST.get("why", ""),
            revision_id=request.POST.get("revision_id"),
        )
    except ServiceError as error:
        notice.refused(request, error.message or error.code)
    else:
        notice.done(request, f"Alias {alias_name} is rolled back: all traffic to {named(label)}.")
    return redirect(page(name, alias_name))


@access.page
@require_POST
def delete(request: HttpRequest, name: str, alias_name: str) -> HttpResponse:
    head = function_head.load(request, name, "versions")
    gone = next((each for each in head.aliases if each.name == alias_name), None)
    lost = gone is not None and _has_more(gone)
    try:
        call(access.caller(request), "DeleteAlias", FunctionName=name, Name=alias_name)
    except ServiceError as error:
        notice.refused(request, error.message or error.code)
    else:
        text = f"Deleted alias {alias_name}."
        if gone is None or lost:  # its URL would come back with another address
            notice.done(request, text)
        else:
            members = {
                "Name": gone.name,
                "FunctionVersion": gone.version,
                "Description": gone.description,
                "RoutingConfig": {"AdditionalVersionWeights": gone.routing},
            }
            notice.undoable(request, text, reverse("undo-alias", args=[name, undo.keep(request, "alias", members)]))
    return redirect("versions", name)


@access.page
@require_POST
def restore(request: HttpRequest, name: str, key: str) -> HttpResponse:
    """Take a deletion back."""
    head = function_head.load(request, name, "versions")
    members = undo.take(request, "alias", key)
    try:
        call(access.caller(request), "CreateAlias", FunctionName=head.function.name, **members)
    except ServiceError as error:
        notice.refused(request, error.message or error.code)
    else:
        notice.done(request, f"Alias {members['Name']} is back.")
    return redirect("versions", name)


def page(name: str, alias_name: str) -> str:
    return f"{reverse('versions', args=[name])}?{urlencode({'alias': alias_name})}"


def reference(head: Head) -> FunctionReference:
    function = head.function
    return FunctionReference(function.account_id, function.region, function.name, None)


def named(label: str) -> str:
    return label if label == LATEST else f"version {label}"


def _has_more(alias: Alias) -> bool:
    """Whether deleting it deletes what a new alias of that name would not have."""
    function = alias.function
    return (
        function.urls.filter(qualifier=alias.name).exists()
        or function.policies.filter(qualifier=alias.name).exists()
        or function.event_invoke_configs.filter(qualifier=alias.name).exists()
        or function.provisioned.filter(qualifier=alias.name).exists()
    )
