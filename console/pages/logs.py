from django.http import HttpRequest, HttpResponse


def show(request: HttpRequest, name: str) -> HttpResponse:
    return HttpResponse("")


def resolve(request: HttpRequest, request_id: str) -> HttpResponse:
    return HttpResponse("")
