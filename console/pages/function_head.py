"""What stands on top of every page of one function: name, state, qualifier, tabs."""

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest
from django.urls import reverse

from console.pages import access, runtimes
from functions import stand_ins
from functions.actions.configuration import fingerprint
from functions.arn import FunctionReference
from functions.models import LATEST, Alias, Function, FunctionVersion

TABS = [
    ("function", "Overview"),
    ("code", "Code"),
    ("monitor", "Monitor"),
    ("logs", "Logs"),
    ("invocations", "Invocations"),
    ("versions", "Versions & aliases"),
    ("configuration", "Configuration"),
]


@dataclass(frozen=True)
class Tab:
    name: str
    label: str
    url: str
    is_current: bool


@dataclass
class Head:
    """`version` is what the qualifier shows: of an alias, its first version."""

    function: Function
    qualifier: str  # as asked for; "$LATEST" when nothing was
    version: FunctionVersion
    alias: Alias | None
    versions: list[FunctionVersion]  # published ones, the newest first
    aliases: list[Alias]
    latest: FunctionVersion
    tab: str

    @property
    def is_latest(self) -> bool:
        return self.alias is None and self.version.number == 0

    @cached_property
    def newest(self) -> FunctionVersion | None:
        return self.versions[0] if self.versions else None

    @cached_property
    def is_published(self) -> bool:
        """Whether `$LATEST` is the same as the newest version."""
        return self.newest is not None and self.newest.fingerprint == fingerprint(self.latest)

    @cached_property
    def stand_in(self) -> str:
        """What runs the version where its runtime is not installed; empty when it has its own."""
        interpreter = None
        if not self.version.runtime_version:
            interpreter = stand_ins.serving(self.function.account_id, self.version.runtime)
        return runtimes.title(interpreter) if interpreter else ""

    @property
    def arn(self) -> str:
        return self.function.arn if self.is_latest else f"{self.function.arn}:{self.qualifier}"

    @property
    def shares(self) -> list[tuple[str, float]]:
        """The alias's versions and their shares of the traffic."""
        if self.alias is None:
            return []
        candidates = [(label, float(weight)) for label, weight in self.alias.routing.items()]
        return [(self.alias.version, 1 - sum(weight for _, weight in candidates)), *candidates]

    @property
    def qualifier_query(self) -> str:
        return "" if self.is_latest else "?" + urlencode({"qualifier": self.qualifier})

    @property
    def reference(self) -> FunctionReference:
        qualifier = None if self.is_latest else self.qualifier
        return FunctionReference(self.function.account_id, self.function.region, self.function.name, qualifier)

    @property
    def tabs(self) -> list[Tab]:
        return [
            Tab(name, label, reverse(name, args=[self.function.name]) + self.qualifier_query, name == self.tab)
            for name, label in TABS
        ]


def find(request: HttpRequest, name: str) -> Function:
    """The function of the current account. Raises Http404."""
    function = Function.objects.filter(
        account_id=access.account(request).id, region=settings.HEARTH_REGION, name=name
    ).first()
    if function is None:
        raise Http404(f"There is no function {name} in this account.")
    return function


def load(request: HttpRequest, name: str, tab: str) -> Head:
    """The function and what the URL's `qualifier` shows of it. Raises Http404."""
    function = find(request, name)
    rows = list(function.versions.select_related("package").order_by("-number"))
    for row in rows:
        row.function = function
    aliases = list(function.aliases.all())
    qualifier = request.GET.get("qualifier") or LATEST
    alias = next((alias for alias in aliases if alias.name == qualifier), None)
    label = alias.version if alias else qualifier
    version = next((row for row in rows if row.label == label), None)
    if version is None:
        raise Http404(f"{name} has no version or alias {qualifier}.")
    return Head(
        function=function,
        qualifier=qualifier,
        version=version,
        alias=alias,
        versions=[row for row in rows if row.number],
        aliases=aliases,
        latest=rows[-1],
        tab=tab,
    )
