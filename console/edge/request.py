"""A request as the gateway's views know it, without what they do not ask for."""

from functools import cached_property, lru_cache
from urllib.parse import unquote

from django.http import HttpRequest, QueryDict

from console.edge.head import Head

PREFIX = "/2015-03-31/functions/"
# A larger body is checked elsewhere, for that holds up everybody.
MAX_BODY = 64 * 1024


class EdgeRequest(HttpRequest):
    def __init__(self, head: Head, path: str, query: str, address: str) -> None:
        environ = head.environ
        environ["QUERY_STRING"] = query
        environ["REMOTE_ADDR"] = address
        environ["wsgi.url_scheme"] = "http"
        self.META = environ
        self.method = head.method
        self.path_info = path
        self._body = b""

    @cached_property
    def GET(self) -> QueryDict:  # type: ignore[override]
        return QueryDict(self.META["QUERY_STRING"])


def request_of(head: Head, address: str) -> EdgeRequest | None:
    """What may be an invocation with a small body; None for everything else."""
    if head.method != "POST" or not head.target.startswith(PREFIX):
        return None
    if head.length is None or head.length > MAX_BODY or "HTTP_EXPECT" in head.environ:
        return None
    path, query = _split(head.target)
    return EdgeRequest(head, path, query, address) if path.isascii() else None


@lru_cache(maxsize=4096)
def _split(target: str) -> tuple[str, str]:
    path, _, query = target.partition("?")
    return unquote(path), query
