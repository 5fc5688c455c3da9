"""Forms whose validation is the API's own: Django only carries what was typed, the operation judges it."""

from typing import Any, ClassVar

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from console.pages import pairs
from functions.errors import ServiceError
from functions.models import Account, Role


class AwsForm(forms.Form):
    """Fields are named as the members of the request. `member_fields` leads a member to a field of another name."""

    member_fields: dict[str, str] = {}
    optional: ClassVar[tuple[str, ...]] = ()
    # The API would take a default for a missing one, or leave what is there: the person would be told it was saved.
    needed: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        for name, field in self.fields.items():
            field.required = False  # a missing member is the API's to name
            field.is_optional = name in self.optional  # type: ignore[attr-defined]
            widget = field.widget
            if isinstance(widget, forms.Select):
                widget.attrs.setdefault("class", "select")
            elif isinstance(widget, forms.Textarea):
                widget.attrs.setdefault("class", "area")
            elif isinstance(widget, forms.CheckboxInput):
                widget.attrs.setdefault("class", "check")
            elif not isinstance(widget, forms.FileInput | forms.RadioSelect):
                widget.attrs.setdefault("class", "input")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        for name in self.needed:
            if name in self.data and name in data and data[name] is None:
                self.add_error(name, "Enter a whole number.")
        return data

    def refuse(self, error: ServiceError) -> None:
        """Put the API's message at the field it is about, else above the form."""
        member = error.field or ""
        name = self.member_fields.get(member, member)
        self.add_error(name if name in self.fields else None, error.message or error.code)


class LongSelect(forms.Select):
    """For many choices: Django's own renders a template for each."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        chosen = "" if value is None else str(value)
        options = (("selected" if str(key) == chosen else "", key, label) for key, label in self.choices)
        return format_html(
            "<select{}>{}</select>",
            flatatt({"name": name, **self.build_attrs(self.attrs, attrs)}),
            format_html_join("", '<option {} value="{}">{}</option>', options),
        )


class VariablesField(forms.CharField):
    """NAME=value, one a line, as in a .env file: comments, `export` and quotes around a value are understood."""

    widget = forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"})

    def clean(self, value: Any) -> dict[str, str]:
        return pairs.parse(super().clean(value))


def variables_text(variables: dict[str, str]) -> str:
    return "\n".join(f"{name}={value}" for name, value in variables.items())


def role_choices(account: Account, current: str = "") -> list[tuple[str, str]]:
    """The account's roles by ARN. One that is gone stays choosable, as it is what the function has."""
    choices = [(role.arn, role.name) for role in Role.objects.filter(account=account).order_by("name")]
    if current and current not in dict(choices):
        choices.insert(0, (current, f"{current} (not in this account)"))
    return choices


def default_role(account: Account) -> str:
    role = Role.objects.filter(account=account, name="lambda-role").first()
    return role.arn if role else ""
