"""Event source mappings of a function: made, changed and deleted. They are kept and checked; nothing polls them yet."""

import json
from typing import Any, ClassVar
from uuid import UUID

from botocore.validate import ParamValidator
from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from console.gateway.wire import catalogue
from console.pages import access, copy_as, function_head, notice, trigger
from console.pages.forms import AwsForm, LongSelect
from console.pages.function_head import Head
from console.pages.operations import call
from console.pages.snippets import Call
from functions.access.caller import Caller
from functions.actions import event_source_mapping
from functions.errors import ResourceNotFoundException, ServiceError
from functions.models import EventSourceMapping

CREATE, UPDATE = "CreateEventSourceMapping", "UpdateEventSourceMapping"
# Not among the further settings: they have fields of their own, belong to the address, or are no JSON.
APART = frozenset(
    (
        "UUID",
        "FunctionName",
        "EventSourceArn",
        "Enabled",
        "BatchSize",
        "MaximumBatchingWindowInSeconds",
        "StartingPosition",
        "StartingPositionTimestamp",
        "FilterCriteria",
        "Tags",
    )
)


class MappingForm(AwsForm):
    """The members of UpdateEventSourceMapping that every source has, and the others as JSON."""

    operation = UPDATE
    member_fields = {"FunctionName": "Qualifier", "FilterCriteria": "Filters"}
    optional: ClassVar[tuple[str, ...]] = ("Filters", "Further")
    needed: ClassVar[tuple[str, ...]] = ("BatchSize", "MaximumBatchingWindowInSeconds")

    Qualifier = forms.ChoiceField(label="Invokes", widget=LongSelect)
    BatchSize = forms.IntegerField(label="Records in a batch", help_text="At most so many in one invocation.")
    MaximumBatchingWindowInSeconds = forms.IntegerField(
        label="Wait for a batch, seconds", help_text="0 to 300. How long records are gathered before the function runs."
    )
    Filters = forms.CharField(
        widget=forms.Textarea(attrs={"class": "area mono", "rows": 3, "spellcheck": "false", "data_wide": True}),
        help_text='Patterns, one a line, as {"body": {"status": ["paid"]}}. A record that fits none is left out.',
    )
    Further = forms.CharField(
        label="Further settings",
        widget=forms.Textarea(attrs={"class": "area mono", "rows": 4, "spellcheck": "false", "data_wide": True}),
        help_text='Other members as JSON: {"ParallelizationFactor": 2}. What is left out stays as it is.',
    )
    Enabled = forms.BooleanField(widget=forms.CheckboxInput(attrs={"class": "switch"}), initial=True)

    def __init__(self, head: Head, *args: Any, row: EventSourceMapping | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.head, self.row = head, row
        names = ["", *(alias.name for alias in head.aliases), *(version.label for version in head.versions)]
        field = self.fields["Qualifier"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(name, name or "$LATEST") for name in names]

    def clean_Further(self) -> dict[str, Any]:
        text = self.cleaned_data["Further"].strip()
        try:
            given = json.loads(text or "{}")
        except (ValueError, RecursionError):
            raise ValidationError('This is no JSON. Write it as {"Topics": ["orders"]}.') from None
        if not isinstance(given, dict):
            raise ValidationError("Write an object: names and values within { and }.")
        shape = catalogue.get("lambda").operation(self.operation).input_shape  # type: ignore[union-attr]
        for name in given:
            if name in APART or name not in shape.members:
                raise ValidationError(f"{name} is not a further setting.")
            problems = ParamValidator().validate(given[name], shape.members[name])
            if problems.has_errors():
                raise ValidationError(f"{name}: {problems.generate_report()}")
        return given

    def members(self) -> dict[str, Any]:
        data = self.cleaned_data
        patterns = [{"Pattern": line.strip()} for line in data["Filters"].splitlines() if line.strip()]
        function, qualifier = self.head.function, data["Qualifier"]
        return {
            "FunctionName": f"{function.arn}:{qualifier}" if qualifier else function.name,
            "Enabled": data["Enabled"],
            "BatchSize": data["BatchSize"],
            "MaximumBatchingWindowInSeconds": data["MaximumBatchingWindowInSeconds"],
            "FilterCriteria": {"Filters": patterns},
            **data["Further"],
        }

    def call(self) -> Call:
        assert self.row is not None
        return Call(UPDATE, {"UUID": str(self.row.id), **self.members()})

    def refuse(self, error: ServiceError) -> None:
        """What has no field is among the further settings."""
        member = error.field or ""
        name = self.member_fields.get(member, member)
        self.add_error(name if name in self.fields else "Further", error.message or error.code)


class NewMappingForm(MappingForm):
    """The members of CreateEventSourceMapping."""

    operation = CREATE
    field_order = ("EventSourceArn", "Qualifier", "StartingPosition")
    optional = ("BatchSize", "MaximumBatchingWindowInSeconds", "Filters", "Further")
    needed = ()

    EventSourceArn = forms.CharField(
        label="Source",
        widget=forms.TextInput(attrs={"class": "input mono", "data_wide": True, "spellcheck": "false"}),
        help_text="The ARN of a queue, stream, cluster or broker. Kafka of your own has none: see further settings.",
    )
    StartingPosition = forms.ChoiceField(
        label="Begins at",
        choices=[("", "Not for queues"), ("TRIM_HORIZON", "The oldest record"), ("LATEST", "What comes from now on")],
        help_text="Of a stream or topic.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["Further"].help_text = 'Other members as JSON: {"Topics": ["orders"], "ParallelizationFactor": 2}.'

    def call(self) -> Call:
        source = {name: self.cleaned_data[name] or None for name in ("EventSourceArn", "StartingPosition")}
        members = self.members()
        members["FilterCriteria"] = members["FilterCriteria"] if members["FilterCriteria"]["Filters"] else None
        return Call(CREATE, {**source, **members})


@access.changing_page
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, name: str) -> HttpResponse:
    head = function_head.load(request, name, "configuration")
    form = NewMappingForm(head, request.POST if request.method == "POST" else None)
    return _form_page(request, head, form)


@access.changing_page
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, name: str, key: UUID) -> HttpResponse:
    head = function_head.load(request, name, "configuration")
    row = _find(head, key)
    form = MappingForm(head, request.POST if request.method == "POST" else None, row=row, initial=_initial(row))
    return _form_page(request, head, form)


