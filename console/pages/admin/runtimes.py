"""Every runtime with what runs it: its own interpreter, one that stands in, or how to get one. Choosing stand-ins."""

import logging
from collections.abc import Mapping
from typing import Any

import redis
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from console.pages import access, notice
from console.pages.admin import layout
from console.pages.runtimes import order
from functions import runtime_catalogue
from functions.actions import stand_in
from functions.errors import ServiceError
from functions.execution.runtimes import discovery
from functions.execution.runtimes.families import FAMILIES
from functions.execution.spec import LaneError
from functions.invoke import nodes
from functions.models import FunctionVersion
from functions.runtime_catalogue import State

log = logging.getLogger(__name__)


@access.needs("hearth:ListRuntimes")
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    account = access.account(request)
    counts = FunctionVersion.objects.filter(function__account=account, number=0)  # $LATEST
    used: dict[str, int] = dict(counts.values_list("runtime").annotate(Count("pk")))
    discovery.look()
    statuses = _statuses()
    rows = sorted(runtime_catalogue.rows(account.pk, statuses), key=lambda row: order(row.runtime.id))
    counted = [(row, used.get(row.runtime.id, 0)) for row in rows]
    context = {
        "installed": [pair for pair in counted if pair[0].state is State.INSTALLED],
        "missing": [pair for pair in counted if pair[0].state in (State.STAND_IN, State.MISSING)],
        "deprecated": [pair for pair in counted if pair[0].state in (State.DEPRECATED, State.KEPT)],
        "unnamed": runtime_catalogue.unnamed(),
        "titles": {family.name: family.title for family in FAMILIES.values()},
        "is_cluster": len(statuses) > 1,
        "may_choose": access.allows(request, "hearth:ManageRuntimes"),
    }
    return layout.show(request, "runtimes", context)


@access.needs("hearth:ManageRuntimes")
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Let an interpreter stand in for a runtime; without one, nothing any more."""
    runtime, interpreter = request.POST.get("runtime", ""), request.POST.get("interpreter", "")
    caller = access.caller(request)
    try:
        if interpreter:
            stand_in.choose(caller, runtime, interpreter)
            notice.done(request, f"{interpreter} stands in for {runtime} now.")
        else:
            stand_in.remove(caller, runtime)
            notice.done(request, f"Nothing stands in for {runtime} any more.")
    except ServiceError as error:
        notice.refused(request, str(error))
    return redirect("admin-runtimes")


def _statuses() -> list[Mapping[str, Any]]:
    try:
        return list(nodes.status())
    except (redis.RedisError, LaneError, OSError) as error:
        log.info("which nodes have which runtimes is not known: %s", error)
        return []
