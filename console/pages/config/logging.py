from typing import Any

from django import forms

from console.pages.config.base import ConfigurationForm
from console.pages.function_head import Head
from console.pages.snippets import Call
from functions.errors import ServiceError

FORMATS = [("Text", "Text"), ("JSON", "JSON")]
# An empty one is the API's default: none with text, INFO with JSON.
APPLICATION = [("", "Default"), *((level, level) for level in ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"))]
SYSTEM = [("", "Default"), *((level, level) for level in ("DEBUG", "INFO", "WARN"))]


class LoggingForm(ConfigurationForm):
    LogFormat = forms.ChoiceField(
        label="Format",
        choices=FORMATS,
        help_text="JSON: what the function logs and the platform's lines become objects with fields.",
    )
    LogGroup = forms.CharField(
        label="Log group",
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
        help_text="Several functions may share one. Empty: the function's own.",
    )
    ApplicationLogLevel = forms.ChoiceField(
        label="Application log level",
        choices=APPLICATION,
        help_text="With JSON only. The least level that is kept of what the function logs; INFO by default.",
    )
    SystemLogLevel = forms.ChoiceField(
        label="System log level",
        choices=SYSTEM,
        help_text="With JSON only. The least level that is kept of the platform's own lines; INFO by default.",
    )

    def __init__(self, head: Head, *args: Any, **kwargs: Any) -> None:
        config = head.version.extras.get("LoggingConfig") or {}
        initial = {"LogFormat": "Text", "LogGroup": head.version.log_group, **config}
        super().__init__(*args, initial=initial, **kwargs)

    def calls(self, head: Head) -> list[Call]:
        data = self.cleaned_data
        config = {
            name: value for name in ("LogFormat", "ApplicationLogLevel", "SystemLogLevel") if (value := data[name])
        }
        config["LogGroup"] = data["LogGroup"] or f"/aws/lambda/{head.function.name}"
        return [Call("UpdateFunctionConfiguration", {"FunctionName": head.function.name, "LoggingConfig": config})]

    def refuse(self, error: ServiceError) -> None:
        """The model's message names the member within LoggingConfig by its path."""
        is_group = "loggingConfig.logGroup" in (error.message or "")
        self.member_fields = {"LoggingConfig": "LogGroup" if is_group else "LogFormat"}
        super().refuse(error)

    def said(self) -> str:
        return "Logging saved."
