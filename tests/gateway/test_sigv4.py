"""Signatures: botocore's are accepted, anything else is refused as AWS does."""

import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from django.core.handlers.wsgi import WSGIRequest

from console.gateway import sigv4
from console.gateway.calls import paths
from console.gateway.errors import GatewayError, IncompleteSignature, InvalidSignature
from console.gateway.wire import catalogue
from tests.gateway.world import ENDPOINT, REGION, environ

KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

PATHS = [
    "/",
    "/2015-03-31/functions/",
    "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Aname%3A%24LATEST/invocations",
    "/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:name/invocations",
    "/a%20b/%C3%BC%E2%82%AC/~tilde_-.",
    "/a//b/./c/../d/",
]
QUERIES = ["", "Qualifier=%24LATEST", "b=2&a=1&a=0", "empty=&flag", "u=%E2%82%AC%20x&A=1&a=1", "q=a%2Bb%26c%3Dd"]
BODIES = [b"", b'{"name": "x"}', bytes(range(256))]
HEADERS: list[dict[str, str]] = [
    {},
    {"Content-Type": "application/json", "X-Amz-Invocation-Type": "Event"},
    {"X-Amz-Meta": "  two   spaces  ", "X-Amz-Empty": "", "X-Amz-Quoted": '"a   b"'},
]


def sign(
    path: str,
    query: str,
    body: bytes,
    headers: dict[str, str],
    *,
    signer: type[SigV4Auth] = SigV4Auth,
    secret: str = SECRET,
    method: str = "POST",
    **options: Any,
) -> dict[str, Any]:
    request = AWSRequest(method, f"{ENDPOINT}{path}{'?' if query else ''}{query}", data=body, headers=dict(headers))
    signer(Credentials(KEY, secret), "lambda", REGION, **options).add_auth(request)
    prepared = request.prepare()
    return environ(method, prepared.url, prepared.headers.items(), body)


def verify(made: dict[str, Any], *, secret: str = SECRET, now: float | None = None, **options: Any) -> None:
    authorization = made.get("HTTP_AUTHORIZATION")
    signature = sigv4.from_header(authorization, made) if authorization else sigv4.from_query(made["QUERY_STRING"])
    sigv4.verify_scope(signature, service="lambda", regions=(REGION,))
    sigv4.verify_time(signature, now)
    spellings = paths(WSGIRequest(made), catalogue.get("lambda"))
    body = made["wsgi.input"].getvalue()
    request = sigv4.SignedRequest(made["REQUEST_METHOD"], spellings, made["QUERY_STRING"], made, body)
    sigv4.verify(signature, secret, request, **options)


@pytest.mark.parametrize("path", PATHS)
def test_what_botocore_signs_is_accepted(path: str) -> None:
    for query, body, headers in itertools.product(QUERIES, BODIES, HEADERS):
        verify(sign(path, query, body, headers))


@pytest.mark.parametrize("path", PATHS)
def test_what_botocore_presigns_is_accepted(path: str) -> None:
    for query in QUERIES:
        verify(sign(path, query, b"", {}, signer=SigV4QueryAuth, method="GET", expires=60))


def test_slashes_within_a_label_may_have_been_encoded() -> None:
    verify(sign("/2025-12-01/durable-executions/arn%3Aaws%3Aname%3A1%2Fexecution%2Fa/checkpoint", "", b"{}", {}))


def test_the_date_header_may_stand_for_x_amz_date() -> None:
    made = sign("/", "", b"", {"Date": "set by the signer"})
    assert "HTTP_X_AMZ_DATE" not in made
    verify(made)
    made["HTTP_DATE"] = made["HTTP_DATE"].replace("-0000", "GMT")
    with pytest.raises(InvalidSignature):  # the header itself is signed too
        verify(made)


def change_body(made: dict[str, Any]) -> None:
    made["wsgi.input"] = type(made["wsgi.input"])(b"{}")


CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "method": lambda made: made.update(REQUEST_METHOD="DELETE"),
    "path": lambda made: made.update(PATH_INFO="/2015-03-31/functions/other"),
    "query": lambda made: made.update(QUERY_STRING="Qualifier=2"),
    "body": change_body,
    "host": lambda made: made.update(HTTP_HOST="elsewhere:8000"),
    "signed header": lambda made: made.update(HTTP_X_AMZ_INVOCATION_TYPE="DryRun"),
    "date": lambda made: made.update(HTTP_X_AMZ_DATE=made["HTTP_X_AMZ_DATE"][:-2] + "9Z"),
}


@pytest.mark.parametrize("part", CHANGES)
def test_a_change_of_any_signed_part_is_refused(part: str) -> None:
    now = datetime.now(UTC).replace(second=30).timestamp()
    made = sign("/2015-03-31/functions/name", "Qualifier=1", b'{"a": 1}', {"X-Amz-Invocation-Type": "Event"})
    made_date = made["HTTP_X_AMZ_DATE"]
    if part == "date" and made_date.endswith("9Z"):
        made["HTTP_X_AMZ_DATE"] = made_date[:-2] + "8Z"
    else:
        CHANGES[part](made)
    with pytest.raises(InvalidSignature, match="does not match the signature you provided"):
        verify(made, now=now)


def test_another_secret_is_refused_and_the_canonical_request_is_shown() -> None:
    with pytest.raises(InvalidSignature) as caught:
        verify(sign("/2015-03-31/functions", "", b"", {}, secret="another"))
    assert "The Canonical String for this request should have been\n'POST\n/2015-03-31/functions\n" in str(caught.value)


