from typing import Any

from console.pages.config.base import ConfigurationForm
from console.pages.function_head import Head
from console.pages.pairs import PairsField, PairsWidget
from console.pages.snippets import Call


class EnvironmentForm(ConfigurationForm):
    Environment = PairsField(
        label="Variables",
        widget=PairsWidget(noun="variable", masked=True),
        help_text="At most 4 KB together. A .env file can be pasted into a name.",
    )

    def __init__(self, head: Head, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, initial={"Environment": head.version.environment}, **kwargs)

    def calls(self, head: Head) -> list[Call]:
        variables = {"Variables": self.cleaned_data["Environment"]}
        return [Call("UpdateFunctionConfiguration", {"FunctionName": head.function.name, "Environment": variables})]

    def said(self) -> str:
        return "Environment variables saved."


class TagsForm(ConfigurationForm):
    member_fields = {"TagKeys": "Tags"}

    Tags = PairsField(
        label="Tags",
        widget=PairsWidget(noun="tag", placeholder="key"),
        help_text="At most 50. The list of functions filters by them.",
    )

    def __init__(self, head: Head, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, initial={"Tags": head.function.tags}, **kwargs)

    def calls(self, head: Head) -> list[Call]:
        wanted, present, arn = self.cleaned_data["Tags"], head.function.tags, head.function.arn
        gone = [key for key in present if key not in wanted]
        calls = []
        if wanted and wanted != present:
            calls.append(Call("TagResource", {"Resource": arn, "Tags": wanted}))
        if gone:
            calls.append(Call("UntagResource", {"Resource": arn, "TagKeys": gone}))
        return calls

    def said(self) -> str:
        return "Tags saved."
