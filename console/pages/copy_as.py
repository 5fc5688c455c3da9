"""Copy as: what a row or a form of a page does, as AWS CLI, boto3 and curl. Nothing is run here."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from botocore.model import OperationModel
from botocore.validate import ParamValidator
from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from console.gateway import operations
from console.gateway.wire import catalogue
from console.pages import access, snippets
from console.pages.operations import check
from console.pages.snippets import PACKAGE, Call, Snippet
from functions.errors import ServiceError

# In what a form sends: it is to be shown, not done.
MARK = "copy_as"
LONGEST = 100_000  # characters of all members: a command line takes about as many


@access.own_page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, service: str, names: str) -> HttpResponse:
    """The first of some operations, with links to the others that the person may use.

    The members come in the query, or in the body where they are long: texts, or JSON for what is no text.
    """
    operation, *others = names.split(",")
    if any(operations.find(service, each) is None and each != "Invoke" for each in (operation, *others)):
        raise Http404(f"There is no operation {names}.")
    model = catalogue.get(service).operation(operation)
    assert model is not None
    members = _members(model, request.POST or request.GET)
    problems = ParamValidator().validate(members, model.input_shape)
    if problems.has_errors():
        return _refused(request, problems.generate_report())
    choices = sorted(each for each in (operation, *others) if access.allows(request, f"{service}:{each}"))
    links = [(each, _link(request, service, each, choices)) for each in choices] if len(choices) > 1 else []
    return _shown(request, [Call(operation, members, service)], operation, links)


def is_wanted(request: HttpRequest) -> bool:
    """Whether a form was sent to be shown, not to be done. Ask before anything is changed."""
    return MARK in request.POST


def of_form(request: HttpRequest, form: forms.Form | None, make: Callable[[], Sequence[Call]]) -> HttpResponse:
    """What the form would do as it stands, or what is wrong with it. `make` is asked when it is valid."""
    if form is not None and not form.is_valid():
        return _refused(request, " ".join(str(message) for each in form.errors.values() for message in each))
    calls = make()
    try:
        for each in calls:
            check(access.caller(request), each.operation, **each.members)
    except ServiceError as error:
        return _refused(request, error.message or error.code)
    if not calls:
        return _refused(request, "it changes nothing.")
    return _shown(request, calls, "What the form says now")


def texts(request: HttpRequest, calls: Sequence[Call]) -> list[Snippet]:
    """For pages that show them at once."""
    return snippets.of(f"{request.scheme}://{request.get_host()}", calls)


def _members(model: OperationModel, query: QueryDict) -> dict[str, Any]:
    shapes = model.input_shape.members if model.input_shape else {}
    given = {name: str(value) for name, value in query.items() if name in shapes}
    if sum(map(len, given.values())) > LONGEST:
        raise Http404("This is too long for a command.")
    return {name: _value(name, shapes[name].type_name, value) for name, value in given.items()}


def _value(name: str, kind: str, text: str) -> Any:
    if name == "ZipFile":
        return PACKAGE
    if kind in ("string", "blob", "timestamp"):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Http404("The call is not understood.") from None


def _link(request: HttpRequest, service: str, operation: str, choices: list[str]) -> str:
    names = ",".join([operation, *(each for each in choices if each != operation)])
    return f"{reverse('copy-as', args=[service, names])}?{request.GET.urlencode()}"


def _shown(
    request: HttpRequest, calls: Sequence[Call], title: str, links: Sequence[tuple[str, str]] = ()
) -> HttpResponse:
    context = {
        "title": title,
        "snippets": texts(request, calls),
        "links": links,
        "package": PACKAGE.decode() if any(map(snippets.has_package, calls)) else "",
    }
    return render(request, "components/copy_as.html", context)


def _refused(request: HttpRequest, why: str) -> HttpResponse:
    return render(request, "components/copy_as.html", {"title": "Copy as", "refused": why}, status=400)
