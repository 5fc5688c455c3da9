"""The page of a function's versions: the alias in focus with its traffic, the deployments, the forms."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware

from console.pages import timeline, timerange, traffic
from console.pages.forms import AwsForm, LongSelect
from console.pages.function_head import Head
from functions import history
from functions.models import LATEST, Alias

SHOWN = 15  # deployments at once
PAGE = 50  # versions at once
PRESETS = (0, 1, 5, 10, 25, 50, 100)  # per cent


class PublishForm(AwsForm):
    optional = ("Description",)
    Description = forms.CharField(help_text="What is new in it.")


class AliasForm(AwsForm):
    """`second` takes `share` per cent of the traffic from the version."""

    member_fields = {"RoutingConfig": "share"}
    optional = ("second", "Description", "why")

    Name = forms.CharField(label="Alias", widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}))
    FunctionVersion = forms.ChoiceField(label="Version", widget=LongSelect)
    second = forms.ChoiceField(label="Shift traffic to", widget=LongSelect)
    share = forms.FloatField(
        label="Share, %",
        widget=forms.NumberInput(attrs={"min": 0, "max": 100, "step": "any"}),
        min_value=0,
        max_value=100,
        error_messages={"min_value": "A share is 0 to 100 per cent.", "max_value": "A share is 0 to 100 per cent."},
    )
    Description = forms.CharField()
    why = forms.CharField(label="Why", widget=forms.TextInput(attrs={"placeholder": "Kept with the deployment"}))

    def __init__(self, head: Head, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        numbers = [(each.label, f"Version {each.label}") for each in head.versions]
        first, second = self.fields["FunctionVersion"], self.fields["second"]
        assert isinstance(first, forms.ChoiceField)
        assert isinstance(second, forms.ChoiceField)
        first.choices = [*numbers, (LATEST, LATEST)]
        second.choices = [("", "Nothing"), *numbers]

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("second") and data.get("share") is None and "share" not in self.errors:
            self.add_error("share", "How much of the traffic?")
        return data

    def members(self, function: str) -> dict[str, Any]:
        """Of CreateAlias and UpdateAlias. A description that was not asked for stays as it is."""
        label, weights = self.target()
        return {
            "FunctionName": function,
            "Name": self.cleaned_data["Name"],
            "FunctionVersion": label,
            "Description": self.cleaned_data["Description"] if "Description" in self.data else None,
            "RoutingConfig": {"AdditionalVersionWeights": weights},
        }

    def target(self) -> tuple[str, dict[str, float]]:
        """The version and the weights. All to the second is no split: the alias then points there."""
        data = self.cleaned_data
        label, share = data["second"], data["share"] or 0.0
        if not label or not share:
            return data["FunctionVersion"], {}
        if share == 100 and label != data["FunctionVersion"]:
            return label, {}
        return data["FunctionVersion"], {label: share / 100}


def show(
    request: HttpRequest,
    head: Head,
    form: AliasForm,
    *,
    status: int = 200,
    changed: tuple[str, AliasForm] | None = None,
    publish_form: PublishForm | None = None,
) -> HttpResponse:
    """`changed`: the name of an alias and the form that was refused for it."""
    used: dict[str, list[str]] = {}
    for each in head.aliases:
        each.function = head.function
        for label in (each.version, *each.routing):
            used.setdefault(label, []).append(each.name)
    span = timerange.read(request.GET)
    alias = _chosen(request, head, changed[0] if changed else "")
    targets = history.previous_targets(alias) if alias else []
    before = _moment(request.GET.get("before", ""))
    found = history.deployments(head.function, SHOWN + 1, before=before)
    keep = {"alias": alias.name} if alias else {}
    if not head.is_latest:
        keep["qualifier"] = head.qualifier
    page = Paginator(head.versions, PAGE).get_page(request.GET.get("page"))
    query = {**keep, "from": span.begins, "to": span.ends}
    context = {
        "head": head,
        "section": "functions",
        "form": form,
        "publish_form": publish_form or PublishForm(auto_id="id_publish_%s"),
        "alias": alias,
        "alias_form": (changed[1] if changed else _form(head, alias)) if alias else None,
        "comparison": traffic.compare(alias, span) if alias else None,
        "others": [each for each in head.aliases if each != alias],
        "counts": traffic.counts([each for each in head.aliases if each != alias], span),
        "targets": targets,
        "used": used,
        "page": page,
        "newer_versions": "?" + urlencode({**query, "page": page.number - 1}) if page.has_previous() else "",
        "older_versions": "?" + urlencode({**query, "page": page.number + 1}) if page.has_next() else "",
        "labels": [version.label for version in (head.latest, *head.versions)],
        "timeline": timeline.entries(
            found[:SHOWN],
            alias=alias.name if alias else "",
            targets=frozenset(target.version for target in targets),
        ),
        "older": found[SHOWN - 1].at.isoformat() if len(found) > SHOWN else "",
        "is_older": before is not None,
        "span": span,
        "quick": timerange.quick(span, keep),
        "keep": keep,
        "presets": PRESETS,
    }
    return render(request, "function/versions.html", context, status=status)


def _form(head: Head, alias: Alias) -> AliasForm:
    second = next(iter(alias.routing.items()), ("", 0.0))
    # Without a split the newest version is the one that would get traffic.
    candidate = second[0] or next((each.label for each in head.versions if each.label != alias.version), "")
    initial = {
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "second": candidate if alias.version != LATEST else "",
        "share": f"{float(second[1]) * 100:.4g}",
        "Description": alias.description,
    }
    return AliasForm(head, initial=initial, auto_id=f"id_{alias.name}_%s")


def _chosen(request: HttpRequest, head: Head, name: str) -> Alias | None:
    """The alias that the page is about: of the URL, of the qualifier, else one with a split, else the first."""
    wanted = name or request.GET.get("alias", "")
    named = next((alias for alias in head.aliases if alias.name == wanted), None)
    split = next((alias for alias in head.aliases if alias.routing), None)
    return named or head.alias or split or next(iter(head.aliases), None)


def _moment(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and is_aware(found) else None
