"""How tests talk to the front door: botocore writes, signs and reads; the WSGI application answers in this process."""

import io
import sys
from collections.abc import Iterable
from functools import cache
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials
from django.core.handlers.wsgi import WSGIHandler

ACCOUNT = "000000000000"
REGION = "us-east-1"
ENDPOINT = "http://127.0.0.1:8000"


class Raw(io.BytesIO):
    def stream(self, *_: Any, **__: Any) -> Iterable[bytes]:
        yield self.read()


def environ(method: str, url: str, headers: Iterable[tuple[str, Any]], body: bytes) -> dict[str, Any]:
    """A WSGI environ as granian makes it: the path decoded, the query string as it came."""
    parts = urlsplit(url)
    made: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(parts.path or "/").decode("latin-1"),
        "QUERY_STRING": parts.query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": parts.netloc,
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
    }
    for name, value in headers:
        key = name.upper().replace("-", "_")
        text = value if isinstance(value, bytes) else str(value).encode()
        made[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = text.decode("latin-1")
    if body and "HTTP_TRANSFER_ENCODING" not in made:
        made.setdefault("CONTENT_LENGTH", str(len(body)))
    return made


@cache
def handler() -> WSGIHandler:
    return WSGIHandler()


def call(made: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """Status, headers by lower-case name, body."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
        started.append((status, headers))

    response: Any = handler()(made, start_response)
    body = b"".join(response)
    response.close()
    status, headers = started[0]
    return int(status.split()[0]), {name.lower(): value for name, value in headers}, body


def send(
    method: str, path: str, *, headers: dict[str, Any] | None = None, body: bytes = b""
) -> tuple[int, dict[str, str], bytes]:
    """An unsigned request."""
    return call(environ(method, ENDPOINT + path, (headers or {}).items(), body))


def signed(
    key: tuple[str, str],
    method: str,
    path: str,
    *,
    service: str = "lambda",
    region: str = REGION,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    signer: type[SigV4Auth] = SigV4Auth,
    **signer_options: Any,
) -> dict[str, Any]:
    """The environ of a request that botocore signed. `path` is percent-encoded."""
    request = AWSRequest(method, ENDPOINT + path, data=body, headers=headers or {})
    signer(Credentials(*key), service, region, **signer_options).add_auth(request)
    prepared = request.prepare()
    return environ(method, prepared.url, prepared.headers.items(), body)


def client(service: str, key: str, secret: str, **config: Any) -> Any:
    made = boto3.client(
        service,
        endpoint_url=ENDPOINT,
        region_name=config.pop("region", REGION),
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=config.pop("token", None),
        config=Config(retries={"total_max_attempts": 1}, **config),
    )
    made.meta.events.register("before-send", _answer)
    return made


def _answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
    body = request.body or b""
    data = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else body.read()
    headers = [(name, value) for name, value in request.headers.items() if name != "Content-Length"]
    status, answered, content = call(environ(request.method, request.url, headers, data))
    return AWSResponse(request.url, status, answered, Raw(content))
