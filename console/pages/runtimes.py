"""The runtimes a page offers: those installed here or stood in for, the newest first; the others it only names."""

import re
from typing import Any

from django import forms

from functions import stand_ins
from functions.execution.runtimes.discovery import installed
from functions.execution.runtimes.families import FAMILIES
from functions.execution.runtimes.interpreter import Interpreter
from functions.execution.runtimes.table import RUNTIMES

LANGUAGES = ("python", "nodejs", "ruby", "java", "dotnet", "provided")


def order(runtime: str) -> tuple[int, list[int]]:
    """By language, the newest first."""
    family = next((at for at, name in enumerate(LANGUAGES) if runtime.startswith(name)), len(LANGUAGES))
    return family, [-int(number) for number in re.findall(r"\d+", runtime)]


def installed_ids() -> list[str]:
    return sorted(installed(), key=order)


def choices(account_id: str, *, family: str = "", only: str = "") -> list[tuple[str, str]]:
    served = {runtime: f"{runtime} (on {title(each)})" for runtime, each in stand_ins.all_serving(account_id).items()}
    labels = {**dict.fromkeys(installed()), **served}
    return [
        (runtime, labels[runtime] or runtime)
        for runtime in sorted(labels, key=order)
        if runtime.startswith(family) and (not only or runtime == only)
    ]


def title(interpreter: Interpreter) -> str:
    """As a person says it: Ruby 3.1.2."""
    family = FAMILIES.get(interpreter.family)
    return f"{family.title if family else interpreter.family} {interpreter.version}"


class RuntimeSelect(forms.Select):
    """Shows what is not installed, too, so that nobody wonders where it is; it cannot be chosen."""

    missing: frozenset[str] = frozenset()

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        if value in self.missing and not option["selected"]:
            option["attrs"]["disabled"] = True
        return option


def offer(field: forms.ChoiceField, here: list[tuple[str, str]], family: str = "") -> None:
    """Let `field` offer these, and name those that are not here."""
    offered = {runtime for runtime, _ in here}
    missing = sorted(
        (
            runtime.id
            for runtime in RUNTIMES.values()
            if runtime.id not in offered and not runtime.deprecated and runtime.id.startswith(family)
        ),
        key=order,
    )
    group = [("Not installed on this machine", [(name, name) for name in missing])] if missing else []
    field.choices = [*here, *group]
    assert isinstance(field.widget, RuntimeSelect)
    field.widget.missing = frozenset(missing)
