"""The code page of a function that is a container image: what it is, another one in its place, the test."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from console.pages import access, copy_as, function_head, testing
from console.pages.forms import AwsForm
from console.pages.function_head import Head
from console.pages.operations import call
from console.pages.snippets import Call
from functions.code.images import start
from functions.errors import ServiceError


class UriField(forms.CharField):
    widget = forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"})


URI_HELP = (
    "oci:/directory:tag for an image layout, oci-archive:/file.tar:tag for a tar of one, or an image in a registry: "
    "host/name:tag."
)


class ImageForm(AwsForm):
    ImageUri = UriField(label="Another image", help_text=URI_HELP)

    def calls(self, head: Head) -> list[Call]:
        members = {"FunctionName": head.function.name, "ImageUri": self.cleaned_data["ImageUri"]}
        return [Call("UpdateFunctionCode", members)]


def show(request: HttpRequest, head: Head, form: ImageForm | None = None, status: int = 200) -> HttpResponse:
    version = head.version
    if form is None and head.is_latest and access.may_change(request):
        form = ImageForm(initial={"ImageUri": (version.image or {})["uri"]})
    facts: dict[str, Any] = version.package.image or {}
    starts = start.how(facts, version.extras.get("ImageConfig", {}))
    context = {
        "head": head,
        "section": "functions",
        "form": form,
        "layers": facts["layers"],
        "command": starts["command"],
        "directory": starts["directory"],
        "data": testing.data(request, head),
    }
    return render(request, "function/image.html", context, status=status)


@access.page
@never_cache
@require_safe
def state(request: HttpRequest, name: str) -> HttpResponse:
    """How the fetching goes: a part of the page, which asks again."""
    head = _load(request, name)
    return render(request, "function/image_state.html", {"head": head, "version": head.version, "was_waiting": True})


@access.page
@require_POST
def deploy(request: HttpRequest, name: str) -> HttpResponse:
    head = _load(request, name)
    form = ImageForm(request.POST)
    if copy_as.is_wanted(request):
        return copy_as.of_form(request, form, lambda: form.calls(head))
    if form.is_valid():
        try:
            for each in form.calls(head):
                call(access.caller(request), each.operation, **each.members)
        except ServiceError as error:
            form.refuse(error)
        else:
            messages.success(request, "The image is being deployed.", extra_tags="ok")
            return redirect("code", name)
    return show(request, head, form, status=400)


def _load(request: HttpRequest, name: str) -> Head:
    head = function_head.load(request, name, "code")
    if head.version.image is None:
        raise Http404(f"{name} is not a container image.")
    return head
