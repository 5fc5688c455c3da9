"""The runtimes a page offers: those installed here, the newest first; the others it only names."""

import re
from typing import Any

from django import forms

from functions.execution.runtimes.discovery import installed
from functions.execution.runtimes.table import RUNTIMES

FAMILIES = ("python", "nodejs", "ruby", "java", "dotnet", "provided")


def _order(runtime: str) -> tuple[int, list[int]]:
    family = next((at for at, name in enumerate(FAMILIES) if runtime.startswith(name)), len(FAMILIES))
    return family, [-int(number) for number in re.findall(r"\d+", runtime)]


def installed_ids() -> list[str]:
    return sorted(installed(), key=_order)


def missing_ids() -> list[str]:
    here = installed()
    return sorted((name for name, each in RUNTIMES.items() if name not in here and not each.deprecated), key=_order)


def choices(*, family: str = "", only: str = "") -> list[tuple[str, str]]:
    return [
        (runtime, runtime)
        for runtime in installed_ids()
        if runtime.startswith(family) and (not only or runtime == only)
    ]


class RuntimeSelect(forms.Select):
    """Shows what is not installed, too, so that nobody wonders where it is; it cannot be chosen."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        if value not in installed() and not option["selected"]:
            option["attrs"]["disabled"] = True
        return option


def grouped_choices(here: list[tuple[str, str]], family: str = "") -> list[Any]:
    missing = [(name, name) for name in missing_ids() if name.startswith(family)]
    return [*here, ("Not installed on this machine", missing)] if missing else list(here)
