import gc
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
django = get_wsgi_application()

from django.conf import settings  # noqa: E402 after the settings were named

from console.edge import head  # noqa: E402
from console.gateway.sigv4 import environ_key  # noqa: E402
from functions.invoke import attendant  # noqa: E402

attendant.start()
# What is loaded now stays; what answers leave goes without a search for cycles, mostly.
gc.freeze()
gc.set_threshold(20_000)

CLIENT = environ_key(head.CLIENT)


class Pieces:
    """A streamed answer, closed when granian lets go of it: that is all it does when a client has left, and the answer
    itself is part of a cycle, which is found late."""

    def __init__(self, response: Any) -> None:
        self._response = response
        self._pieces = iter(response)
        self._is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return bytes(next(self._pieces))

    def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._response.close()

    __del__ = close


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django's, with the address of the client from the edge, and with whole answers given as a list.

    From any other iterable granian takes piece by piece through another thread, instead of sending head and body in
    one write.
    """
    environ["REMOTE_ADDR"] = environ.pop(CLIENT, "")
    environ["SERVER_PORT"] = str(settings.HEARTH_PORT)
    response = django(environ, start_response)
    if not isinstance(response, HttpResponse):
        return Pieces(response)
    try:
        return [response.content]
    finally:
        response.close()
