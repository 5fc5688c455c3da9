"""Names with values, edited as rows; what is pasted as a .env file becomes rows, too."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.datastructures import MultiValueDict
from django.utils.safestring import SafeString

VARIABLE = re.compile(r"\s*(?:export\s+)?([^=\s]+)\s*=(.*)")


@dataclass
class Typed:
    """What stood in the form: rows of name and value, and pasted text."""

    rows: list[tuple[str, str]] = field(default_factory=list)
    pasted: str = ""


class PairsWidget(forms.Widget):
    def __init__(self, *, noun: str, masked: bool = False, placeholder: str = "NAME") -> None:
        super().__init__()
        self.noun, self.masked, self.placeholder = noun, masked, placeholder

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Typed:
        if not isinstance(data, MultiValueDict):
            return Typed()
        keys, values = data.getlist(f"{name}-name"), data.getlist(f"{name}-value")
        values += [""] * (len(keys) - len(values))
        rows = [(key.strip(), value.replace("\r\n", "\n")) for key, value in zip(keys, values, strict=False)]
        return Typed([row for row in rows if any(row)], data.get(name, ""))

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return False

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        typed = value if isinstance(value, Typed) else Typed(list((value or {}).items()))
        context = {"name": name, "typed": typed, "widget": self, "attrs": attrs or {}}
        return render_to_string("components/pairs.html", context)


class PairsField(forms.Field):
    """Cleans to a dict. A name without value is one with an empty value; a value without name is refused."""

    widget: PairsWidget

    def clean(self, value: Any) -> dict[str, str]:
        pairs: dict[str, str] = {}
        for key, content in value.rows:
            if not key:
                raise forms.ValidationError("A value has no name.")
            if key in pairs:
                raise forms.ValidationError(f"{key} is there twice.")
            pairs[key] = content
        return pairs | parse(value.pasted)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return True


def parse(text: str) -> dict[str, str]:
    """NAME=value, one a line, as in a .env file: comments, `export` and quotes around a value are understood."""
    pairs: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = VARIABLE.fullmatch(line)
        if found is None:
            raise forms.ValidationError(f"Line {number} is not NAME=value.")
        content = found[2].strip()
        if len(content) > 1 and content[0] == content[-1] and content[0] in "\"'":
            content = content[1:-1]
        pairs[found[1]] = content
    return pairs
