from dataclasses import dataclass
from typing import Any

from django import forms

from console.pages.config.base import ConfigurationForm
from console.pages.forms import LongSelect
from console.pages.function_head import Head
from console.pages.snippets import Call
from functions.code import store
from functions.errors import ServiceError
from functions.limits import limits
from functions.models import LayerVersion

NONE = ("", "none")
MOST_FILES = 500  # listed of what is at /opt


@dataclass(frozen=True, slots=True)
class Chosen:
    """A layer that the function has: `version` is None when it is deleted or another account's."""

    arn: str
    size: int
    version: LayerVersion | None
    newest: int | None  # number of the newest version, when that is another one


class LayersForm(ConfigurationForm):
    """One choice for each place, from the lowest to the one on top; empty places are left out."""

    aside = "function/config/layers.html"
    member_fields = {"Layers": "layer_1"}

    def __init__(self, head: Head, *args: Any, **kwargs: Any) -> None:
        self.head = head
        arns = [layer["Arn"] for layer in head.version.layers]
        places = range(1, limits().layers + 1)
        initial = {f"layer_{place}": arn for place, arn in zip(places, arns, strict=False)}
        super().__init__(*args, initial=initial, **kwargs)
        self.own = LayerVersion.objects.select_related("layer").filter(
            layer__account_id=head.function.account_id, layer__region=head.function.region
        )
        choices = self._choices(arns)
        for place in places:
            field = forms.ChoiceField(label=f"Layer {place}", choices=choices, widget=LongSelect, required=False)
            field.widget.attrs["class"] = "select"
            if place == 1:
                field.help_text = "The lowest one. Files of the layers after it lie over its own."
            self.fields[f"layer_{place}"] = field
        self.fields["other"] = forms.CharField(
            label="Of another account",
            required=False,
            strip=True,
            widget=forms.TextInput(attrs={"class": "input mono", "spellcheck": "false", "autocomplete": "off"}),
            help_text="ARN of a version that is shared with this account. It goes on top.",
        )

    def refuse(self, error: ServiceError) -> None:
        """Of a layer that was typed: there."""
        if error.field == "Layers" and self.cleaned_data.get("other"):
            self.add_error("other", error.message or error.code)
        else:
            super().refuse(error)

    def calls(self, head: Head) -> list[Call]:
        places = [self.cleaned_data.get(name) for name in self.fields]
        return [
            Call(
                "UpdateFunctionConfiguration",
                {"FunctionName": head.function.name, "Layers": [arn for arn in places if arn]},
            )
        ]

    def said(self) -> str:
        return "Layers saved."

    @property
    def chosen(self) -> list[Chosen]:
        """What the function has, the one on top first."""
        known = {version.arn: version for version in self.own}
        newest: dict[int, int] = {}
        for each in known.values():
            newest[each.layer_id] = max(each.number, newest.get(each.layer_id, 0))
        found = []
        for layer in reversed(self.head.version.layers):
            version = known.get(layer["Arn"])
            last = newest[version.layer_id] if version else None
            found.append(
                Chosen(layer["Arn"], layer["CodeSize"], version, last if version and last != version.number else None)
            )
        return found

    @staticmethod
    def is_offered(head: Head) -> bool:
        return head.version.image is None

    @property
    def seen(self) -> list[store.FileEntry]:
        tree = self.head.version.layer_tree
        return [store.entry(tree, path) for path in store.paths(tree)[:MOST_FILES]] if tree else []

    def _choices(self, current: list[str]) -> list[tuple[str, str]]:
        rows = self.own.order_by("layer__name", "-number")
        choices = [
            (version.arn, f"{version.layer.name}, version {version.number}{_compatible(version)}") for version in rows
        ]
        known = dict(choices)
        return [
            NONE,
            *((arn, f"{arn} (deleted, or another account's)") for arn in current if arn not in known),
            *choices,
        ]


def _compatible(version: LayerVersion) -> str:
    return f" ({', '.join(version.compatible_runtimes)})" if version.compatible_runtimes else ""
