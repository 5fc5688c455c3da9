"""The configuration of `$LATEST` and of the function itself, in sections that are named as in AWS."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from console.pages import access, copy_as, function_head
from console.pages.config.asynchronous import AsynchronousForm
from console.pages.config.concurrency import ConcurrencyForm
from console.pages.config.directory import DirectoryForm
from console.pages.config.environment import EnvironmentForm, TagsForm
from console.pages.config.general import GeneralForm
from console.pages.config.image import ImageConfigForm
from console.pages.config.layers import LayersForm
from console.pages.config.logging import LoggingForm
from console.pages.config.network import NetworkForm
from console.pages.config.permissions import PermissionsForm
from console.pages.config.url import UrlForm
from console.pages.function_head import Head
from console.pages.operations import call
from functions.actions import concurrency
from functions.errors import ServiceError

SECTIONS: dict[str, tuple[str, Any]] = {
    "general": ("General configuration", GeneralForm),
    "permissions": ("Permissions", PermissionsForm),
    "environment": ("Environment variables", EnvironmentForm),
    "concurrency": ("Concurrency and recursion", ConcurrencyForm),
    "async": ("Asynchronous invocation", AsynchronousForm),
    "url": ("Function URL", UrlForm),
    "image": ("Container image", ImageConfigForm),
    "layers": ("Layers", LayersForm),
    "logging": ("Logging", LoggingForm),
    "network": ("Network", NetworkForm),
    "tags": ("Tags", TagsForm),
    "directory": ("Hot reload", DirectoryForm),
}
# What reads a section, and what empties it.
OPERATIONS = {
    "concurrency": "GetFunctionConcurrency,DeleteFunctionConcurrency,GetFunctionRecursionConfig",
    "async": "GetFunctionEventInvokeConfig,DeleteFunctionEventInvokeConfig",
    "url": "GetFunctionUrlConfig,DeleteFunctionUrlConfig",
    "network": "ListTags",
    "tags": "ListTags",
}
# The same for all versions: changed whatever the qualifier. The rest is changed on $LATEST only, but what an alias
# may have of its own: its URL, its asynchronous invocation.
PER_FUNCTION = ("concurrency", "network", "tags")


@access.page
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, name: str, section: str = "general") -> HttpResponse:
    if section not in SECTIONS:
        raise Http404(f"There is no configuration section {section}.")
    head = function_head.load(request, name, "configuration")
    title, form_class = SECTIONS[section]
    if section not in _offered(head):
        raise Http404(f"{title} is not enabled here.")
    form = form_class(head, request.POST if request.method == "POST" else None)
    editable = _is_editable(section, head)
    if request.method == "POST" and not editable:
        raise PermissionDenied(f"{title} of a published version is read-only.")
    if copy_as.is_wanted(request):
        return copy_as.of_form(request, form, lambda: form.calls(head))
    resets = "reset" in request.POST and getattr(form, "can_reset", False)
    if request.method == "POST" and (resets or form.is_valid()):
        caller = access.caller(request)
        try:
            said = form.reset(caller, head) if resets else form.apply(caller, head)
        except ServiceError as error:
            form.refuse(error)
        else:
            messages.success(request, said, extra_tags="ok")
            return redirect(_url(head, section))
    context = {
        "head": head,
        "section": "functions",
        "form": form,
        "aside": getattr(form, "aside", ""),
        "current": section,
        "title": title,
        "sections": sections(head),
        "operations": OPERATIONS.get(section, "GetFunctionConfiguration"),
        "qualifier": "" if head.is_latest else head.qualifier,
        "editable": editable,
        "may_change": access.may_change(request) and editable,
    }
    return render(request, "function/configuration.html", context, status=400 if form.errors else 200)


@access.page
@require_POST
def throttle(request: HttpRequest, name: str) -> HttpResponse:
    """Stop the function, or let it run again with the reservation it had before."""
    head = function_head.load(request, name, "configuration")
    caller = access.caller(request)
    switch = request.POST.get("throttle")
    if switch not in ("0", "1"):
        messages.error(request, "Throttle it, or let it run again: nothing was changed.", extra_tags="err")
        return redirect(reverse("function", args=[name]) + head.qualifier_query)
    stops = switch == "1"
    reserved = 0 if stops else concurrency.before_throttle(head.function)
    wanted = ConcurrencyForm.call(name, reserved)
    if copy_as.is_wanted(request):
        return copy_as.of_form(request, None, lambda: [wanted])
    try:
        call(caller, wanted.operation, **wanted.members)
    except ServiceError as error:
        messages.error(request, error.message or error.code, extra_tags="err")
    else:
        was = "" if reserved is None else f", {reserved} reserved as before"
        said = "Throttled: nothing of it runs until you switch it on." if stops else f"Invocations run again{was}."
        messages.success(request, said, extra_tags="ok")
    if request.POST.get("back") == "concurrency":
        return redirect(_url(head, "concurrency"))
    return redirect(reverse("function", args=[name]) + head.qualifier_query)


def _is_editable(section: str, head: Head) -> bool:
    if head.is_latest or section in PER_FUNCTION:
        return True
    return section == "async" or (section == "url" and head.alias is not None)


def _offered(head: Head) -> list[str]:
    return [key for key, (_, form) in SECTIONS.items() if getattr(form, "is_offered", _always)(head)]


def _always(head: Head) -> bool:
    return True


def sections(head: Head) -> list[tuple[str, str, str]]:
    """The menu: (key, label, address). Triggers have a page of their own, but are looked for here as at AWS."""
    first, *others = [(key, SECTIONS[key][0], _url(head, key)) for key in _offered(head)]
    triggers = reverse("triggers", args=[head.function.name]) + head.qualifier_query
    return [first, ("triggers", "Triggers", triggers), *others]


def _url(head: Head, section: str) -> str:
    return reverse("config-section", args=[head.function.name, section]) + head.qualifier_query


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
