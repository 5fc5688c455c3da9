from typing import Any

from django import forms

from console.pages.config.base import ConfigurationForm
from console.pages.function_head import Head
from console.pages.snippets import Call
from functions import names
from functions.access.decision import may_call_url
from functions.actions import function_url
from functions.errors import ServiceError
from functions.models import FunctionUrl

# Members of `Cors` that are lists, with what they are in the form.
LISTS = {
    "AllowOrigins": ("Allow origins", "https://example.com, or * for any. Several are separated by commas."),
    "AllowMethods": ("Allow methods", "GET, POST, or * for any."),
    "AllowHeaders": ("Allow headers", "Request headers beyond those a browser always sends."),
    "ExposeHeaders": ("Expose headers", "Response headers that scripts may read."),
}


class UrlForm(ConfigurationForm):
    optional = (*LISTS, "MaxAge", "InvokeMode")
    aside = "function/config/url.html"

    AuthType = forms.ChoiceField(
        label="Who may call it",
        choices=[("", "Nobody: no URL"), *FunctionUrl.AuthType.choices],
        help_text="A public URL answers to anybody who can reach this endpoint. Without a URL its address is lost.",
        widget=forms.Select(attrs={"data_wide": True}),
    )
    InvokeMode = forms.ChoiceField(
        label="The response is sent",
        choices=FunctionUrl.InvokeMode.choices,
        help_text="Node.js handlers stream by awslambda.streamifyResponse; what others return comes in one piece.",
    )
    AllowOrigins = forms.CharField()
    AllowMethods = forms.CharField()
    AllowHeaders = forms.CharField()
    ExposeHeaders = forms.CharField()
    MaxAge = forms.IntegerField(label="Max age, seconds", help_text="How long a browser remembers the answer.")
    AllowCredentials = forms.BooleanField(
        label="Allow credentials", help_text="Cookies and authorization of the browser.", widget=forms.CheckboxInput
    )

    def __init__(self, head: Head, *args: Any, **kwargs: Any) -> None:
        self.head = head
        self.qualifier = "" if head.is_latest else head.qualifier
        self.url = head.function.urls.filter(qualifier=self.qualifier).select_related("function").first()
        cors = self.url.cors if self.url else {}
        initial = {
            "AuthType": self.url.auth_type if self.url else "",
            "InvokeMode": (self.url and self.url.invoke_mode) or FunctionUrl.InvokeMode.BUFFERED.value,
            "MaxAge": cors.get("MaxAge"),
            "AllowCredentials": cors.get("AllowCredentials", False),
            **{member: ", ".join(cors.get(member, [])) for member in LISTS},
        }
        super().__init__(*args, initial=initial, **kwargs)
        for member, (label, hint) in LISTS.items():
            self.fields[member].label, self.fields[member].help_text = label, hint

    @property
    def address(self) -> str:
        return names.function_url(self.url) if self.url else ""

    @property
    def is_closed(self) -> bool:
        """It is public, and yet the function's policy lets nobody in."""
        if self.url is None or self.url.auth_type != FunctionUrl.AuthType.NONE:
            return False
        return not may_call_url(None, self.url.auth_type, self.head.reference)

    @property
    def cors(self) -> dict[str, Any]:
        data = self.cleaned_data
        given: dict[str, Any] = {
            member: [each.strip() for each in data[member].split(",") if each.strip()] for member in LISTS
        }
        given["MaxAge"] = data["MaxAge"]
        given["AllowCredentials"] = data["AllowCredentials"] or None
        return {member: value for member, value in given.items() if value not in (None, [])}

    def calls(self, head: Head) -> list[Call]:
        wanted = self.cleaned_data["AuthType"]
        which = {"FunctionName": head.function.name, "Qualifier": self.qualifier or None}
        if not wanted:
            return [Call("DeleteFunctionUrlConfig", which)] if self.url else []
        operation = "UpdateFunctionUrlConfig" if self.url else "CreateFunctionUrlConfig"
        mode = self.cleaned_data["InvokeMode"] or None
        saved = Call(operation, {**which, "AuthType": wanted, "Cors": self.cors, "InvokeMode": mode})
        lacking = function_url.to_be_public(head.reference) if wanted == FunctionUrl.AuthType.NONE else []
        return [saved, *(Call("AddPermission", {**which, **permission}) for permission in lacking)]

    def said(self) -> str:
        if self.cleaned_data["AuthType"]:
            return "Function URL saved."
        return "There is no function URL any more." if self.url else "There is no function URL."

    def refuse(self, error: ServiceError) -> None:
        """The API names `Cors`; its message names the member in it: at 'cors.allowOrigins'."""
        message = error.message or error.code
        member = next(
            (
                each
                for each in (*LISTS, "MaxAge", "AllowCredentials")
                if f"cors.{each[:1].lower()}{each[1:]}" in message
            ),
            None,
        )
        if error.field == "Cors" and member:
            self.add_error(member, message)
        else:
            super().refuse(error)
