"""Cross-origin requests to a function URL, by its `Cors` configuration.

Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-cors
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase


def is_preflight(request: HttpRequest) -> bool:
    return request.method == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in request.META


def preflight(cors: dict[str, Any], request: HttpRequest) -> HttpResponse:
    response = HttpResponse(b"", content_type="application/json")
    if _allows(cors.get("AllowOrigins"), request.META.get("HTTP_ORIGIN", "")):
        add_headers(cors, request, response)
        response["Access-Control-Allow-Methods"] = ",".join(cors.get("AllowMethods") or [])
        response["Access-Control-Allow-Headers"] = ",".join(cors.get("AllowHeaders") or [])
        response["Access-Control-Max-Age"] = str(cors.get("MaxAge") or 0)
    return response


def add_headers(cors: dict[str, Any], request: HttpRequest, response: HttpResponseBase) -> None:
    """The configuration wins over headers that the function set."""
    for name in [name for name in response.headers if name.lower().startswith("access-control-")]:
        del response[name]
    origin = request.META.get("HTTP_ORIGIN", "")
    if not origin or not _allows(cors.get("AllowOrigins"), origin):
        return
    response["Access-Control-Allow-Origin"] = origin
    response["Vary"] = "Origin"
    if cors.get("AllowCredentials"):
        response["Access-Control-Allow-Credentials"] = "true"
    if cors.get("ExposeHeaders"):
        response["Access-Control-Expose-Headers"] = ",".join(cors["ExposeHeaders"])


def _allows(patterns: list[str] | None, origin: str) -> bool:
    return any(pattern == "*" or pattern == origin or _wildcard(pattern, origin) for pattern in patterns or [])


def _wildcard(pattern: str, origin: str) -> bool:
    """`https://*.example.com`"""
    start, star, end = pattern.partition("*")
    return bool(star) and origin.startswith(start) and origin.endswith(end) and len(origin) > len(start) + len(end)
