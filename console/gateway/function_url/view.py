"""One request to a function URL: find it, authenticate, invoke, translate."""

import re
import uuid
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from console.gateway import authorization, calls
from console.gateway.authentication import authenticate
from console.gateway.calls import Call
from console.gateway.drf import error_answer
from console.gateway.errors import MissingToken
from console.gateway.function_url import answer, cors, event, streaming
from console.gateway.wire import catalogue
from functions.access.decision import may_call_url
from functions.arn import FunctionReference
from functions.cache import GenerationCache
from functions.invoke import recursion, routing, sync
from functions.invoke.trace import trace_id
from functions.limits import limits
from functions.models import FunctionUrl

HOST = re.compile(r"([a-z0-9-]{1,40})\.lambda-url\.[a-z0-9-]+(\..*)?", re.IGNORECASE)
PATH = re.compile(r"/_url/([a-z0-9-]{1,40})(/.*)?", re.DOTALL)
LIMIT = limits().payload_bytes
# By path the function shares the console's origin: its pages must not act as the console's.
SANDBOX = "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts"


@dataclass(frozen=True, slots=True)
class Target:
    """What the hot path must know of a URL."""

    reference: FunctionReference
    auth_type: str
    cors: dict[str, Any]
    streams: bool  # the response, as it comes


_targets: GenerationCache[Target | None] = GenerationCache()


def is_addressed(host: str, path: str) -> bool:
    return path.startswith("/_url/") or (".lambda-url." in host and HOST.match(host) is not None)


def view(request: HttpRequest) -> HttpResponseBase:
    request_id = str(uuid.uuid4())
    by_host = HOST.match(request.META.get("HTTP_HOST", ""))
    by_path = None if by_host else PATH.fullmatch(request.path_info)
    found = by_host or by_path
    response: HttpResponseBase
    try:
        if found is None:
            response = answer.message(404, "Not Found")
        else:
            path = request.path_info if by_host else by_path[2] or "/"  # type: ignore[index]
            response = _serve(request, found[1].lower(), path, request_id)
    except Exception as error:  # noqa: BLE001 every error is answered as AWS does, the unforeseen are logged
        call = Call(request, catalogue.get("lambda"), "lambda", "rest-json", request_id)
        wire = error_answer(error, call)
        response = HttpResponse(
            wire.body, status=wire.status, content_type=wire.content_type, headers=dict(wire.headers)
        )
    response.headers["x-amzn-RequestId"] = request_id
    if by_host is None:
        response.headers["Content-Security-Policy"] = SANDBOX
        response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _serve(request: HttpRequest, url_id: str, path: str, request_id: str) -> HttpResponseBase:
    target = _targets.get(url_id, lambda: _read(url_id))
    if target is None:
        return answer.forbidden()
    if target.cors and cors.is_preflight(request):
        return cors.preflight(target.cors, request)
    is_public = target.auth_type == FunctionUrl.AuthType.NONE
    try:
        caller = None if is_public else authenticate(request, "lambda", limit=LIMIT)
    except MissingToken:
        return answer.forbidden()
    if not may_call_url(caller, target.auth_type, target.reference, lambda: authorization.request_keys(request.META)):
        return answer.forbidden()
    body = calls.read_body(request, LIMIT)
    route = routing.resolve(target.reference)
    trace = recursion.advance(trace_id(request.META.get("HTTP_X_AMZN_TRACE_ID", "")), route)
    payload = event.build(
        request,
        url_id=url_id,
        account_id=target.reference.account_id,
        path=path,
        body=body,
        request_id=request_id,
        trace_id=trace,
        caller=caller,
    )
    response: HttpResponseBase
    if target.streams:
        streamed = sync.stream(route, payload, request_id=request_id, source="url", trace_id=trace)
        response = streaming.respond(streamed)
    else:
        result = sync.invoke(route, payload, request_id=request_id, source="url", trace_id=trace)
        response = answer.translate(result)
    response.headers["X-Amzn-Trace-Id"] = trace
    if target.cors:
        cors.add_headers(target.cors, request, response)
    return response


def _read(url_id: str) -> Target | None:
    url = FunctionUrl.objects.select_related("function").filter(pk=url_id).first()
    if url is None:
        return None
    function = url.function
    reference = FunctionReference(function.account_id, function.region, function.name, url.qualifier or None)
    return Target(reference, url.auth_type, dict(url.cors), url.invoke_mode == FunctionUrl.InvokeMode.RESPONSE_STREAM)