def test_unsigned_host_is_refused() -> None:
    made = sign("/", "", b"", {})
    made["HTTP_AUTHORIZATION"] = made["HTTP_AUTHORIZATION"].replace("SignedHeaders=host;", "SignedHeaders=")
    with pytest.raises(InvalidSignature, match="must be a 'SignedHeader'"):
        verify(made)


def test_a_payload_hash_that_does_not_fit_the_body_is_refused() -> None:
    made = sign("/", "", b"{}", {"X-Amz-Content-SHA256": "0" * 64})
    with pytest.raises(InvalidSignature, match="x-amz-content-sha256"):
        verify(made)


def test_an_unsigned_payload_is_taken_only_where_the_operation_allows_it() -> None:
    request = AWSRequest("POST", ENDPOINT + "/", data=b"{}", headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})
    request.context["payload_signing_enabled"] = False

    class Unsigned(SigV4Auth):  # type: ignore[misc]
        def payload(self, request: AWSRequest) -> str:
            return "UNSIGNED-PAYLOAD"

    Unsigned(Credentials(KEY, SECRET), "lambda", REGION).add_auth(request)
    made = environ("POST", ENDPOINT + "/", request.headers.items(), b"{}")
    verify(made, unsigned_payload=True)
    with pytest.raises(InvalidSignature):
        verify(made)


def moment(made: dict[str, Any]) -> float:
    stamp = made["HTTP_X_AMZ_DATE"]
    return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


def test_five_minutes_of_skew_are_allowed_both_ways() -> None:
    made = sign("/", "", b"", {})
    at = moment(made)
    verify(made, now=at + 300)
    verify(made, now=at - 300)
    with pytest.raises(InvalidSignature, match=r"Signature expired: \w+ is now earlier than \w+ \(\w+ - 5 min\.\)"):
        verify(made, now=at + 302)
    with pytest.raises(
        InvalidSignature, match=r"Signature not yet current: \w+ is still later than \w+ .* \+ 5 min\.\)"
    ):
        verify(made, now=at - 302)


def test_a_presigned_url_lives_as_long_as_it_says() -> None:
    made = sign("/", "", b"", {}, signer=SigV4QueryAuth, method="GET", expires=30)
    now = time.time()
    verify(made, now=now + 20)
    with pytest.raises(InvalidSignature, match="Signature expired"):
        verify(made, now=now + 40)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("/lambda/", "/iam/", "scoped to correct service: 'lambda'"),
        (f"/{REGION}/", "/eu-west-1/", "scoped to a valid region, not 'eu-west-1'"),
        ("/aws4_request", "/aws3_request", "valid terminator: 'aws4_request', not 'aws3_request'"),
    ],
)
def test_the_credential_scope_must_fit(old: str, new: str, message: str) -> None:
    made = sign("/", "", b"", {})
    made["HTTP_AUTHORIZATION"] = made["HTTP_AUTHORIZATION"].replace(old, new)
    with pytest.raises(InvalidSignature, match=message):
        verify(made)


def test_the_scope_s_date_must_be_the_request_s() -> None:
    made = sign("/", "", b"", {})
    today = made["HTTP_X_AMZ_DATE"][:8]
    yesterday = (datetime.strptime(today, "%Y%m%d") - timedelta(days=1)).strftime("%Y%m%d")
    made["HTTP_AUTHORIZATION"] = made["HTTP_AUTHORIZATION"].replace(today, yesterday)
    with pytest.raises(InvalidSignature, match=f"'{yesterday}' != '{today}'"):
        verify(made)


@pytest.mark.parametrize(
    "authorization",
    [
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host, Signature=00",
        "AWS4-HMAC-SHA256 Credential=a/b/c/d, SignedHeaders=host, Signature=00",
        "AWS4-HMAC-SHA256 SignedHeaders=host, Signature=00",
        "AWS4-ECDSA-P256-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=00",
        "AWS4-HMAC-SHA256 ===,,,=",
    ],
)
def test_malformed_authorization_is_incomplete(authorization: str) -> None:
    with pytest.raises(IncompleteSignature):
        sigv4.from_header(authorization, {"HTTP_X_AMZ_DATE": "20260101T000000Z"})


@pytest.mark.parametrize("stamp", ["", "yesterday", "20261341T000000Z", "2026-01-01T00:00:00Z", "²0260101T000000Z"])
def test_malformed_dates_are_refused(stamp: str) -> None:
    made = sign("/", "", b"", {})
    made["HTTP_X_AMZ_DATE"] = stamp
    made["HTTP_AUTHORIZATION"] = made["HTTP_AUTHORIZATION"].replace(time.strftime("%Y%m%d", time.gmtime()), stamp[:8])
    with pytest.raises(GatewayError):
        verify(made)


@pytest.mark.parametrize("expires", ["0", "-1", "604801", "9" * 40, "x", "1e3", "²"])
def test_a_presigned_url_s_life_has_bounds(expires: str) -> None:
    made = sign("/", "", b"", {}, signer=SigV4QueryAuth, method="GET", expires=60)
    with pytest.raises(IncompleteSignature):
        sigv4.from_query(made["QUERY_STRING"].replace("X-Amz-Expires=60", f"X-Amz-Expires={expires}"))


def test_s3_signs_the_path_encoded_once() -> None:
    assert sigv4.canonical_path("/a%20b//c", double_encode=False) == "/a%20b//c"
    assert sigv4.canonical_path("/a%20b//c", double_encode=True) == "/a%2520b/c"
