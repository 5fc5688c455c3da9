"""One AWS request before it is understood: which service and protocol it speaks, and its bytes."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from urllib.parse import quote, unquote

from django.http import HttpRequest

from console.gateway import sigv4
from console.gateway.errors import BodyTooLarge
from console.gateway.sigv4 import environ_key
from console.gateway.wire import catalogue, routes
from console.gateway.wire.catalogue import Service

# What a client may leave as it is in a path: most SDKs encode all but the unreserved characters, curl leaves these.
STRICT = "/" + sigv4.UNRESERVED
LOOSE = STRICT + ":$@!&'()*+,;="
MAX_BODY = 70_167_211  # AWS's limit of CreateFunction, the largest of all
MAX_UNSIGNED_FORM = 1024 * 1024
RPC_PATH = re.compile(r"/service/([^/]+)/operation/([^/]+)/?")
CREDENTIAL = re.compile(r"Credential=[^,&\s]*/([^/,&\s]+)/[^/,&\s]+")
# Services that are not there, and whose SDKs read an error in XML only.
REST_XML = frozenset({"s3", "s3express", "route53", "cloudfront"})
FORM = "application/x-www-form-urlencoded"


@dataclass(slots=True)
class Call:
    """Nothing of it is verified yet. `signing_name` is the service that the credential's scope names, or empty."""

    request: HttpRequest
    service: Service | None
    signing_name: str
    protocol: str  # botocore's name: rest-json, json, query, smithy-rpc-v2-cbor
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def environ(self) -> dict[str, object]:
        environ: dict[str, object] = self.request.META
        return environ

    def header(self, name: str) -> str | None:
        value = self.environ.get(environ_key(name))
        if value is None:
            return None
        text = str(value)
        return text if text.isascii() else text.encode("latin-1", "replace").decode("utf-8", "replace")

    def headers(self, prefix: str) -> Iterator[tuple[str, str]]:
        """Name without the prefix (lower case: WSGI forgets the case) and value."""
        start = environ_key(prefix)
        for key, value in self.environ.items():
            if key.startswith(start):
                yield key[len(start) :].lower().replace("_", "-"), str(value)


def paths(request: HttpRequest, service: Service | None) -> Iterator[str]:
    """The ways in which a client may have written its path on the request line, the likeliest first.

    The server hands it over decoded. Which slashes were %2F only the operation's path can tell.
    """
    path = request.path_info
    strict = quote(path, safe=STRICT)
    yield strict
    loose = quote(path, safe=LOOSE)
    if loose != strict:
        yield loose
    if service is not None and service.rest_protocol is not None:
        yield from routes.spellings(service, str(request.method), path, sigv4.UNRESERVED)


def read_body(request: HttpRequest, limit: int = MAX_BODY) -> bytes:
    """The request's body. One that is too large is refused by its Content-Length, before it is read."""
    environ = request.META
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower() and not hasattr(request, "_body"):
        # Django believes Content-Length alone; the server ends this stream itself.
        body = environ["wsgi.input"].read(limit + 1)
        environ["CONTENT_LENGTH"] = str(len(body))
        request._body = body
        request._stream = BytesIO(body)
        request._read_started = True  # type: ignore[attr-defined]
        if len(body) > limit:
            raise BodyTooLarge(f"Request must be smaller than {limit} bytes")
        return bytes(body)
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > limit:
        raise BodyTooLarge(f"Request must be smaller than {limit} bytes")
    return request.body


def identify(request: HttpRequest) -> Call:
    """The service by the credential's scope, else by what the protocol says of it. Never fails: an unknown service is
    None, and its protocol a guess."""
    environ = request.META
    path = request.path_info
    rpc = RPC_PATH.fullmatch(path)
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    signing_name = _signing_name(environ)
    if rpc is not None and environ.get("HTTP_SMITHY_PROTOCOL"):
        service = catalogue.by_signing_name(signing_name) or catalogue.by_target(rpc[1])
        return Call(request, service, signing_name, "smithy-rpc-v2-cbor")
    if target:
        service = catalogue.by_signing_name(signing_name) or catalogue.by_target(target.partition(".")[0])
        return Call(request, service, signing_name, "json")
    if path.strip("/") == "" and environ.get("CONTENT_TYPE", "").startswith(FORM):
        service = catalogue.by_signing_name(signing_name) or catalogue.by_version(_form_version(request))
        return Call(request, service, signing_name, "query")
    service = catalogue.by_signing_name(signing_name)
    if service is None and not signing_name:
        service = catalogue.by_path(path)
    if service is None or service.rest_protocol is None:
        if path.strip("/") == "" and "Action=" in environ.get("QUERY_STRING", ""):
            return Call(request, service, signing_name, "query")
        return Call(request, service, signing_name, service.protocol if service else _guess(signing_name))
    return Call(request, service, signing_name, service.rest_protocol)


def _guess(signing_name: str) -> str:
    return "rest-xml" if signing_name in REST_XML else "rest-json"


def _signing_name(environ: dict[str, str]) -> str:
    """The service of the credential's scope."""
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    if authorization.startswith("AWS4"):
        found = CREDENTIAL.search(authorization)
    else:
        found = CREDENTIAL.search(unquote(environ.get("QUERY_STRING", "")))
    return found[1] if found else ""


def _form_version(request: HttpRequest) -> str:
    try:
        found = re.search(rb"(?:^|&)Version=([\d-]+)", read_body(request, MAX_UNSIGNED_FORM))
    except BodyTooLarge:
        return ""
    return found[1].decode() if found else ""
