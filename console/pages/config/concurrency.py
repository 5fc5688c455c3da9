from typing import Any

from django import forms

from console.pages.config.base import ConfigurationForm
from console.pages.function_head import Head
from console.pages.snippets import Call
from functions import limits, reservations


class ConcurrencyForm(ConfigurationForm):
    optional = ("ReservedConcurrentExecutions",)
    aside = "function/config/concurrency.html"

    ReservedConcurrentExecutions = forms.IntegerField(
        label="Reserved concurrency",
        help_text="At most this many invocations at once, kept free for this function. 0 stops it. Empty: none.",
    )

    def __init__(self, head: Head, *args: Any, **kwargs: Any) -> None:
        self.function = head.function
        initial = {"ReservedConcurrentExecutions": head.function.reserved_concurrency}
        super().__init__(*args, initial=initial, **kwargs)

    @property
    def account_limit(self) -> int:
        return limits.concurrency()

    @property
    def unreserved(self) -> int:
        return reservations.unreserved(self.function.account_id, self.function.region)

    def calls(self, head: Head) -> list[Call]:
        return [self.call(head.function.name, self.cleaned_data["ReservedConcurrentExecutions"])]

    @staticmethod
    def call(name: str, reserved: int | None) -> Call:
        if reserved is None:
            return Call("DeleteFunctionConcurrency", {"FunctionName": name})
        return Call("PutFunctionConcurrency", {"FunctionName": name, "ReservedConcurrentExecutions": reserved})

    def said(self) -> str:
        reserved = self.cleaned_data["ReservedConcurrentExecutions"]
        if reserved is None:
            return "The reservation was given back to the account."
        return f"{reserved} reserved." if reserved else "The function is throttled: nothing of it runs."
