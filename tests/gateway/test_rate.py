"""Calls of the control plane in a second: unlimited, until the administrator says otherwise."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pytest_django import Settings

from console.gateway import rate
from functions.invoke import nodes
from tests.broker import running_redis

NAME = {"FunctionName": "none"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def broker(server: str, settings: Settings) -> Iterator[None]:
    settings.REDIS_URL = server
    nodes.broker.cache_clear()
    yield
    nodes.broker().close()
    nodes.broker.cache_clear()


def outcome(call: Callable[..., Any], **members: Any) -> str:
    try:
        call(**members)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "fine"


@pytest.mark.usefixtures("broker")
def test_calls_are_counted_by_account_and_kind(
    boto: Callable[..., Any], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws, now = boto("lambda"), [1_000_000.0]
    monkeypatch.setattr(rate, "clock", lambda: now[0])
    assert {outcome(aws.list_functions) for _ in range(20)} == {"fine"}
    settings.HEARTH_LIMITS = {"control_requests_per_second": 2, "get_policy_requests_per_second": 1}
    assert [outcome(aws.list_functions) for _ in range(3)] == ["fine", "fine", "TooManyRequestsException"]
    with pytest.raises(ClientError) as refused:
        aws.list_layers()
    answer = refused.value.response
    assert (answer["Error"]["Message"], answer["Reason"]) == ("Rate exceeded", "CallerRateLimitExceeded")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert {outcome(aws.get_function, **NAME) for _ in range(5)} == {"ResourceNotFoundException"}
    assert outcome(aws.get_policy, **NAME) == "ResourceNotFoundException"
    assert outcome(aws.get_policy, **NAME) == "TooManyRequestsException"
    assert outcome(boto("iam").list_roles) == "fine"
    now[0] += 1
    assert outcome(aws.list_layers) == "fine"


def test_without_redis_nothing_is_limited(boto: Callable[..., Any], settings: Settings) -> None:
    settings.HEARTH_LIMITS = {"control_requests_per_second": 1}
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    nodes.broker.cache_clear()
    try:
        assert {outcome(boto("lambda").list_functions) for _ in range(3)} == {"fine"}
    finally:
        nodes.broker.cache_clear()
