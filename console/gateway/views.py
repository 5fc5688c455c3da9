"""Every operation of every service, except those on the hot path."""

import re
from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from console.gateway import authorization, coverage, operations, rate, validate
from console.gateway.authentication import SigV4Authentication
from console.gateway.drf import ModelParser, ModelRenderer, ProtocolNegotiation, call_of, exception_handler
from console.gateway.errors import UnknownOperation, Unsupported
from console.gateway.wire.table import PROTOCOLS
from functions.access.caller import Caller

HOST = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9a-fA-F:.]+\](:\d{1,5})?")


class OperationView(APIView):
    """authenticate -> which operation -> parse -> count -> authorize -> validate -> run -> write, by the model."""

    authentication_classes = [SigV4Authentication]
    parser_classes = [ModelParser]
    renderer_classes = [ModelRenderer]
    content_negotiation_class = ProtocolNegotiation

    def operate(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        call = call_of(request)
        if call.service is None:
            raise UnknownOperation(f"The service '{call.signing_name}' is not supported by Hearth yet.")
        wire = PROTOCOLS.get(call.protocol)
        if wire is None:
            raise Unsupported(f"The protocol {call.protocol} is not supported by Hearth yet.")
        operation, labels = wire.operation(call, call.service)
        function = operations.find(call.service.name, operation.name)
        if function is None:
            raise coverage.not_served(operation.name) or Unsupported(
                f"{operation.name} is not supported by Hearth yet."
            )
        members = wire.bind(operation, request.data, call, labels)
        caller: Caller = request.auth  # type: ignore[assignment]  # what SigV4Authentication found
        rate.take(caller, call.service.name, operation.name)
        caller = authorization.check(caller, call.service.name, operation.name, members, request.META)
        caller = replace(caller, endpoint=_endpoint(request))
        validate.members(operation, members)
        return Response(wire.answer(operation, function(caller, members), call))

    get = post = put = patch = delete = head = operate

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        raise MethodNotAllowed(str(request.method))

    def get_exception_handler(self) -> Any:
        return exception_handler

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        final: Response = super().finalize_response(request, response, *args, **kwargs)
        for name in ("Vary", "Allow"):  # these are for browsers
            final.headers.pop(name, None)
        final["x-amzn-RequestId"] = call_of(request).request_id
        return final


def _endpoint(request: Request) -> str:
    """Where the client has found us; empty when it does not say so properly."""
    host = request.META.get("HTTP_HOST", "")
    return f"{request.scheme}://{host}" if HOST.fullmatch(host) else ""
