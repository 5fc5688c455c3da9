from functools import cached_property
from typing import Any

from django import forms

from console.pages import parts, provisioned
from console.pages.config.base import ConfigurationForm
from console.pages.function_head import Head
from console.pages.snippets import Call
from functions import limits, reservations
from functions.models import Function


class ConcurrencyForm(ConfigurationForm):
    optional = ("ReservedConcurrentExecutions",)
    aside = "function/config/concurrency.html"

    ReservedConcurrentExecutions = forms.IntegerField(
        label="Reserved concurrency",
        help_text="At most this many invocations at once, kept free for this function. 0 stops it. Empty: none.",
    )

    RecursiveLoop = forms.ChoiceField(
        label="Calls in a circle",
        choices=Function.RecursiveLoop.choices,
        help_text="What becomes of a chain of calls that came through this function too often, by queues too.",
    )

    def __init__(self, head: Head, *args: Any, **kwargs: Any) -> None:
        self.function = head.function
        initial = {
            "ReservedConcurrentExecutions": head.function.reserved_concurrency,
            "RecursiveLoop": head.function.recursive_loop,
        }
        super().__init__(*args, initial=initial, **kwargs)

    @property
    def account_limit(self) -> int:
        return limits.concurrency()

    @property
    def unreserved(self) -> int:
        return reservations.unreserved(self.function.account_id, self.function.region)

    @cached_property
    def provisioned(self) -> list[provisioned.Row]:
        return provisioned.rows(self.function)

    @property
    def provisioned_total(self) -> int:
        return sum(row.requested for row in self.provisioned)

    @property
    def in_use(self) -> int | None:
        """Invocations that run now; None when that is unknown."""
        function = self.function
        nodes = parts.probe.ask().nodes
        key = f"{function.account_id}:{function.region}:{function.name}"
        return None if nodes is None else sum(node.in_use.get(key, 0) for node in nodes)

    def calls(self, head: Head) -> list[Call]:
        name, loop = head.function.name, self.cleaned_data["RecursiveLoop"]
        calls = [self.call(name, self.cleaned_data["ReservedConcurrentExecutions"])]
        if loop and loop != head.function.recursive_loop:
            calls.append(Call("PutFunctionRecursionConfig", {"FunctionName": name, "RecursiveLoop": loop}))
        return calls

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
