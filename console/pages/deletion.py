"""Deleting several functions: a page that says which, and wants their number (of one: its name) typed."""

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from console.pages import access, copy_as, notice
from console.pages.forms import AwsForm
from console.pages.operations import call
from console.pages.snippets import Call
from functions.errors import ServiceError
from functions.models import Function

MOST = 200  # in one go


class ConfirmForm(AwsForm):
    confirm = forms.CharField(widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}))

    def __init__(self, names: list[str], *args: object) -> None:
        super().__init__(*args)
        self.names = names
        self.wanted = names[0] if len(names) == 1 else str(len(names))
        self.fields["confirm"].label = f"Type {self.wanted} to confirm"

    def clean_confirm(self) -> str:
        typed = str(self.cleaned_data["confirm"])
        if typed.strip() != self.wanted:
            raise forms.ValidationError(f"Nothing was deleted: this is not {self.wanted}.")
        return typed


@access.changing_page
@require_http_methods(["GET", "POST"])
def functions(request: HttpRequest) -> HttpResponse:
    asked = (request.POST if request.method == "POST" else request.GET).getlist("name")[:MOST]
    rows = Function.objects.filter(
        account=access.account(request),
        region=settings.HEARTH_REGION,
        name__in=[each for each in asked if each.isprintable()],
    )
    found = list(rows.prefetch_related("aliases", "urls", "schedules").order_by("name"))
    if not found:
        notice.refused(request, "No function was chosen, or they are gone already.")
        return redirect("functions")
    names = [each.name for each in found]
    if copy_as.is_wanted(request):
        calls = [Call("DeleteFunction", {"FunctionName": each}) for each in names]
        return copy_as.of_form(request, None, lambda: calls)
    form = ConfirmForm(names, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return _delete(request, names)
    context = {"section": "functions", "functions": found, "form": form}
    return render(request, "function/delete.html", context, status=400 if form.errors else 200)


def _delete(request: HttpRequest, names: list[str]) -> HttpResponse:
    deleted, refused = [], []
    for name in names:
        try:
            call(access.caller(request), "DeleteFunction", FunctionName=name)
        except ServiceError as error:
            refused.append(f"{name}: {error.message or error.code}")
        else:
            deleted.append(name)
    if deleted:
        notice.done(request, f"Deleted {deleted[0] if len(deleted) == 1 else f'{len(deleted)} functions'}.")
    for problem in refused:
        notice.refused(request, problem)
    return redirect("functions")
