"""The queue of a function's asynchronous events, on the page of its asynchronous invocation: purged and redriven."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from console.pages import access, function_head, notice
from functions.access.caller import Caller
from functions.actions import event as actions
from functions.arn import FunctionReference
from functions.errors import ServiceError


@access.needs("hearth:PurgeEvents")
@require_POST
def purge(request: HttpRequest, name: str) -> HttpResponse:
    """End what waits. It can be redriven."""
    return _do(request, name, actions.purge, "{} purged: they can be redriven.", "No event waits: nothing was purged.")


@access.needs("hearth:RedriveEvents")
@require_POST
def redrive(request: HttpRequest, name: str) -> HttpResponse:
    """Queue anew what failed, grew too old or was purged."""
    return _do(request, name, actions.redrive, "{} queued anew.", "There is no event to be redriven.")


def _do(
    request: HttpRequest, name: str, run: Callable[[Caller, FunctionReference], int], said: str, nothing: str
) -> HttpResponse:
    function = function_head.find(request, name)
    try:
        count = run(access.caller(request), FunctionReference(function.account_id, function.region, function.name))
    except ServiceError as error:
        notice.refused(request, error.message or error.code)
    else:
        notice.done(request, said.format(f"{count} event{'' if count == 1 else 's'}") if count else nothing)
    return redirect("config-section", name, "async")
