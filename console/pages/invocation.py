"""Testing a function from its page, saved test events, and finding an invocation by its request id."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from console.pages import access, function_head, loglines
from console.pages.code import problem
from functions.actions.test_event import MAX_PAYLOAD, delete_test_event, save_test_event
from functions.arn import parse
from functions.errors import ServiceError
from functions.execution.spec import InvocationResult
from functions.invoke import routing, sync


@dataclass(frozen=True)
class Result:
    """What the result panel shows of one test."""

    result: InvocationResult
    response: str  # pretty JSON, or the text as it came
    error: dict[str, Any] | None  # errorMessage, errorType, stackTrace
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
    """Invoke with the event of the editor; answers the result panel."""
    function_head.find(request, name)
    try:
        body = json.loads(request.body)
        payload, qualifier = str(body["payload"]), str(body["qualifier"])
    except (ValueError, KeyError, TypeError):
        return problem("The request is not one that the editor sends.", 400)
    try:
        json.loads(payload or "null")
    except ValueError as error:
        return problem(f"The event is not JSON: {error}.", 400)
    if len(payload.encode()) > MAX_PAYLOAD:
        return problem(f"An event has at most {MAX_PAYLOAD} bytes.", 400)
    request_id = str(uuid.uuid4())
    try:
        route = routing.resolve(parse(name, qualifier if qualifier != "$LATEST" else None, access.caller(request)))
        result = sync.invoke(route, payload.encode(), request_id=request_id, source="console", want_tail=True)
    except ServiceError as error:
        context = {"code": error.code, "message": error.message, "reason": error.members.get("Reason", "")}
        return render(request, "function/refused.html", context)
    return render(request, "function/result.html", {"shown": read(result), "name": name})


@access.page
@require_http_methods(["POST", "DELETE"])
def test_events(request: HttpRequest, name: str) -> HttpResponse:
    """Save or delete a test event; answers all that are left."""
    function = function_head.find(request, name)
    try:
        body = json.loads(request.body)
        event_name = str(body["name"])
        payload = str(body.get("payload", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return problem("The request is not one that the editor sends.", 400)
    try:
        if request.method == "DELETE":
            delete_test_event(access.caller(request), function, event_name)
        else:
            save_test_event(access.caller(request), function, event_name, payload)
    except ServiceError as error:
        return problem(error.message or error.code, 400)
    events = function.test_events.all()
    return JsonResponse(
        {"events": [{"name": each.name, "payload": each.payload, "shared": each.is_shared} for each in events]}
    )


def read(result: InvocationResult) -> Result:
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
    return Result(result=result, response=text, error=error, lines=[loglines.parse(line) for line in tail])
