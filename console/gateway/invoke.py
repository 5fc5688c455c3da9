"""Invoke: the hot path. A plain view that shares authentication and errors with the others.

No database write, and no read that is not cached. The payload goes through untouched.
Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from console.gateway import authorization, validate
from console.gateway.authentication import authenticate
from console.gateway.calls import Call
from console.gateway.drf import error_answer
from console.gateway.wire import catalogue
from console.gateway.wire.documents import check_json
from console.gateway.wire.protocol import WireAnswer
from functions import arn
from functions.access.caller import Caller
from functions.errors import (
    InvalidParameterValueException,
    InvalidRequestContentException,
    RequestEntityTooLargeException,
)
from functions.execution.spec import InvocationRequest, InvocationResult
from functions.invoke import events, recursion, routing, sync, tenancy
from functions.invoke.trace import request_id as new_id
from functions.invoke.trace import trace_id
from functions.limits import limits

# Bytes of payload, by invocation type.
_limits = limits()
LIMITS = {
    "RequestResponse": _limits.payload_bytes,
    "Event": _limits.async_payload_bytes,
    "DryRun": _limits.payload_bytes,
}
CLIENT_CONTEXT_LIMIT = 3583
BAD_CONTEXT = "Client context must be a valid Base64-encoded JSON object."


@dataclass(slots=True)
class Asked:
    """An invocation that was asked for: signed, allowed, valid, and routed."""

    kind: str
    route: routing.Route
    payload: bytes
    client_context: str
    trace: str
    want_tail: bool
    tenant_id: str


def view(request: HttpRequest, function_name: str) -> HttpResponseBase:
    return answered(request, lambda request_id: _invoke(request, function_name, request_id))


def answered(request: HttpRequest, call: Callable[[str], HttpResponseBase]) -> HttpResponseBase:
    """What `call(request_id)` answers, or its error as AWS says it."""
    request_id = new_id()
    try:
        response = call(request_id)
    except Exception as error:  # noqa: BLE001 every error is answered as AWS does, the unforeseen are logged
        response = _http(failure(request, error, request_id))
    response.headers["x-amzn-RequestId"] = request_id
    return response


def read(request: HttpRequest, function_name: str, operation: str, kind: str = "") -> Asked:
    """The request of an operation that invokes. `kind` is the invocation type of those that have just one."""
    environ: dict[str, Any] = request.META
    kind = kind or environ.get("HTTP_X_AMZ_INVOCATION_TYPE") or "RequestResponse"
    _refuse_oversized(environ, kind)
    caller = authenticate(request, "lambda", limit=LIMITS["RequestResponse"])
    qualifier = request.GET.get("Qualifier") if environ.get("QUERY_STRING") else None
    asked = {"FunctionName": function_name, "Qualifier": qualifier}
    caller = authorization.check(caller, "lambda", operation, asked, environ)
    body = request.body
    log_type: str = environ.get("HTTP_X_AMZ_LOG_TYPE", "")
    tenant_id: str = environ.get("HTTP_X_AMZ_TENANT_ID", "")
    check(operation, function_name, qualifier, kind, log_type, tenant_id)
    client_context = _client_context(environ.get("HTTP_X_AMZ_CLIENT_CONTEXT", ""))
    payload = _payload(body, kind)
    route = routing.resolve(reference(function_name, qualifier, caller))
    trace = trace_id(environ.get("HTTP_X_AMZN_TRACE_ID", ""))
    tenancy.check(route.spec, tenant_id)
    if "HTTP_X_AMZ_DURABLE_EXECUTION_NAME" in environ:
        raise InvalidParameterValueException("DurableExecutionName is not supported by this endpoint.")
    return Asked(kind, route, payload, client_context, trace, log_type == "Tail", tenant_id)


def _invoke(request: HttpRequest, function_name: str, request_id: str) -> HttpResponse:
    asked = read(request, function_name, "Invoke")
    if asked.kind == "Event":
        return _queued(asked, request_id)
    if asked.kind == "DryRun":
        return dry_run(asked)
    wanted = wanted_of(asked, request_id)
    return _http(answer(wanted, sync.result(wanted, asked.payload)))


def wanted_of(asked: Asked, request_id: str) -> InvocationRequest:
    """What the lane is asked. Raises RecursiveInvocationException."""
    trace = recursion.advance(asked.trace, asked.route)
    return sync.request(asked.route, request_id, "api", asked.client_context, trace, asked.want_tail, asked.tenant_id)


def answer(wanted: InvocationRequest, result: InvocationResult) -> WireAnswer:
    headers = {"X-Amz-Executed-Version": result.version, "X-Amzn-Trace-Id": wanted.trace_id}
    if result.function_error:
        headers["X-Amz-Function-Error"] = result.function_error
    if wanted.want_tail:
        headers["X-Amz-Log-Result"] = base64.b64encode(result.log_tail).decode()
    return WireAnswer(200, result.payload, "application/json", headers)


def failure(request: HttpRequest, error: Exception, request_id: str) -> WireAnswer:
    """Any error as AWS says it."""
    return error_answer(error, Call(request, catalogue.get("lambda"), "lambda", "rest-json", request_id))


def queue(request: HttpRequest, function_name: str) -> HttpResponseBase:
    """InvokeAsync, which AWS deprecates: an Event by another path."""
    return answered(
        request, lambda request_id: _queued(read(request, function_name, "InvokeAsync", "Event"), request_id)
    )


def _queued(asked: Asked, request_id: str) -> HttpResponse:
    events.accept(
        asked.route,
        asked.payload,
        request_id=request_id,
        client_context=asked.client_context,
        trace_id=asked.trace,
        tenant_id=asked.tenant_id,
    )
    response = HttpResponse(b"", status=202, content_type="application/json")
    response.headers["X-Amzn-Trace-Id"] = asked.trace
    return response


def dry_run(asked: Asked) -> HttpResponse:
    response = HttpResponse(b"", status=204)
    response.headers["X-Amz-Executed-Version"] = asked.route.spec.version
    return response


def _refuse_oversized(environ: dict[str, Any], kind: str) -> None:
    """By Content-Length, before a byte of the body is read."""
    length = environ.get("CONTENT_LENGTH") or "0"
    limit = LIMITS.get(kind, LIMITS["RequestResponse"])
    if length.isdigit() and int(length) > limit:
        raise _too_large(int(length), kind, limit)


def _too_large(size: int, kind: str, limit: int) -> RequestEntityTooLargeException:
    error = RequestEntityTooLargeException(
        f"{size} byte payload is too large for the {kind} invocation type (limit {limit} bytes)"
    )
    error.members = {}
    return error


@lru_cache(maxsize=4096)
def check(
    operation: str, function_name: str, qualifier: str | None, kind: str, log_type: str, tenant_id: str = ""
) -> None:
    """The model's constraints. What passed once is not looked at again; an error is not kept."""
    model = catalogue.get("lambda").operation(operation)
    assert model is not None
    given = {
        "FunctionName": function_name,
        "Qualifier": qualifier,
        "InvocationType": kind,
        "LogType": log_type or None,
        "TenantId": tenant_id or None,
        "InvokeArgs": b"",  # InvokeAsync's name for the body, which may be empty
    }
    validate.members(model, given)


def reference(function_name: str, qualifier: str | None, caller: Caller) -> arn.FunctionReference:
    return arn.parse(function_name, qualifier, caller)


def _payload(body: bytes, kind: str) -> bytes:
    limit = LIMITS[kind]
    if len(body) > limit:  # a chunked body says its length only now
        raise _too_large(len(body), kind, limit)
    if not body:
        return b"{}"
    try:
        check_json(body)
    except ValueError as error:
        raise InvalidRequestContentException(
            f"Could not parse request body into json: Could not parse payload into json: {error}"
        ) from error
    return body


def _client_context(header: str) -> str:
    """The header's JSON text."""
    if not header:
        return ""
    if len(header) > CLIENT_CONTEXT_LIMIT:
        raise InvalidRequestContentException(
            f"Client context must be less than or equal to {CLIENT_CONTEXT_LIMIT} bytes."
        )
    try:
        text = base64.b64decode(header, validate=True).decode()
        if not isinstance(json.loads(text), dict):
            raise ValueError(text)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise InvalidRequestContentException(BAD_CONTEXT) from error
    return text


def _http(answer: WireAnswer) -> HttpResponse:
    return HttpResponse(
        answer.body, status=answer.status, content_type=answer.content_type, headers=dict(answer.headers)
    )
