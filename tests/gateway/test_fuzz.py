"""Malformed requests, at random from a fixed seed: each is answered with an error of the client's, none with ours."""

import json
import logging
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import cbor2
import pytest

from console.gateway.operations import OPERATIONS
from console.gateway.wire import catalogue
from functions.access.bootstrap import FirstAccount
from tests.gateway import examples
from tests.gateway.requests import minimal, request
from tests.gateway.world import call, send, signed

ODD = [
    "",
    "\0",
    "%",
    "%zz",
    "../..",
    "€" * 50,
    "a" * 5000,
    "$LATEST",
    "-1",
    "1e999",
    "NaN",
    "[]",
    "{}",
    "null",
    "'\"<>&",
]
ODD_JSON: list[Any] = [
    None,
    True,
    0,
    -1,
    2**70,
    1.5,
    "",
    "x",
    "€",
    "\ud800",
    "\0",
    {"\0": "\0"},
    [],
    [[]],
    [None],
    {},
    {"": {}},
    {"a": [{}]},
]
PATHS = [
    "/2015-03-31/functions/{}",
    "/2015-03-31/functions/{}/versions",
    "/2015-03-31/functions/{}/aliases/{}",
    "/2015-03-31/functions/{}/configuration",
    "/2015-03-31/functions/{}/invocations",
    "/2017-03-31/tags/{}",
    "/2021-10-31/functions/{}/url",
    "/9999-99-99/{}",
    "/_url/{}",
]
BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe",
    b"{" * 3000,
    b"[" * 100_000,
    b'{"a":' * 5000,
    b'{"MemorySize": NaN}',
    b'{"Code": {"ZipFile": "***"}}',
    b'{"Description": "\\ud800"}',
    b'{"Description": "\\u0000"}',
    b"\xa1" * 2000,
    b"\xbf\x61a\xff",
    b"\xc2\x5a\x00\xff\xff\xff\xff",
    b"a=b&" * 500,
    b"%%%=%&&&==",
]


@pytest.fixture(autouse=True)
def no_tracebacks(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.ERROR):
        yield
    assert [record.getMessage() for record in caplog.records] == []


def odd_path(chance: random.Random) -> str:
    path = chance.choice(PATHS)
    return path.format(*(quote(chance.choice(ODD), safe=chance.choice(["", "/:$"])) for _ in range(path.count("{}"))))


def test_random_rest_requests(first: FirstAccount) -> None:
    chance = random.Random("rest")
    key = (first.access_key_id, first.secret_access_key)
    for _ in range(300):
        method = chance.choice(["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"])
        query = chance.choice(
            ["", "?Qualifier=%00", "?MaxItems=x", "?Marker=%%%", "?FunctionVersion=1&FunctionVersion=2"]
        )
        made = signed(key, method, odd_path(chance) + query, body=chance.choice(BODIES))
        status, _, body = call(made)
        assert status < 500, (made["REQUEST_METHOD"], made["PATH_INFO"], made["QUERY_STRING"], body)
        assert b"Traceback" not in body


def test_random_members_of_every_operation(first: FirstAccount) -> None:
    """Documents whose members have the wrong types, and too many or too few of them."""
    chance = random.Random("documents")
    key = (first.access_key_id, first.secret_access_key)
    for service in ("lambda", "logs", "cloudwatch"):
        for name in OPERATIONS[service]:
            for _ in range(4):
                made = minimal(service, name, key)
                shape = catalogue.get(service).model.operation_model(name).input_shape
                document = {member: chance.choice(ODD_JSON) for member in shape.members if chance.random() < 0.5}
                body = json.dumps(document).encode()
                again = {
                    header[5:].replace("_", "-").title(): value
                    for header, value in made.items()
                    if header in ("HTTP_X_AMZ_TARGET", "HTTP_X_AMZN_QUERY_MODE")
                }
                path = made["PATH_INFO"] + ("?" if made["QUERY_STRING"] else "") + made["QUERY_STRING"]
                scope = catalogue.get(service).signing_name
                sent = signed(key, made["REQUEST_METHOD"], path, service=scope, headers=again, body=body)
                status, _, answer = call(sent)
                assert status < 500, (name, document, answer)


