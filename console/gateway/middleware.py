"""Recognises an AWS request and hands it to the gateway before sessions and CSRF are touched."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.response import Response

from console.gateway import calls, function_url, invoke, invoke_stream
from console.gateway.authentication import FORWARDED
from console.gateway.errors import BodyTooLarge
from console.gateway.views import OperationView
from console.gateway.wire.catalogue import DATED_PATH

View = Callable[[HttpRequest], HttpResponseBase]

# The operations with views of their own, the hot path first.
INVOKES = (
    (re.compile(r"/2015-03-31/functions/(.+)/invocations/?"), invoke.view),
    (re.compile(r"/2021-11-15/functions/(.+)/response-streaming-invocations/?"), invoke_stream.view),
    (re.compile(r"/2014-11-13/functions/(.+)/invoke-async/?"), invoke.queue),
)
WITHOUT_BODY = frozenset({204, 304})
FORM_ACTION = re.compile(rb"(?:^|&)Action=")


@dataclass(frozen=True, slots=True)
class Invocation:
    """The view of an operation that invokes, for the function that the path names."""

    view: Callable[[HttpRequest, str], HttpResponseBase]
    function_name: str

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.view(request, self.function_name)


class GatewayMiddleware:
    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        view = recognise(request)
        if view is None:
            if FORWARDED not in request.META:
                return self.get_response(request)
            view = operation  # a function has no business with the console
        return complete(view(request))


def complete(response: HttpResponseBase) -> HttpResponseBase:
    if isinstance(response, HttpResponse) and response.status_code not in WITHOUT_BODY:
        # Without its length granian would send a body in chunks.
        response.headers["Content-Length"] = str(len(response.content))
    return response


def recognise(request: HttpRequest) -> View | None:
    """The view of an AWS request, or None: the request is the console's. The cheapest and commonest first."""
    environ = request.META
    path = request.path_info
    if function_url.is_addressed(environ.get("HTTP_HOST", ""), path):
        return function_url.view
    if DATED_PATH.match(path):
        return _invocation(path) if request.method == "POST" else operation
    if (
        environ.get("HTTP_AUTHORIZATION", "").startswith("AWS4-")
        or "HTTP_X_AMZ_TARGET" in environ
        or "HTTP_SMITHY_PROTOCOL" in environ
        or "X-Amz-Signature=" in environ.get("QUERY_STRING", "")
        or "X-Amz-Algorithm=" in environ.get("QUERY_STRING", "")
        or _is_unsigned_query(request)
    ):
        return operation
    return None


def _invocation(path: str) -> View:
    for pattern, view in INVOKES:
        if (found := pattern.fullmatch(path)) is not None:
            return Invocation(view, found[1])
    return operation


def operation(request: HttpRequest) -> HttpResponse:
    request.call = calls.identify(request)  # type: ignore[attr-defined]
    response: Response = VIEW(request)
    rendered: HttpResponse = response.render()
    return rendered


VIEW = OperationView.as_view()


def _is_unsigned_query(request: HttpRequest) -> bool:
    if request.method != "POST" or request.path_info != "/":
        return False
    if not request.META.get("CONTENT_TYPE", "").startswith(calls.FORM):
        return False
    try:
        return FORM_ACTION.search(calls.read_body(request, calls.MAX_UNSIGNED_FORM)) is not None
    except BodyTooLarge:
        return False
