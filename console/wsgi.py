import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
django = get_wsgi_application()

from functions.access import credentials  # noqa: E402 after the settings
from functions.invoke import attendant  # noqa: E402

attendant.start()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django's, with whole answers given as a list: granian then sends head and body in one write.

    From any other iterable it takes piece by piece through another thread. What is left to do after an answer (the uses
    of keys, once a minute) still waits until it is sent: then it goes out as Django gave it.
    """
    response = django(environ, start_response)
    if not isinstance(response, HttpResponse) or credentials.has_uses():
        return response
    try:
        return [response.content]
    finally:
        response.close()
