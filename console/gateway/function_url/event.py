"""A request as the event that the function sees: payload format 2.0."""

import base64
import json
import os
import time
from typing import Any
from urllib.parse import parse_qsl, quote

from django.conf import settings
from django.http import HttpRequest

from console.gateway.calls import LOOSE
from functions.access.caller import Caller

# WSGI servers mix the process's own environment in: HTTP_PROXY is not a header.
OURS = frozenset(name for name in os.environ if name.startswith("HTTP_"))
# Bodies of these kinds are text in the event, all others base64.
TEXT_TYPES = ("text/", "application/json", "application/javascript", "application/xml", "application/vnd.api+json")


def build(
    request: HttpRequest,
    *,
    url_id: str,
    account_id: str,
    path: str,
    body: bytes,
    request_id: str,
    trace_id: str,
    caller: Caller | None,
) -> bytes:
    """`path` is the function's part of it, decoded; `account_id` the function's. `caller`: who signed, None when the
    URL is public."""
    environ: dict[str, Any] = request.META
    now = time.time()
    host = str(environ.get("HTTP_HOST", "")).partition(":")[0]
    query = environ.get("QUERY_STRING", "")
    headers = _headers(environ, trace_id)
    cookies = _cookies(environ.get("HTTP_COOKIE", ""))
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": quote(path, safe=LOOSE),
        "rawQueryString": query,
        **({"cookies": cookies} if cookies else {}),
        "headers": headers,
        **({"queryStringParameters": _parameters(query)} if query else {}),
        "requestContext": {
            "accountId": account_id if caller else "anonymous",
            "apiId": url_id,
            **({"authentication": None, "authorizer": {"iam": _identity(caller)}} if caller else {}),
            "domainName": host,
            "domainPrefix": url_id,
            "http": {
                "method": request.method,
                "path": path,
                "protocol": environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
                "sourceIp": environ.get("REMOTE_ADDR", ""),
                "userAgent": environ.get("HTTP_USER_AGENT", ""),
            },
            "requestId": request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "timeEpoch": int(now * 1000),
        },
        **_body(body, environ.get("CONTENT_TYPE", "")),
    }
    return json.dumps(event, separators=(",", ":")).encode()


def is_ours(cookie_name: str) -> bool:
    """The console's own cookies: never shown to a function, never set by one."""
    return cookie_name.strip() in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)


def _headers(environ: dict[str, Any], trace_id: str) -> dict[str, str]:
    headers = {
        key[5:].lower().replace("_", "-"): _text(value)
        for key, value in environ.items()
        if key.startswith("HTTP_") and key != "HTTP_COOKIE" and key not in OURS
    }
    for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(key):
            headers[key.lower().replace("_", "-")] = _text(environ[key])
    headers["x-amzn-trace-id"] = trace_id
    headers.setdefault("x-forwarded-for", str(environ.get("REMOTE_ADDR", "")))
    headers.setdefault("x-forwarded-proto", str(environ.get("wsgi.url_scheme", "http")))
    headers.setdefault("x-forwarded-port", str(environ.get("SERVER_PORT", "")))
    return headers


def _text(value: object) -> str:
    return str(value).encode("latin-1", "replace").decode("utf-8", "replace")


def _cookies(header: str) -> list[str]:
    cookies = [part.strip() for part in _text(header).split(";")]
    return [cookie for cookie in cookies if cookie and not is_ours(cookie.partition("=")[0])]


def _parameters(query: str) -> dict[str, str]:
    """Repeated parameters are joined by commas."""
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True, errors="replace"):
        parameters[name] = f"{parameters[name]},{value}" if name in parameters else value
    return parameters


def _body(body: bytes, content_type: str) -> dict[str, Any]:
    if not body:
        return {"isBase64Encoded": False}
    if content_type.lower().startswith(TEXT_TYPES):
        try:
            return {"body": body.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def _identity(caller: Caller) -> dict[str, Any]:
    return {
        "accessKey": caller.access_key_id,
        "accountId": caller.account_id,
        "callerId": caller.access_key_id,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": caller.arn,
        "userId": caller.access_key_id,
    }
