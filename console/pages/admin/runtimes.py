"""The interpreters that were found, the runtimes that lack one, and how to get it."""

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from console.pages import access
from console.pages.admin import layout
from console.pages.runtimes import installed_ids, missing_ids
from functions.execution.runtimes.discovery import installed
from functions.execution.runtimes.families import FAMILIES
from functions.execution.runtimes.table import RUNTIMES
from functions.models import FunctionVersion


@access.needs("hearth:ListRuntimes")
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    found = installed()
    counts = FunctionVersion.objects.filter(function__account=access.account(request), number=0)  # $LATEST
    used: dict[str, int] = dict(counts.values_list("runtime").annotate(Count("pk")))
    context = {
        "rows": [(found[name], RUNTIMES[name], used.get(name, 0)) for name in installed_ids()],
        "missing": [(name, command(name), used.get(name, 0)) for name in missing_ids() if command(name)],
        "unsupported": [(name, used.get(name, 0)) for name in missing_ids() if not command(name)],
        "stranded": sorted(
            (name, count) for name, count in used.items() if name not in found and RUNTIMES[name].deprecated
        ),
    }
    return layout.show(request, "runtimes", context)


def command(name: str) -> str:
    """Empty for a family that Hearth cannot run yet."""
    runtime = RUNTIMES[name]
    family = FAMILIES.get(runtime.family)
    return family.command.format(version=runtime.version) if family else ""
