"""The pages for 403, 404 and 500."""

import logging
import uuid

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

log = logging.getLogger(__name__)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _show(request, 403, "Not allowed", str(exception) or "Your role does not allow this.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    message = str(exception.args[0]) if exception.args and isinstance(exception.args[0], str) else ""
    return _show(request, 404, "Not found", message or "There is nothing at this address.")


def broken(request: HttpRequest) -> HttpResponse:
    """The traceback is in the log of the web server; the id leads there."""
    number = uuid.uuid4().hex[:12]
    log.error("the page %s failed, error id %s", request.path, number)
    return _show(
        request,
        500,
        "Something broke",
        f"The error is written to the server's log, id {number}. Functions go on running.",
    )


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token is missing or old: mostly one that was open while somebody signed in anew."""
    message = (
        "This form was opened before you signed in anew, or the browser keeps no cookies of this site. "
        "Go back, reload the page and send it again: nothing was changed."
    )
    return _show(request, 403, "The form is too old", message)


def _show(request: HttpRequest, status: int, title: str, message: str) -> HttpResponse:
    if "application/json" in request.headers.get("Content-Type", ""):
        return JsonResponse({"message": message}, status=status)
    return render(request, "errors/page.html", {"title": title, "message": message, "status": status}, status=status)
