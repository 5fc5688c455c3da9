from typing import Any

from console.pages.forms import AwsForm
from console.pages.function_head import Head
from console.pages.operations import call
from console.pages.pairs import PairsField, PairsWidget
from functions.access.caller import Caller


class EnvironmentForm(AwsForm):
    Environment = PairsField(
        label="Variables",
        widget=PairsWidget(noun="variable", masked=True),
        help_text="At most 4 KB together. A .env file can be pasted into a name.",
    )

    def __init__(self, head: Head, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, initial={"Environment": head.version.environment}, **kwargs)

    def apply(self, caller: Caller, head: Head) -> str:
        variables = self.cleaned_data["Environment"]
        call(
            caller, "UpdateFunctionConfiguration", FunctionName=head.function.name, Environment={"Variables": variables}
        )
        return "Environment variables saved."


class TagsForm(AwsForm):
    member_fields = {"TagKeys": "Tags"}

    Tags = PairsField(
        label="Tags",
        widget=PairsWidget(noun="tag", placeholder="key"),
        help_text="At most 50. The list of functions filters by them.",
    )

    def __init__(self, head: Head, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, initial={"Tags": head.function.tags}, **kwargs)

    def apply(self, caller: Caller, head: Head) -> str:
        wanted, present = self.cleaned_data["Tags"], head.function.tags
        gone = [key for key in present if key not in wanted]
        if wanted and wanted != present:
            call(caller, "TagResource", Resource=head.function.arn, Tags=wanted)
        if gone:
            call(caller, "UntagResource", Resource=head.function.arn, TagKeys=gone)
        return "Tags saved."
