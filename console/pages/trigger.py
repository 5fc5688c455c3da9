"""Triggers: of one function and of all. Knows no kind: rows, forms and actions are the registry's."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.gateway import authorization
from console.pages import access, configuration, copy_as, function_head, notice, undo
from console.pages.forms import AwsForm
from console.pages.function_head import Head
from console.pages.snippets import Call
from functions.arn import FunctionReference
from functions.errors import ServiceError
from functions.models import EventSourceMapping, Function
from functions.triggers import registry
from functions.triggers.base import Field, FieldKind, Row, Trigger
from functions.triggers.schedule.cron import ExpressionError
from functions.triggers.schedule.expression import next_times
from functions.triggers.schedule.sentence import describe

NEXT_RUNS = 5
AT_ONCE = 20  # functions on a page of all triggers
MAPPINGS = 100  # event source mappings on its first page
LONGEST = 256  # characters of an expression that is described


class TriggerForm(AwsForm):
    """The fields that a kind asks for. What is wrong with a value is the kind's to say.

    `optional` fields say so; what cannot be changed any more is shown and not sent.
    """

    def __init__(self, wanted: list[Field], *args: Any, is_new: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for each in wanted:
            field = _field(each)
            field.required = False
            field.disabled = each.fixed and not is_new
            field.is_optional = not each.required and each.kind in (FieldKind.TEXT, FieldKind.JSON)  # type: ignore[attr-defined]
            self.fields[each.name] = field

    @property
    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if not self.fields[name].disabled}


@dataclass(frozen=True)
class Item:
    """A trigger as a row of a page."""

    row: Row
    trigger: Trigger
    function: Function

    @property
    def url(self) -> str:
        return reverse("trigger", args=[self.function.name, self.row.kind, self.row.id])


@access.page
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The triggers of all functions of the account."""
    account = access.account(request)
    text, kind = request.GET.get("q", "").strip().replace("\0", ""), request.GET.get("kind", "")
    everything = Function.objects.filter(account_id=account.id, region=settings.HEARTH_REGION, name__icontains=text)
    page = Paginator(registry.having_triggers(everything, kind).order_by("name"), AT_ONCE).get_page(
        request.GET.get("page")
    )
    query = {name: value for name, value in (("q", text), ("kind", kind)) if value}
    context = {
        "section": "triggers",
        "page": page,
        "items": [
            Item(row, registry.kind(row.kind), function)
            for function, row in registry.rows_of(list(page.object_list), kind)
        ],
        "kinds": registry.kinds().values(),
        "mappings": [] if kind or page.number > 1 else _mappings(account.id, text),
        "kind": kind,
        "text": text,
        "query": urlencode(query),
        "is_filtered": bool(query),
    }
    return render(request, "trigger/index.html", context)


def _mappings(account_id: str, text: str) -> QuerySet[EventSourceMapping]:
    """Of functions that are there: a mapping outlives its own."""
    there = Function.objects.filter(account_id=account_id, region=settings.HEARTH_REGION, name__icontains=text)
    rows = EventSourceMapping.objects.filter(account_id=account_id, region=settings.HEARTH_REGION)
    return rows.filter(function_name__in=there.values("name")).order_by("function_name", "created_at")[:MAPPINGS]


@access.page
@never_cache
@require_safe
def of_function(request: HttpRequest, name: str) -> HttpResponse:
    """The triggers of one function."""
    head = function_head.load(request, name, "configuration")
    items = [Item(row, each, head.function) for each in registry.kinds().values() for row in each.rows(head.function)]
    context = {
        "head": head,
        **menu(head),
        "items": items,
        "kinds": registry.kinds().values(),
        "mappings": EventSourceMapping.objects.of(head.function),
    }
    return render(request, "trigger/of_function.html", context)


@access.changing_page
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, name: str, kind: str) -> HttpResponse:
    head, trigger = _place(request, name, kind)
    wanted = trigger.fields(head.function)
    initial = {each.name: each.initial for each in wanted}
    form = TriggerForm(wanted, request.POST if request.method == "POST" else None, initial=initial)
    if copy_as.is_wanted(request):
        return copy_as.of_form(request, form, lambda: _calls(trigger, head, form))
    if request.method == "POST" and form.is_valid():
        try:
            _may(request, head)
            trigger.create(access.caller(request), _reference(head), form.values)
        except ServiceError as error:
            form.refuse(error)
        else:
            notice.done(request, f"{trigger.title} created.")
            return redirect("triggers", name)
    return _form_page(request, head, trigger, form)


@access.page
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, name: str, kind: str, key: str) -> HttpResponse:
    head, trigger = _place(request, name, kind)
    row = _row(trigger, head, key)
    wanted = trigger.fields(head.function)
    posted = request.POST if request.method == "POST" else None
    form = TriggerForm(wanted, posted, initial=dict(row.values), is_new=False)
    if copy_as.is_wanted(request):
        return copy_as.of_form(request, form, lambda: _calls(trigger, head, form, row.id))
    if posted is not None and form.is_valid():
        try:
            _may(request, head)
            trigger.update(access.caller(request), _reference(head), row.id, form.values)
        except ServiceError as error:
            form.refuse(error)
        else:
            notice.done(request, f"{row.title} is changed.")
            return redirect("triggers", name)
    return _form_page(request, head, trigger, form, row)


@access.page
@require_POST
def switch(request: HttpRequest, name: str, kind: str, key: str) -> HttpResponse:
    """`enabled` is there when it shall be."""
    head, trigger = _place(request, name, kind)
    enabled = "enabled" in request.POST

    def run() -> str:
        trigger.enable(access.caller(request), _reference(head), key, enabled=enabled)
        return f"{key} is {'enabled' if enabled else 'disabled'}."

    return _do(request, head, run)


