from typing import Any

from django import forms

from console.pages.config.base import ConfigurationForm
from console.pages.function_head import Head
from console.pages.snippets import Call


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off"})

    def clean(self, value: Any) -> list[str]:
        return [line for line in super().clean(value).splitlines() if line]


def image_config(data: dict[str, Any]) -> dict[str, Any]:
    """The ImageConfig of cleaned fields; empty when nothing is said."""
    return {name: data[name] for name in ("EntryPoint", "Command", "WorkingDirectory") if data[name]}


class ImageConfigForm(ConfigurationForm):
    """How the image is started, where it shall not be as the image says."""

    member_fields = {"ImageConfig": "EntryPoint"}
    optional = ("EntryPoint", "Command", "WorkingDirectory")

    EntryPoint = LinesField(label="Entry point", help_text="In place of the image's ENTRYPOINT, one argument a line.")
    Command = LinesField(help_text="In place of the image's CMD, one argument a line.")
    WorkingDirectory = forms.CharField(
        label="Working directory",
        help_text="In place of the image's WORKDIR.",
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
    )

    def __init__(self, head: Head, *args: Any, **kwargs: Any) -> None:
        config = head.version.extras.get("ImageConfig", {})
        initial = {
            "EntryPoint": "\n".join(config.get("EntryPoint", [])),
            "Command": "\n".join(config.get("Command", [])),
            "WorkingDirectory": config.get("WorkingDirectory", ""),
        }
        super().__init__(*args, initial=initial, **kwargs)

    @staticmethod
    def is_offered(head: Head) -> bool:
        return head.version.image is not None

    def calls(self, head: Head) -> list[Call]:
        members = {"FunctionName": head.function.name, "ImageConfig": image_config(self.cleaned_data)}
        return [Call("UpdateFunctionConfiguration", members)]

    def said(self) -> str:
        return "The next environments start so."
