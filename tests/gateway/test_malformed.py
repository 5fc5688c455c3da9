"""Malformed requests by the thousand: each is answered in AWS's shape, none with a fault of ours.

`make test` sends as many as its time allows, always the same; `make fuzz` sends 10,000 others each time.
"""

import json
import logging
import os
import socket
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from console.gateway.operations import OPERATIONS, VIEWS
from functions.access.bootstrap import FirstAccount
from functions.execution.runtimes.discovery import installed
from tests.family import RunningHearth, zip_of
from tests.gateway.malformed import Request, requests
from tests.gateway.world import ACCOUNT, call, signed

COUNT = int(os.environ.get("HEARTH_FUZZ", "1000"))
CALLS = frozenset(("Invoke", "InvokeAsync", "InvokeWithResponseStream"))
# What calls functions is tried where none is there: no worker node stands behind these tests.
OPERATING = tuple(sorted((set(OPERATIONS["lambda"]) | VIEWS["lambda"]) - CALLS))


@pytest.fixture
def loggers(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.ERROR)
    return caplog


def judge(request: Request, key: tuple[str, str], log: pytest.LogCaptureFixture) -> None:
    made = signed(key, request.method, request.path, headers=request.headers, body=request.body)
    status, headers, body = call(made)
    assert status < 500, (request, body)
    assert b"Traceback" not in body
    assert headers["x-amzn-requestid"]
    assert not log.records, (request, log.text)
    if status >= 400:
        assert headers["x-amzn-errortype"], (request, body)
        document: dict[str, Any] = json.loads(body)
        assert all(isinstance(document[name], str) for name in ("message", "Message", "Type") if document.get(name))


def fuzzed(names: tuple[str, ...]) -> Callable[..., Any]:
    def decorate(test: Callable[..., None]) -> Any:
        drawn = given(request=requests(names))(test)
        return settings(
            max_examples=COUNT,
            derandomize="HEARTH_FUZZ" not in os.environ,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )(drawn)

    return decorate


@pytest.fixture
def furnished(first: FirstAccount, boto: Callable[..., Any]) -> tuple[str, str]:
    """The key of an account in which some of the names that requests hold lead somewhere."""
    aws = boto("lambda")
    code = {"ZipFile": zip_of({"app.py": "def handler(event, context): pass\n"})}
    aws.create_function(
        FunctionName="thumbs",
        Runtime=next(iter(installed())),
        Handler="app.handler",
        Role=f"arn:aws:iam::{ACCOUNT}:role/lambda-role",
        Code=code,
        Publish=True,
    )
    aws.create_alias(FunctionName="thumbs", Name="live", FunctionVersion="1")
    aws.publish_layer_version(LayerName="lib", Content=code)
    return first.access_key_id, first.secret_access_key


@fuzzed(OPERATING)
def test_operations(request: Request, furnished: tuple[str, str], loggers: pytest.LogCaptureFixture) -> None:
    judge(request, furnished, loggers)


@fuzzed(tuple(sorted(CALLS)))
def test_invocations(request: Request, first: FirstAccount, loggers: pytest.LogCaptureFixture) -> None:
    judge(request, (first.access_key_id, first.secret_access_key), loggers)


@pytest.mark.server
@pytest.mark.parametrize(
    ("path", "length"),
    [
        ("/2015-03-31/functions", 70_167_212),
        ("/2015-03-31/functions", 10**15),
        ("/2015-03-31/functions/thumbs/invocations", 6_291_457),
        ("/2018-10-31/layers/lib/versions", 70_167_212),
    ],
)
def test_a_body_that_is_too_large_is_refused_before_it_is_sent(hearth: RunningHearth, path: str, length: int) -> None:
    keys = (hearth.credentials["access_key_id"], hearth.credentials["secret_access_key"])
    made = signed(keys, "POST", path, headers={"Content-Length": str(length)})
    lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{hearth.port}", f"Content-Length: {length}"]
    lines += [f"Authorization: {made['HTTP_AUTHORIZATION']}", f"X-Amz-Date: {made['HTTP_X_AMZ_DATE']}"]
    with socket.create_connection(("127.0.0.1", hearth.port), timeout=60) as connection:
        connection.sendall("\r\n".join([*lines, "Content-Type: application/json", "", ""]).encode())
        answer = connection.recv(65536).decode()
    assert answer.startswith("HTTP/1.1 413"), answer
    assert "connection: close" in answer
