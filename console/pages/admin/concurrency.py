"""What runs where: limits and who holds them, the queue, the nodes and their environments. Recycling, draining."""

from collections.abc import Callable

import redis
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from console.pages import access, notice
from console.pages.admin import layout, leases, queue, workers
from functions.access.caller import Caller
from functions.actions import environment, node
from functions.arn import parse
from functions.errors import ServiceError
from functions.invoke import nodes
from functions.limits import concurrency


@access.needs("hearth:ListWorkers")
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    account_id, region = access.account(request).pk, access.caller(request).region
    problem = ""
    found: list[workers.Worker] = []
    try:
        found = [workers.ask(each, account_id) for each in nodes.live()]
    except redis.RedisError as error:
        problem = type(error).__name__
    context = {
        "workers": found,
        "problem": problem,
        "serving": sum(not worker.problem and not worker.draining for worker in found),
        "environments": sum(worker.total for worker in found),
        "running": sum(
            count
            for worker in found
            for function, count in worker.in_use.items()
            if function.startswith(f"{account_id}:{region}:")
        ),
        "limit": concurrency(),
        "leases": leases.of(account_id, region, found),
        "queue": queue.of(account_id, region),
        "may_recycle": access.allows(request, "hearth:RecycleEnvironments"),
        "may_drain": access.allows(request, "hearth:DrainNodes"),
    }
    return layout.show(request, "concurrency", context)


@access.needs("hearth:RecycleEnvironments")
@require_POST
def recycle(request: HttpRequest) -> HttpResponse:
    """End the environments of `function`, or the one of its `log_stream`."""
    caller = access.caller(request)
    name, log_stream = request.POST.get("function", ""), request.POST.get("log_stream", "")
    try:
        ended = environment.recycle(caller, parse(name, None, caller), log_stream)
    except ServiceError as error:
        notice.refused(request, error.message or error.code)
    else:
        what = "An environment" if ended == 1 else f"{ended} environments"
        notice.done(request, f"{what} of {name} recycled: the next call makes a new one.")
    return redirect("admin-concurrency")


@access.needs("hearth:DrainNodes")
@require_POST
def drain(request: HttpRequest, name: str) -> HttpResponse:
    return _do(request, name, node.drain, "{} runs nothing new, and finishes what runs.")


@access.needs("hearth:DrainNodes")
@require_POST
def undrain(request: HttpRequest, name: str) -> HttpResponse:
    return _do(request, name, node.undrain, "{} is in service again.")


def _do(request: HttpRequest, name: str, action: Callable[[Caller, str], None], said: str) -> HttpResponse:
    try:
        action(access.caller(request), name)
    except ServiceError as error:
        notice.refused(request, error.message or error.code)
    else:
        notice.done(request, said.format(name))
    return redirect("admin-concurrency")
