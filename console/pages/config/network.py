from typing import Any

from django import forms
from django.conf import settings

from console.pages.config.base import ConfigurationForm
from console.pages.function_head import Head
from console.pages.snippets import Call
from functions import egress
from functions.execution.spec import EGRESS

WORDS = {egress.NONE: "None", EGRESS: "Internet"}


class NetworkForm(ConfigurationForm):
    """Kept as a tag of the function: see `functions.egress`."""

    aside = "function/config/network.html"
    member_fields = {"Tags": "network"}

    network = forms.ChoiceField(
        label="Network",
        help_text="Internet: names are resolved and public addresses reached; private networks, this machine, metadata "
        "services and port 25 are refused. For all versions; environments are made anew.",
    )

    def __init__(self, head: Head, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, initial={"network": head.function.tags.get(egress.TAG, "")}, **kwargs)
        field = self.fields["network"]
        assert isinstance(field, forms.ChoiceField)
        default = WORDS[egress.network({})].lower()
        field.choices = [("", f"As the installation: {default}"), *WORDS.items()]
        self.why_not = egress.why_not()
        self.is_off = settings.HEARTH_NETWORK == egress.OFF

    def calls(self, head: Head) -> list[Call]:
        chosen = self.cleaned_data["network"]
        if chosen == head.function.tags.get(egress.TAG, ""):
            return []
        if chosen:
            return [Call("TagResource", {"Resource": head.function.arn, "Tags": {egress.TAG: chosen}})]
        return [Call("UntagResource", {"Resource": head.function.arn, "TagKeys": [egress.TAG]})]

    def said(self) -> str:
        chosen = self.cleaned_data["network"]
        return f"Network: {WORDS[chosen].lower() if chosen else 'as the installation'}."
