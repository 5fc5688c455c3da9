"""Versions: the page, publish, delete."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from console.pages import access, alias, copy_as, function_head, notice, version_page
from console.pages.operations import call
from console.pages.snippets import Call
from console.pages.version_page import AliasForm, PublishForm
from functions.errors import ServiceError
from functions.models.version import label


@access.page
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest, name: str) -> HttpResponseBase:
    """The page; a POST creates an alias."""
    if request.method == "POST":
        return alias.create(request, name)
    head = function_head.load(request, name, "versions")
    return version_page.show(request, head, AliasForm(head))


@access.page
@require_POST
def publish(request: HttpRequest, name: str) -> HttpResponse:
    head = function_head.load(request, name, "versions")
    form = PublishForm(request.POST, auto_id="id_publish_%s")
    is_valid = form.is_valid()
    members = {"FunctionName": name, "Description": form.cleaned_data.get("Description") or None}
    if copy_as.is_wanted(request):
        return copy_as.of_form(request, form, lambda: [Call("PublishVersion", members)])
    if is_valid:
        try:
            answer = call(access.caller(request), "PublishVersion", **members)
        except ServiceError as error:
            form.refuse(error)
        else:
            notice.done(request, f"$LATEST is now version {answer['Version']}.")
            return redirect("versions", name)
    return version_page.show(request, head, AliasForm(head), status=400, publish_form=form)


@access.page
@require_POST
def delete(request: HttpRequest, name: str, number: int) -> HttpResponse:
    function_head.find(request, name)
    try:
        call(access.caller(request), "DeleteFunction", FunctionName=name, Qualifier=label(number))
    except ServiceError as error:
        notice.refused(request, error.message or error.code)
    else:
        notice.done(request, f"Deleted version {label(number)}.")
    return redirect("versions", name)
