"""Function URLs over real HTTP: the event that the function sees, and its answer as HTTP."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from django.core.handlers.wsgi import WSGIRequest
from pytest_django import Settings

from console.gateway.function_url import answer, event
from console.gateway.function_url.answer import FORBIDDEN
from functions.execution.spec import InvocationResult
from tests.family import RunningHearth
from tests.gateway.world import ENDPOINT, environ

CODE = """
import json

def handler(event, context):
    path = event["rawPath"]
    if path == "/fail":
        raise RuntimeError("as asked")
    if path == "/custom":
        return {
            "statusCode": 201,
            "headers": {"Content-Type": "text/plain; charset=utf-8", "X-Mine": "yes"},
            "cookies": ["a=1; Path=/; Partitioned", "b=2"],
            "body": "caf\\u00e9",
        }
    if path == "/image":
        headers = {"content-type": "image/png"}
        return {"statusCode": 200, "headers": headers, "body": "iVBORw==", "isBase64Encoded": True}
    if path == "/echo":
        return json.loads(event["body"])
    if path == "/nonsense":
        return {"statusCode": "many"}
    return event
"""


@pytest.fixture(scope="module")
def url(hearth: RunningHearth) -> str:
    """The path form: it needs no DNS."""
    hearth.deploy("gateway-url", CODE)
    return f"{hearth.endpoint}/_url/{hearth.public_url('gateway-url').split('//')[1].split('.')[0]}"


@pytest.fixture(scope="module")
def by_host(hearth: RunningHearth, url: str) -> Callable[..., requests.Response]:
    host = hearth.client("lambda").get_function_url_config(FunctionName="gateway-url")["FunctionUrl"].split("/")[2]

    def get(path: str, **headers: str) -> requests.Response:
        return requests.get(hearth.endpoint + path, headers={"Host": host, **headers}, timeout=30)

    return get


@pytest.mark.server
class TestServing:
    def test_the_event(self, url: str) -> None:
        answer = requests.post(
            url + "/my%20path/x?b=2&a=1&a=%20z&empty=",
            data=json.dumps({"k": "ë"}),
            headers={"Content-Type": "application/json", "X-Custom": "v", "Cookie": "c1=x; c2=y"},
            timeout=30,
        )
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        event = answer.json()
        context = event.pop("requestContext")
        assert event["version"] == "2.0"
        assert event["rawPath"] == "/my%20path/x"
        assert event["rawQueryString"] == "b=2&a=1&a=%20z&empty="
        assert event["queryStringParameters"] == {"b": "2", "a": "1, z", "empty": ""}
        assert event["cookies"] == ["c1=x", "c2=y"]
        assert json.loads(event["body"]) == {"k": "ë"}
        assert event["isBase64Encoded"] is False
        assert event["headers"]["x-custom"] == "v"
        assert event["headers"]["x-forwarded-proto"] == "http"
        assert "cookie" not in event["headers"]
        assert context["http"]["method"] == "POST"
        assert context["http"]["path"] == "/my path/x"
        assert context["http"]["sourceIp"] == "127.0.0.1"
        assert context["accountId"] == "anonymous"
        assert context["requestId"] == answer.headers["x-amzn-requestid"]
        assert (context["stage"], context["routeKey"]) == ("$default", "$default")
        assert isinstance(context["timeEpoch"], int)

    def test_binary_bodies_are_base64(self, url: str) -> None:
        for kind, body in (("application/octet-stream", bytes(range(256))), ("text/plain", b"\xff\xfe")):
            event = requests.post(url, data=body, headers={"Content-Type": kind}, timeout=30).json()
            assert event["isBase64Encoded"] is True
            assert base64.b64decode(event["body"]) == body

    def test_the_function_s_own_answer(self, url: str) -> None:
        answer = requests.get(url + "/custom", timeout=30)
        assert (answer.status_code, answer.text, answer.headers["x-mine"]) == (201, "café", "yes")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.raw.headers.getlist("set-cookie") == ["a=1; Path=/; Partitioned", "b=2"]

    def test_binary_answers(self, url: str) -> None:
        answer = requests.get(url + "/image", timeout=30)
        assert (answer.headers["content-type"], answer.content) == ("image/png", b"\x89PNG")

    @pytest.mark.parametrize("path", ["/fail", "/nonsense"])
    def test_failures_are_a_bad_gateway(self, url: str, path: str) -> None:
        answer = requests.get(url + path, timeout=30)
        assert (answer.status_code, answer.text) == (502, "Internal Server Error")

    @pytest.mark.parametrize(
        ("returned", "body"),
        [
            ('{"hello": "w\u00f6rld"}', '{"hello":"wörld"}'),
            ('["hello", 3, true]', '["hello",3,true]'),
            ('"hello"', "hello"),
            ("3.1", "3.1"),
            ("true", "true"),
            ('{"statusCode": 200, "body": {"a": 1}}', '{"a":1}'),
        ],
    )
    def test_plain_answers(self, url: str, returned: str, body: str) -> None:
        """As recorded from AWS."""
        answer = requests.post(url + "/echo", data=returned, headers={"Content-Type": "application/json"}, timeout=30)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        assert answer.content.decode() == body

    def test_by_host(self, by_host: Callable[..., requests.Response]) -> None:
        event = by_host("/2015-03-31/functions?x=1").json()
        assert event["rawPath"] == "/2015-03-31/functions"
        assert event["requestContext"]["domainName"].startswith(
            event["requestContext"]["domainPrefix"] + ".lambda-url."
        )

    def test_unknown_urls_are_forbidden(self, hearth: RunningHearth) -> None:
        answer = requests.get(hearth.endpoint + "/_url/nothing/", timeout=30)
        assert (answer.status_code, answer.json()) == (403, {"Message": FORBIDDEN})
        assert answer.headers["x-amzn-ErrorType"] == "AccessDeniedException"

    def test_a_public_url_answers_by_the_function_s_policy(self, hearth: RunningHearth, url: str) -> None:
        client = hearth.client("lambda")
        policy = client.get_policy(FunctionName="gateway-url")["Policy"]
        function = client.get_function_configuration(FunctionName="gateway-url")["FunctionArn"]
        for sid in ("url", "function"):
            client.remove_permission(FunctionName="gateway-url", StatementId=sid)
            answer = requests.get(url, timeout=30)
            assert (answer.status_code, answer.json()) == (403, {"Message": FORBIDDEN})
            client.put_resource_policy(ResourceArn=function, Policy=policy)
            assert requests.get(url, timeout=30).status_code == 200

    def test_by_path_a_page_cannot_act_as_the_console(
        self, url: str, by_host: Callable[..., requests.Response]
    ) -> None:
        policy = requests.get(url + "/custom", timeout=30).headers["content-security-policy"]
        assert policy.startswith("sandbox ")
        assert "allow-same-origin" not in policy
        assert "content-security-policy" not in by_host("/custom").headers

    def test_oversized_requests(self, url: str) -> None:
        answer = requests.post(url, data=bytes(6_291_457), timeout=30)
        assert answer.status_code == 413

    def test_signed_urls(self, hearth: RunningHearth) -> None:
        hearth.deploy("gateway-signed-url", CODE)
        config = hearth.client("lambda").create_function_url_config(
            FunctionName="gateway-signed-url", AuthType="AWS_IAM"
        )
        url = f"{hearth.endpoint}/_url/{config['FunctionUrl'].split('//')[1].split('.')[0]}/x"
        assert requests.get(url, timeout=30).json() == {"Message": FORBIDDEN}
        for secret, status in ((hearth.credentials["secret_access_key"], 200), ("wrong", 403)):
            request = AWSRequest("POST", url, data=b"{}", headers={})
            key = Credentials(hearth.credentials["access_key_id"], secret)
            SigV4Auth(key, "lambda", hearth.credentials["region"]).add_auth(request)
            answer = requests.post(url, data=b"{}", headers=dict(request.headers), timeout=30)
            assert answer.status_code == status
            if status == 200:
                identity = answer.json()["requestContext"]["authorizer"]["iam"]
                assert identity["userArn"] == f"arn:aws:iam::{hearth.credentials['account_id']}:user/admin"

    def test_cors(self, hearth: RunningHearth, url: str) -> None:
        cors = {
            "AllowOrigins": ["https://app.example", "https://*.example.org"],
            "AllowMethods": ["GET", "POST"],
            "AllowHeaders": ["x-custom"],
            "ExposeHeaders": ["x-mine"],
            "AllowCredentials": True,
            "MaxAge": 60,
        }
        client = hearth.client("lambda")
        client.update_function_url_config(FunctionName="gateway-url", Cors=cors)
        asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
        preflight = requests.options(url + "/fail", headers=asked, timeout=30)
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == "https://app.example"
        assert preflight.headers["access-control-allow-methods"] == "GET,POST"
        assert preflight.headers["access-control-allow-headers"] == "x-custom"
        assert preflight.headers["access-control-allow-credentials"] == "true"
        assert preflight.headers["access-control-max-age"] == "60"
        allowed = requests.get(url + "/custom", headers={"Origin": "https://a.example.org"}, timeout=30)
        assert allowed.headers["access-control-allow-origin"] == "https://a.example.org"
        assert allowed.headers["access-control-expose-headers"] == "x-mine"
        denied = requests.get(url + "/custom", headers={"Origin": "https://evil.example"}, timeout=30)
        assert "access-control-allow-origin" not in denied.headers
        client.update_function_url_config(FunctionName="gateway-url", Cors={})
        assert requests.options(url + "/x", headers=asked, timeout=30).json()["requestContext"]["http"]["method"] == (
            "OPTIONS"
        )


# --- without a server ---------------------------------------------------------------------------------------------


def translated(value: Any) -> Any:
    return answer.translate(InvocationResult("id", json.dumps(value).encode(), "1"))


@pytest.mark.parametrize(
    "value",
    [
        {"statusCode": None},
        {"statusCode": 99},
        {"statusCode": 600},
        {"statusCode": [200]},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "headers": {"a b": "c"}},
        {"statusCode": 200, "headers": {"a": "c\r\nd: e"}},
        {"statusCode": 200, "cookies": ["a=b\r\nd: e"]},
        {"statusCode": 200, "body": "***", "isBase64Encoded": True},
    ],
)
def test_what_cannot_be_http_is_a_bad_gateway(value: dict[str, Any]) -> None:
    assert translated(value).status_code == 502


@pytest.mark.parametrize("value", [None, 1, [1, 2], {"a": 1}])
def test_plain_values_are_json(value: Any) -> None:
    response = translated(value)
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    assert json.loads(response.content) == value


def test_a_function_cannot_frame_the_message() -> None:
    headers = {"Content-Length": "1", "Transfer-Encoding": "chunked", "Connection": "close", "X": True}
    response = translated({"statusCode": 200, "headers": headers, "body": "abc"})
    assert dict(response.headers) == {"Content-Type": "application/json", "X": "true"}


def test_the_console_s_cookies_stay_the_console_s(settings: Settings) -> None:
    """By path a URL shares the console's host: a function must neither read nor set the session."""
    ours = settings.SESSION_COOKIE_NAME
    request = WSGIRequest(environ("GET", ENDPOINT, [("Cookie", f"{ours}=secret; theirs=1")], b""))
    built = event.build(
        request, url_id="x", account_id="1", path="/", body=b"", request_id="r", trace_id="t", caller=None
    )
    assert json.loads(built)["cookies"] == ["theirs=1"]
    assert b"secret" not in built
    response = translated({"statusCode": 200, "cookies": [f"{ours}=stolen; Path=/", "theirs=2"]})
    assert [cookie.OutputString() for cookie in response.cookies.values()] == ["theirs=2"]
