"""DRF's parts for the AWS protocols: negotiation, parser, renderer and the exception handler."""

import logging
from dataclasses import replace
from typing import IO, Any

from django.core.exceptions import RequestDataTooBig
from django.http import UnreadablePostError
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from console.gateway.calls import Call
from console.gateway.errors import AwsError, BodyTooLarge, InternalFailure, Serialization, UnknownOperation
from console.gateway.wire.protocol import WireAnswer
from console.gateway.wire.table import protocol

log = logging.getLogger(__name__)

UNKNOWN_METHOD = "No operation of this API has this method."


class ProtocolNegotiation(BaseContentNegotiation):
    """The protocol decides, whatever Accept says: one parser, one renderer."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class ModelParser(BaseParser):
    """The body as the document of the request's protocol. Binding it to an operation's members is the view's."""

    media_type = "*/*"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        call = call_of(parser_context["request"])
        return protocol(call.protocol).load(stream.read(), call)


class ModelRenderer(BaseRenderer):
    """`data` is a `WireAnswer`: the protocol wrote it by the model, status and headers included."""

    media_type = "application/json"
    charset = None
    render_style = "binary"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        answer: WireAnswer = data
        response = renderer_context["response"]
        response.status_code = answer.status
        for name, value in answer.headers.items():
            response[name] = value
        if answer.content_type:
            response["Content-Type"] = answer.content_type
        return answer.body


def call_of(request: Request) -> Call:
    call: Call = request._request.call  # type: ignore[attr-defined]
    return call


def exception_handler(exception: Exception, context: dict[str, Any]) -> Response:
    """Any error as AWS words it in the protocol of the request. What is nobody's fault but ours goes to the log."""
    return Response(error_answer(exception, call_of(context["request"])))


def error_answer(exception: Exception, call: Call) -> WireAnswer:
    answer = protocol(call.protocol).error(aws_error(exception, call.request_id), call)
    if answer.status == 413:  # what the client still sends is not read, so that nothing can follow it
        return replace(answer, headers={**answer.headers, "Connection": "close"})
    return answer


def aws_error(exception: Exception, request_id: str) -> AwsError:
    if isinstance(exception, AwsError):
        return exception
    if isinstance(exception, MethodNotAllowed):
        return UnknownOperation(UNKNOWN_METHOD)
    if isinstance(exception, RequestDataTooBig):
        return BodyTooLarge("Request is too large")
    if isinstance(exception, UnreadablePostError):
        return Serialization("The request ended before its body was complete")
    log.error("request %s failed", request_id, exc_info=exception)
    return InternalFailure("An error occurred and the request cannot be processed.")
