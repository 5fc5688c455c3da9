from typing import Any

from django import forms

from console.pages.config.base import ConfigurationForm
from console.pages.function_head import Head
from console.pages.snippets import Call
from functions.code import live


class DirectoryForm(ConfigurationForm):
    """Hot reload. Named as the member of UpdateFunctionCode that says it."""

    needed = ("S3Key",)

    S3Key = forms.CharField(
        label="Directory",
        help_text="$LATEST runs what lies there at each invocation. Deploying code ends it; publishing keeps a copy.",
        widget=forms.TextInput(attrs={"data_wide": True, "spellcheck": "false"}),
    )

    def __init__(self, head: Head, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, initial={"S3Key": head.version.directory}, **kwargs)
        roots = ", ".join(map(str, live.allowed()))
        self.fields["S3Key"].help_text += f" It must be in {roots}." if roots else ""

    @staticmethod
    def is_offered(head: Head) -> bool:
        return head.version.image is None and bool(live.allowed() or head.version.directory)

    def calls(self, head: Head) -> list[Call]:
        members = {"FunctionName": head.function.name, "S3Bucket": live.BUCKET, "S3Key": self.cleaned_data["S3Key"]}
        return [Call("UpdateFunctionCode", members)]

    def said(self) -> str:
        return "The next invocation runs what lies in the directory."