def test_random_members_of_the_right_types(first: FirstAccount) -> None:
    chance = random.Random("examples")
    key = (first.access_key_id, first.secret_access_key)
    for service, operations in OPERATIONS.items():
        for name in operations:
            shape = catalogue.get(service).model.operation_model(name).input_shape
            for _ in range(3 if shape is not None else 0):
                members = examples.structure(shape, chance)
                status, _, answer = call(request(service, name, members, key))
                assert status < 500, (name, members, answer)


def test_random_bodies_in_every_protocol(first: FirstAccount) -> None:
    chance = random.Random("bodies")
    key = (first.access_key_id, first.secret_access_key)
    forms = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in BODIES:
        for service, path, headers in (
            ("logs", "/", {"X-Amz-Target": "Logs_20140328.FilterLogEvents"}),
            ("monitoring", "/", {"X-Amz-Target": "GraniteServiceVersion20100801.GetMetricData"}),
            (
                "monitoring",
                "/service/GraniteServiceVersion20100801/operation/GetMetricData",
                {"Smithy-Protocol": "rpc-v2-cbor"},
            ),
            ("iam", "/", forms),
        ):
            status, _, answer = call(signed(key, "POST", path, service=service, headers=headers, body=body))
            assert 400 <= status < 500, (service, body, answer)
    for _ in range(100):
        parts = ["Action=CreateRole", "Version=2010-05-08"]
        for _ in range(chance.randint(0, 5)):
            name = chance.choice(
                ["RoleName", "Tags.member.1.Key", "Tags.member.x", "Tags", "Tags.member.-1", "." * 200]
            )
            parts.append(f"{name}={chance.choice(['', 'x', '%ff', '%00'])}")
        body = "&".join(parts).encode()
        status, _, answer = call(signed(key, "POST", "/", service="iam", headers=forms, body=body))
        assert 400 <= status < 500, (body, answer)


def test_random_cbor(first: FirstAccount) -> None:
    chance = random.Random("cbor")
    key = (first.access_key_id, first.secret_access_key)
    path = "/service/GraniteServiceVersion20100801/operation/GetMetricStatistics"
    headers = {"Smithy-Protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}
    good = cbor2.dumps(
        {"Namespace": "AWS/Lambda", "MetricName": "Errors", "Period": 60, "StartTime": cbor2.CBORTag(1, 0)}
    )
    for _ in range(200):
        broken = bytearray(good)
        for _ in range(chance.randint(1, 6)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        body = bytes(broken[: chance.randint(1, len(broken))])
        status, _, answer = call(signed(key, "POST", path, service="monitoring", headers=headers, body=body))
        assert 400 <= status < 500, (body, answer)


@pytest.mark.django_db
def test_random_authorization() -> None:
    chance = random.Random("authorization")
    pieces = [
        "AWS4-HMAC-SHA256",
        "Credential=",
        "AKIA/20260101/us-east-1/lambda/aws4_request",
        "SignedHeaders=",
        "host",
    ]
    pieces += [",", " ", ";", "=", "Signature=", "00", "é", "\x7f", "%", "/"]
    for _ in range(300):
        text = "".join(chance.choice(pieces) for _ in range(chance.randint(1, 15)))
        stamp = chance.choice(["", "20260101T000000Z", "x", "²" * 8])
        status, _, body = send("GET", "/2015-03-31/functions", headers={"Authorization": text, "X-Amz-Date": stamp})
        assert status == 403, (text, body)
        names = chance.choices(["Algorithm", "Credential", "Date", "Expires", "Signature"], k=3)
        query = "&".join(f"X-Amz-{name}={text}" for name in names)
        status, _, body = send("GET", "/2015-03-31/functions?X-Amz-Signature=0&" + query.replace(" ", "%20"))
        assert status == 403, (query, body)
