"""What a function returned, as HTTP: its own status, headers, cookies and body, or plain JSON."""

import base64
import binascii
import json
import re
from collections.abc import Container
from http.cookies import Morsel
from typing import Any

from django.http import HttpResponse

from console.gateway.function_url.event import is_ours
from console.gateway.wire.documents import dump_json
from functions.execution.spec import InvocationResult

FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# The server's own business.
NOT_THEIRS = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade", "trailer"})


def message(status: int, text: str) -> HttpResponse:
    return HttpResponse(json.dumps({"Message": text}), status=status, content_type="application/json")


def forbidden() -> HttpResponse:
    """The same for a URL that is not there: nobody can try out which are."""
    response = message(403, FORBIDDEN)
    response.headers["x-amzn-ErrorType"] = "AccessDeniedException"
    return response


def bad_gateway() -> HttpResponse:
    """The function failed, or returned what cannot be an HTTP response."""
    return HttpResponse("Internal Server Error", status=502, content_type="application/json")


def translate(result: InvocationResult) -> HttpResponse:
    """What has no status code is the body, 200: a string as it is, all else as JSON without spaces."""
    if result.function_error:
        return bad_gateway()
    try:
        value = json.loads(result.payload or b"null")
        if isinstance(value, dict) and "statusCode" in value:
            return _from_structure(value)
    except (ValueError, RecursionError):
        return bad_gateway()
    body = value.encode("utf-8", "replace") if isinstance(value, str) else dump_json(value)
    return HttpResponse(body, content_type="application/json")


def _from_structure(value: dict[str, Any]) -> HttpResponse:
    """Raises ValueError for what cannot be sent."""
    response = HttpResponse(_body(value), status=_status(value), content_type="application/json")
    _set_headers(response, value)
    return response


def from_prelude(value: object) -> HttpResponse:
    """Status, headers and cookies of a streamed response, without a body. Raises ValueError for what cannot be sent."""
    if not isinstance(value, dict):
        raise ValueError(value)
    response = HttpResponse(status=_status(value), content_type="application/octet-stream")
    _set_headers(response, value)
    return response


def _status(value: dict[str, Any]) -> int:
    given = value.get("statusCode", 200)
    status = int(given) if isinstance(given, int | str) else 0
    if not 200 <= status <= 599:
        raise ValueError(status)
    return status


def _set_headers(response: HttpResponse, value: dict[str, Any]) -> None:
    headers = value.get("headers") or {}
    if not isinstance(headers, dict):
        raise ValueError(headers)
    for name, item in headers.items():
        if name.lower() == "set-cookie":
            _set_cookie(response, str(item))
        elif name.lower() not in NOT_THEIRS:
            if not HEADER_NAME.fullmatch(name):
                raise ValueError(name)
            response.headers[name] = _scalar(item)
    for cookie in value.get("cookies") or []:
        _set_cookie(response, str(cookie))


def _body(value: dict[str, Any]) -> bytes:
    body = value.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        return dump_json(body)
    if value.get("isBase64Encoded"):
        try:
            return base64.b64decode(body, validate=True)
        except binascii.Error as error:
            raise ValueError(body[:64]) from error
    return body.encode("utf-8", "replace")


def _scalar(item: Any) -> str:
    return ("true" if item else "false") if isinstance(item, bool) else str(item)


def _set_cookie(response: HttpResponse, cookie: str) -> None:
    if not cookie.isprintable() or not cookie.isascii():
        raise ValueError(cookie)
    if not is_ours(cookie.partition("=")[0]):
        response.cookies[str(len(response.cookies))] = _Verbatim(cookie)


class _Verbatim(Morsel[str]):
    """A cookie as the function wrote it: Django's own would drop the attributes that it does not know."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def OutputString(self, attrs: Container[str] | None = None) -> str:
        return self.text