@access.page
@require_POST
def delete(request: HttpRequest, name: str, key: UUID) -> HttpResponse:
    head = function_head.load(request, name, "configuration")
    row = _find(head, key)
    try:
        call(access.caller(request), "DeleteEventSourceMapping", UUID=str(key))
    except ServiceError as error:
        notice.refused(request, error.message or error.code)
    else:
        notice.done(request, f"Deleted the mapping of {row.address}.")
    return redirect("triggers", name)


def page(caller: Caller, arn: str) -> str:
    """Where a mapping is shown. Raises ServiceError when there is none."""
    row = event_source_mapping.find(caller, arn.rpartition(":")[2])
    if row.arn != arn:
        raise ResourceNotFoundException(arn)
    return reverse("triggers", args=[row.function_name])


def _find(head: Head, key: UUID) -> EventSourceMapping:
    row = EventSourceMapping.objects.of(head.function).filter(pk=key).first()
    if row is None:
        raise Http404(f"{head.function.name} has no event source mapping {key}.")
    return row


def _initial(row: EventSourceMapping) -> dict[str, Any]:
    shape = catalogue.get("lambda").operation(UPDATE).input_shape  # type: ignore[union-attr]
    further = {name: value for name, value in row.members.items() if name in shape.members and name not in APART}
    patterns = (row.members.get("FilterCriteria") or {}).get("Filters") or ()
    return {
        "Qualifier": row.qualifier,
        "BatchSize": row.members.get("BatchSize"),
        "MaximumBatchingWindowInSeconds": row.members.get("MaximumBatchingWindowInSeconds", 0),
        "Filters": "\n".join(" ".join(each["Pattern"].split()) for each in patterns),
        "Further": json.dumps(further, indent=2, ensure_ascii=False) if further else "",
        "Enabled": row.is_enabled,
    }


def _form_page(request: HttpRequest, head: Head, form: MappingForm) -> HttpResponse:
    if copy_as.is_wanted(request):
        return copy_as.of_form(request, form, lambda: [form.call()])
    if request.method == "POST" and form.is_valid():
        wanted = form.call()
        try:
            call(access.caller(request), wanted.operation, **wanted.members)
        except ServiceError as error:
            form.refuse(error)
        else:
            notice.done(request, "Event source mapping saved." if form.row else "Event source mapping created.")
            return redirect("triggers", head.function.name)
    context = {
        "head": head,
        **trigger.menu(head),
        "form": form,
        "row": form.row,
    }
    return render(request, "trigger/mapping.html", context, status=400 if form.errors else 200)
