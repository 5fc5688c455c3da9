"""Testing a function from its page, saved test events, and finding an invocation by its request id."""

import json
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.gateway.invoke import LIMITS
from console.pages import access, body, function_head, loglines, outcomes
from console.pages.code import problem
from console.pages.operations import check
from console.pages.record import FRAME, Frame
from functions import samples
from functions.actions.test_event import delete_test_event, save_test_event
from functions.arn import parse
from functions.errors import ServiceError
from functions.execution.spec import InvocationResult
from functions.invoke import events, routing, sync, tenancy
from functions.models import LATEST
from monitoring.queries import invocations

# How a test is invoked, by AWS's names.
MODES = {mode: mode for mode in LIMITS}
RUNS = 8  # of the history


@dataclass(frozen=True)
class Result:
    """What the result panel shows of one test."""

    result: InvocationResult
    response: str  # pretty JSON, or the text as it came
    error: dict[str, Any] | None  # errorMessage, errorType, stackTrace
    frames: list[Frame]  # of the error
    lines: list[loglines.Line]

    @property
    def total_ms(self) -> float:
        return self.result.duration_ms + (self.result.init_ms or 0)

    @property
    def memory_share(self) -> float:
        return min(1.0, self.result.max_memory_mb / self.result.memory_mb) if self.result.memory_mb else 0.0


@access.page
@require_POST
def test(request: HttpRequest, name: str) -> HttpResponse:
    """Invoke with the event of the editor, as `mode` says; answers the result panel."""
    function_head.find(request, name)
    try:
        sent = body.read(request)
        payload, qualifier = body.text(sent["payload"]), body.text(sent["qualifier"])
        mode = MODES[sent.get("mode", "RequestResponse")]
        tenant = body.text(sent.get("tenant", ""))
    except body.Malformed as error:
        return problem(body.complaint(error), 400)
    try:
        json.loads(payload or "null")
    except (ValueError, RecursionError) as error:
        return problem(f"The event is not JSON: {error}.", 400)
    if len(payload.encode()) > LIMITS[mode]:
        return problem(f"An event of this kind of invocation has at most {LIMITS[mode]:,} bytes.", 400)
    request_id = str(uuid.uuid4())
    caller = access.caller(request)
    try:
        wanted = qualifier if qualifier != LATEST else None
        check(caller, "Invoke", FunctionName=name, Qualifier=wanted, TenantId=tenant or None)
        route = routing.resolve(parse(name, wanted, caller))
        tenancy.check(route.spec, tenant)
        how = {"request_id": request_id, "source": "console", "tenant_id": tenant}
        if mode == "RequestResponse":
            result = sync.invoke(route, payload.encode(), **how, want_tail=True)
            return render(request, "function/result.html", {"shown": read(result, name), "name": name})
        if mode == "Event":
            events.accept(route, payload.encode(), **how)
    except ServiceError as error:
        context = {"code": error.code, "message": error.message, "reason": error.members.get("Reason", "")}
        return render(request, "function/refused.html", context)
    context = {"mode": mode, "name": name, "request_id": request_id, "version": route.spec.version}
    return render(request, "function/accepted.html", context)


@access.page
@never_cache
@require_safe
def test_runs(request: HttpRequest, name: str) -> HttpResponse:
    """The latest tests of the function from the console, everybody's: a part of the code page."""
    function = function_head.find(request, name)
    found = invocations.recent(
        function.account_id, function.region, function_name=name, source="console", limit=RUNS
    ).items
    runs = [(record, outcomes.of(record)) for record in found]
    return render(request, "function/test_runs.html", {"runs": runs, "name": name})


@access.page
@require_safe
def sample(request: HttpRequest, key: str) -> HttpResponse:
    """A sample event as JSON text."""
    try:
        return HttpResponse(samples.event(key), content_type="application/json")
    except KeyError:
        raise Http404(f"There is no sample event {key}.") from None


@access.page
@require_http_methods(["POST", "DELETE"])
def test_events(request: HttpRequest, name: str) -> HttpResponse:
    """Save or delete a test event; answers all that are left."""
    function = function_head.find(request, name)
    try:
        sent = body.read(request)
        event_name, payload = body.text(sent["name"]), body.text(sent.get("payload", ""))
    except body.Malformed as error:
        return problem(body.complaint(error), 400)
    try:
        if request.method == "DELETE":
            delete_test_event(access.caller(request), function, event_name)
        else:
            save_test_event(access.caller(request), function, event_name, payload)
    except ServiceError as error:
        return problem(error.message or error.code, 400)
    saved = function.test_events.all()
    return JsonResponse(
        {"events": [{"name": each.name, "payload": each.payload, "shared": each.is_shared} for each in saved]}
    )


def read(result: InvocationResult, name: str) -> Result:
    text = result.payload.decode("utf-8", "replace")
    error = None
    try:
        value = json.loads(text)
        text = json.dumps(value, indent=2, ensure_ascii=False)
        if result.function_error and isinstance(value, dict):
            error = value
    except ValueError:
        pass
    tail = result.log_tail.decode("utf-8", "replace").splitlines()
    return Result(
        result=result,
        response=text,
        error=error,
        frames=_frames(error or {}, name, result.version),
        lines=[loglines.parse(line) for line in tail],
    )


def _frames(error: dict[str, Any], name: str, version: str) -> list[Frame]:
    """The stack of an error, each place in the package with its line in the editor."""
    trace = error.get("stackTrace") or error.get("trace")
    if not isinstance(trace, list):
        return []
    frames = []
    for entry in map(str, trace[:50]):
        query = {} if version == LATEST else {"qualifier": version}
        found = FRAME.search(entry)
        place = found and {"file": found["path"], "line": found["line"], **query}
        frames.append(Frame(entry.strip(), f"{reverse('code', args=[name])}?{urlencode(place)}" if place else ""))
    return frames
