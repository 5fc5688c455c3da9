from typing import Any

from django import forms

from console.pages.forms import AwsForm
from console.pages.function_head import Head
from console.pages.operations import call
from functions import limits
from functions.access.caller import Caller
from functions.actions.concurrency import reserved_in_account


class ConcurrencyForm(AwsForm):
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
        return self.account_limit - reserved_in_account(self.function.account_id, self.function.region)

    def apply(self, caller: Caller, head: Head) -> str:
        reserved = self.cleaned_data["ReservedConcurrentExecutions"]
        name = head.function.name
        if reserved is None:
            call(caller, "DeleteFunctionConcurrency", FunctionName=name)
            return "The reservation was given back to the account."
        call(caller, "PutFunctionConcurrency", FunctionName=name, ReservedConcurrentExecutions=reserved)
        return f"{reserved} reserved." if reserved else "The function is throttled: nothing of it runs."