@access.page
@require_POST
def fire(request: HttpRequest, name: str, kind: str, key: str) -> HttpResponse:
    """A test fire."""
    head, trigger = _place(request, name, kind)

    def run() -> str:
        request_id = trigger.fire(access.caller(request), _reference(head), key)
        return f"{key} fired: request {request_id}."

    return _do(request, head, run)


@access.page
@require_POST
def delete(request: HttpRequest, name: str, kind: str, key: str) -> HttpResponse:
    head, trigger = _place(request, name, kind)
    row = _row(trigger, head, key)
    try:
        _may(request, head)
        trigger.delete(access.caller(request), _reference(head), key)
    except ServiceError as error:
        notice.refused(request, error.message or error.code)
    else:
        text = f"Deleted {row.title}."
        if trigger.can_be_restored:
            kept = undo.keep(request, f"trigger:{kind}", dict(row.values))
            notice.undoable(request, text, reverse("undo-trigger", args=[name, kind, kept]))
        else:
            notice.done(request, text)
    return redirect("triggers", name)


@access.page
@require_POST
def restore(request: HttpRequest, name: str, kind: str, key: str) -> HttpResponse:
    """Take a deletion back."""
    head, trigger = _place(request, name, kind)
    values = undo.take(request, f"trigger:{kind}", key)

    def run() -> str:
        return f"{trigger.create(access.caller(request), _reference(head), values)} is back."

    return _do(request, head, run)


@access.page
@never_cache
@require_safe
def preview(request: HttpRequest) -> HttpResponse:
    """What a schedule means, while it is typed: a sentence and the next runs, or what is wrong."""
    text = request.GET.get("ScheduleExpression", "").strip()
    zone = request.GET.get("ScheduleExpressionTimezone", "").strip() or "UTC"
    context: dict[str, Any] = {"zone": zone}
    try:
        if len(text) > LONGEST:
            raise ExpressionError(f"It has at most {LONGEST} characters.")
        context["times"] = next_times(text, timezone.now(), NEXT_RUNS, zone)
        context["sentence"] = describe(text)
    except ExpressionError as error:
        context["problem"] = str(error)
    return render(request, "trigger/preview.html", context)


def _place(request: HttpRequest, name: str, kind: str) -> tuple[Head, Trigger]:
    head = function_head.load(request, name, "configuration")
    trigger = registry.kinds().get(kind)
    if trigger is None:
        raise Http404(f"There is no trigger of kind {kind}.")
    return head, trigger


def _calls(trigger: Trigger, head: Head, form: TriggerForm, key: str = "") -> list[Call]:
    return [Call(*each) for each in trigger.operations(_reference(head), form.values, key)]


def _row(trigger: Trigger, head: Head, key: str) -> Row:
    row = next((row for row in trigger.rows(head.function) if row.id == key), None)
    if row is None:
        raise Http404(f"{head.function.name} has no {trigger.title.lower()} {key}.")
    return row


def menu(head: Head) -> dict[str, Any]:
    """Triggers are looked for in the configuration, as at AWS."""
    return {"section": "functions", "sections": configuration.sections(head), "current": "triggers"}


def _reference(head: Head) -> FunctionReference:
    function = head.function
    return FunctionReference(function.account_id, function.region, function.name, None)


def _may(request: HttpRequest, head: Head) -> None:
    """Triggers are not all operations of the API: who may give a function a permission may give it a trigger."""
    authorization.check(access.caller(request), "lambda", "AddPermission", {"FunctionName": head.function.name})


def _do(request: HttpRequest, head: Head, run: Callable[[], str]) -> HttpResponse:
    try:
        _may(request, head)
        text = run()
    except ServiceError as error:
        notice.refused(request, error.message or error.code)
    else:
        notice.done(request, text)
    return redirect("triggers", head.function.name)


def _form_page(
    request: HttpRequest, head: Head, trigger: Trigger, form: TriggerForm, row: Row | None = None
) -> HttpResponse:
    context = {
        "head": head,
        **menu(head),
        "trigger": trigger,
        "form": form,
        "row": row,
        "suggestions": [
            (f"choices-{field.name}", field.choices)
            for field in trigger.fields(head.function)
            if field.kind == FieldKind.COMBO
        ],
        "shows_runs": "ScheduleExpression" in form.fields,
    }
    return render(request, "trigger/form.html", context, status=400 if form.errors else 200)


def _field(wanted: Field) -> forms.Field:
    common: dict[str, Any] = {"label": wanted.label, "help_text": wanted.help}
    plain = {"autocomplete": "off", "spellcheck": "false"}
    match wanted.kind:
        case FieldKind.CHECKBOX:
            return forms.BooleanField(widget=forms.CheckboxInput(attrs={"class": "switch"}), **common)
        case FieldKind.SELECT:
            widget: forms.Widget = forms.Select(attrs={"class": "select"}, choices=wanted.choices)
        case FieldKind.TEXTAREA | FieldKind.JSON:
            mono = " mono" if wanted.kind == FieldKind.JSON else ""
            widget = forms.Textarea(attrs={**plain, "rows": 5, "class": f"area{mono}", "data_wide": True})
        case FieldKind.COMBO:
            widget = forms.TextInput(attrs={**plain, "class": "input", "list": f"choices-{wanted.name}"})
        case _:
            widget = forms.TextInput(attrs={**plain, "class": "input"})
    return forms.CharField(widget=widget, strip=wanted.kind != FieldKind.JSON, **common)
