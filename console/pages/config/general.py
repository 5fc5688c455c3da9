import platform
from collections.abc import Mapping
from typing import Any

from django import forms

from console.pages.config.base import ConfigurationForm
from console.pages.function_head import Head
from console.pages.runtimes import RuntimeSelect, choices, offer
from console.pages.snippets import Call
from functions.models import FunctionVersion

PUBLISHED = "PublishedVersions"
# AWS's name of this machine's architecture.
MACHINE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())


class GeneralForm(ConfigurationForm):
    aside = "function/config/kept.html"
    optional = ("Description",)
    needed = ("MemorySize", "Timeout", "EphemeralStorage")

    Description = forms.CharField(widget=forms.TextInput(attrs={"data_wide": True}))
    Runtime = forms.ChoiceField(widget=RuntimeSelect)
    Handler = forms.CharField(widget=forms.TextInput(attrs={"spellcheck": "false"}))
    MemorySize = forms.IntegerField(label="Memory, MB", help_text="128 to 10,240. CPU comes in proportion.")
    Timeout = forms.IntegerField(label="Timeout, seconds", help_text="1 to 900.")
    EphemeralStorage = forms.IntegerField(label="Ephemeral storage, MB", help_text="Size of /tmp, 512 to 10,240.")
    SnapStart = forms.ChoiceField(
        label="SnapStart",
        choices=[("None", "None"), (PUBLISHED, "Published versions")],
        help_text="Published versions run their init ahead; hooks before the snapshot and after a restore are called.",
    )

    def __init__(self, head: Head, *args: Any, **kwargs: Any) -> None:
        latest = head.version
        initial = {
            "Description": latest.description,
            "Runtime": latest.runtime,
            "Handler": latest.handler,
            "MemorySize": latest.memory_size,
            "Timeout": latest.timeout,
            "EphemeralStorage": latest.ephemeral_storage,
            "SnapStart": _snapstart(latest),
        }
        super().__init__(*args, initial=initial, **kwargs)
        self.kept = _kept(latest.extras)
        if latest.image:
            del self.fields["Runtime"], self.fields["Handler"], self.fields["SnapStart"]
        else:
            self._offer_runtimes(head)

    def _offer_runtimes(self, head: Head) -> None:
        latest = head.version
        runtime = self.fields["Runtime"]
        assert isinstance(runtime, forms.ChoiceField)
        here = choices(head.function.account_id)
        if latest.runtime not in dict(here):
            here.insert(0, (latest.runtime, f"{latest.runtime} (not installed)"))
        offer(runtime, here)
        if MACHINE not in latest.architectures:
            runtime.help_text = (
                f"Made for {', '.join(latest.architectures)}. Here it runs on {MACHINE}: native code in the package "
                "must be for that."
            )

    def calls(self, head: Head) -> list[Call]:
        data = self.cleaned_data
        runtime, storage = data.get("Runtime"), data["EphemeralStorage"]
        # An image has none; nor was it asked for where it was not sent.
        snapstart = data.get("SnapStart") if "SnapStart" in self.data else None
        members = {
            "FunctionName": head.function.name,
            "Description": data["Description"],
            # Unchanged ones are left out: a runtime that is gone must not stand in the way of a longer timeout.
            "Runtime": runtime if runtime != head.latest.runtime else None,
            "Handler": data.get("Handler"),
            "MemorySize": data["MemorySize"],
            "Timeout": data["Timeout"],
            "EphemeralStorage": {"Size": storage} if storage is not None else None,
            "SnapStart": {"ApplyOn": snapstart} if snapstart not in (None, _snapstart(head.latest)) else None,
        }
        return [Call("UpdateFunctionConfiguration", members)]

    def said(self) -> str:
        return "General configuration saved."


def _snapstart(version: FunctionVersion) -> str:
    return PUBLISHED if version.snap_start else "None"


def _kept(extras: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Title and lines of what is set and has no effect here."""
    vpc = extras.get("VpcConfig") or {}
    found = {
        "VPC": [*vpc.get("SubnetIds", ()), *vpc.get("SecurityGroupIds", ())],
        "File systems": [f"{each['LocalMountPath']}: {each['Arn']}" for each in extras.get("FileSystemConfigs", ())],
        "KMS keys": [key for key in map(extras.get, ("KMSKeyArn", "SourceKMSKeyArn")) if key],
        "Tracing": [mode for mode in [extras.get("TracingConfig", {}).get("Mode")] if mode == "Active"],
    }
    return [(title, lines) for title, lines in found.items() if lines]
