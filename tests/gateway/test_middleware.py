"""What is an AWS request, and what is the console's."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.auth import SigV4QueryAuth
from django.core.handlers.wsgi import WSGIRequest

from console.gateway import function_url, middleware
from console.gateway.views import HOST
from console.gateway.wire import catalogue, routes
from functions.access.bootstrap import FirstAccount
from tests.gateway.world import ENDPOINT, call, environ, signed

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TARGET = {"X-Amz-Target": "Logs_20140328.DescribeLogGroups"}
RPC = "/service/GraniteServiceVersion20100801/operation/ListMetrics"
URL_HOST = {"Host": "abcdef.lambda-url.us-east-1.localhost:8000"}

AWS: list[tuple[str, str, dict[str, str], bytes]] = [
    ("GET", "/2015-03-31/functions/", {}, b""),
    ("GET", "/", {"Authorization": "AWS4-HMAC-SHA256 Credential=x"}, b""),
    ("GET", "/?X-Amz-Algorithm=AWS4-HMAC-SHA256", {}, b""),
    ("GET", "/anything?a=b&X-Amz-Signature=00", {}, b""),
    ("POST", "/", TARGET, b"{}"),
    ("POST", RPC, {"Smithy-Protocol": "rpc-v2-cbor"}, b""),
    ("POST", "/", FORM, b"Action=GetCallerIdentity&Version=2011-06-15"),
    ("POST", "/", FORM, b"Version=2011-06-15&Action=GetCallerIdentity"),
]
CONSOLE: list[tuple[str, str, dict[str, str], bytes]] = [
    ("GET", "/", {}, b""),
    ("GET", "/functions/", {"Authorization": "Basic eDp5"}, b""),
    ("POST", "/login/", FORM, b"username=x&Action=y"),
    ("POST", "/", FORM, b"name=Action"),
    ("POST", "/", FORM, b"NoAction=1"),
    ("GET", "/functions/2015-03-31/", {}, b""),
    ("GET", "/service/x/operation/y", {}, b""),
    ("GET", "/_urls/", {}, b""),
]


def view_of(method: str, path: str, headers: dict[str, str], body: bytes) -> Any:
    return middleware.recognise(WSGIRequest(environ(method, ENDPOINT + path, headers.items(), body)))


@pytest.mark.parametrize(("method", "path", "headers", "body"), AWS)
def test_aws_requests(method: str, path: str, headers: dict[str, str], body: bytes) -> None:
    assert view_of(method, path, headers, body) is middleware.operation


@pytest.mark.parametrize(("method", "path", "headers", "body"), CONSOLE)
def test_requests_of_the_console(method: str, path: str, headers: dict[str, str], body: bytes) -> None:
    assert view_of(method, path, headers, body) is None


def test_invocations_have_a_view_of_their_own() -> None:
    path = "/2015-03-31/functions/name/invocations"
    assert view_of("POST", path, {}, b"{}") not in (None, middleware.operation)
    assert view_of("GET", path, {}, b"") is middleware.operation


def test_function_urls_by_host_and_by_path() -> None:
    for path, headers in (("/any/path", URL_HOST), ("/2015-03-31/functions", URL_HOST), ("/_url/abcdef/any", {})):
        assert view_of("GET", path, headers, b"") is function_url.view
    assert view_of("GET", "/", {"Host": "evil.lambda-urls.example"}, b"") is None


@pytest.fixture
def key(first: FirstAccount) -> tuple[str, str]:
    return first.access_key_id, first.secret_access_key


def test_slashes_at_the_end_do_not_matter(key: tuple[str, str]) -> None:
    for path in ("/2015-03-31/functions", "/2015-03-31/functions/"):
        assert call(signed(key, "GET", path))[0] == 200


def test_head_is_get_without_a_body(key: tuple[str, str]) -> None:
    status, headers, _ = call(signed(key, "HEAD", "/2015-03-31/functions"))
    assert (status, headers["content-type"]) == (200, "application/json")


def test_presigned_requests(key: tuple[str, str]) -> None:
    made = signed(key, "GET", "/?Action=GetCallerIdentity&Version=2011-06-15", service="sts", signer=SigV4QueryAuth)
    status, _, body = call(made)
    assert status == 200, body
    assert b"<Account>000000000000</Account>" in body


def test_chunked_bodies(key: tuple[str, str]) -> None:
    made = signed(key, "POST", "/2015-03-31/functions", body=b'{"FunctionName": "x y"}')
    del made["CONTENT_LENGTH"]
    made["HTTP_TRANSFER_ENCODING"] = "chunked"
    status, _, body = call(made)
    assert status == 400
    assert "Value 'x y' at 'functionName'" in json.loads(body)["message"]


def test_slashes_within_a_label_reach_the_operation() -> None:
    """The server has decoded them: the route must not fall apart."""
    arn = "arn:aws:lambda:us-east-1:000000000000:function:n:1/durable-execution/a/b"
    found = routes.find(catalogue.get("lambda"), "GET", f"/2025-12-01/durable-executions/{arn}/history", {})
    assert found is not None
    assert (found[0].name, found[1]) == ("GetDurableExecutionHistory", {"DurableExecutionArn": arn})


def test_constants_of_the_query_string_choose_the_operation() -> None:
    find: Callable[..., Any] = routes.find
    service = catalogue.get("lambda")
    assert find(service, "GET", "/2018-10-31/layers", {"find": ["LayerVersion"]})[0].name == "GetLayerVersionByArn"
    assert find(service, "GET", "/2018-10-31/layers", {})[0].name == "ListLayers"
    assert find(service, "GET", "/2018-10-31/layers", {"find": ["Other"]})[0].name == "ListLayers"


def test_the_console_s_cookies_and_headers_are_not_on_the_api(key: tuple[str, str]) -> None:
    _, headers, _ = call(signed(key, "GET", "/2015-03-31/functions"))
    assert set(headers) == {"content-length", "content-type", "x-amzn-requestid"}


@pytest.mark.parametrize("host", ["localhost", "hearth.example:8080", "127.0.0.1:9000", "[::1]", "[::1]:9000"])
def test_hosts_that_locations_are_given_at(host: str) -> None:
    assert HOST.fullmatch(host)


@pytest.mark.parametrize("host", ["", "a b", "evil.example/x?", "user@evil.example", "h:port", "h\nX: y", "[::1]x"])
def test_hosts_that_are_none(host: str) -> None:
    assert HOST.fullmatch(host) is None
