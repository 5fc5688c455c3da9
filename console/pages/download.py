"""Downloading a deployment package by a signed, expiring address: the `Code.Location` of GetFunction."""

from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

from functions.code import download


@require_safe
def package(request: HttpRequest, token: str) -> FileResponse:
    """The zip. The token alone gives access: it was signed for whoever could call GetFunction."""
    path = download.package(token)
    if path is None:
        raise Http404("This address has expired, or the package is gone.")
    name = f"{path.stem[:12]}.zip"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type="application/zip")
