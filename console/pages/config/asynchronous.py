import re
from functools import cached_property
from typing import Any

from django import forms

from console.pages.config.base import ConfigurationForm
from console.pages.function_head import Head
from console.pages.operations import call
from console.pages.snippets import Call
from functions.access.caller import Caller
from functions.errors import ServiceError
from functions.models import AsyncEvent, Function

RETRIES, AGE = 2, 21_600  # AWS's defaults
PLACE = re.compile(r" at 'destinationConfig\.on(Success|Failure)\.destination' ")


class AsynchronousForm(ConfigurationForm):
    optional = ("OnSuccess", "OnFailure")
    can_reset = True
    aside = "function/config/targets.html"

    MaximumRetryAttempts = forms.TypedChoiceField(
        label="Retry attempts",
        choices=[("0", "None"), ("1", "1"), ("2", "2")],
        coerce=int,
        empty_value=None,
        help_text="After an error of the function: the second a minute later, the third after two more.",
    )
    MaximumEventAgeInSeconds = forms.IntegerField(
        label="Maximum age of an event, seconds", help_text="60 to 21,600 (six hours). Older events are dropped."
    )
    OnSuccess = forms.CharField(
        label="On success, send to",
        widget=forms.TextInput(attrs={"list": "targets", "spellcheck": "false", "class": "input mono"}),
        help_text="ARN of another function, version or alias, of a queue, a topic or an event bus.",
    )
    OnFailure = forms.CharField(
        label="On failure, send to",
        widget=forms.TextInput(attrs={"list": "targets", "spellcheck": "false", "class": "input mono"}),
        help_text="Gets the event and the error when all attempts are spent. A bucket may be one, too.",
    )

    def __init__(self, head: Head, *args: Any, **kwargs: Any) -> None:
        self.head = head
        self.config = head.function.event_invoke_configs.filter(qualifier=head.qualifier).first()
        config = self.config
        retries = config.maximum_retry_attempts if config else None
        initial = {
            "MaximumRetryAttempts": RETRIES if retries is None else retries,
            "MaximumEventAgeInSeconds": (config and config.maximum_event_age) or AGE,
            "OnSuccess": config.on_success if config else "",
            "OnFailure": config.on_failure if config else "",
        }
        super().__init__(*args, initial=initial, **kwargs)

    @property
    def is_default(self) -> bool:
        return self.config is None

    @cached_property
    def queue(self) -> dict[str, int]:
        """How many of the function's events wait, run, and can be redriven."""
        events = AsyncEvent.objects.of(self.head.function)
        counts = events.without_success().counts()
        waiting, running = (counts.get(state, 0) for state in (AsyncEvent.State.PENDING, AsyncEvent.State.RUNNING))
        return {"waiting": waiting, "running": running, "redrivable": events.redrivable().count()}

    @property
    def targets(self) -> list[str]:
        """Functions that may be destinations: suggestions, not all."""
        function = self.head.function
        rows = Function.objects.filter(account_id=function.account_id, region=function.region)
        return [each.arn for each in rows.exclude(pk=function.pk).order_by("name")[:200]]

    def calls(self, head: Head) -> list[Call]:
        data = self.cleaned_data
        destinations = {
            member: {"Destination": data[member].strip()} for member in ("OnSuccess", "OnFailure") if data[member]
        }
        members = {
            "FunctionName": head.function.name,
            "Qualifier": None if head.is_latest else head.qualifier,
            "MaximumRetryAttempts": data["MaximumRetryAttempts"],
            "MaximumEventAgeInSeconds": data["MaximumEventAgeInSeconds"],
            "DestinationConfig": destinations,
        }
        return [Call("PutFunctionEventInvokeConfig", members)]

    def said(self) -> str:
        return "Asynchronous invocation saved."

    def reset(self, caller: Caller, head: Head) -> str:
        if self.config:
            call(
                caller,
                "DeleteFunctionEventInvokeConfig",
                FunctionName=head.function.name,
                Qualifier=None if head.is_latest else head.qualifier,
            )
        return "Asynchronous invocation is back to the defaults."

    def refuse(self, error: ServiceError) -> None:
        """Of a text that is no ARN the error names where in the request it stands."""
        message = error.message or error.code
        place = PLACE.search(message) if error.field == "DestinationConfig" else None
        if place is None:
            super().refuse(error)
        else:
            self.add_error(f"On{place[1]}", message)
