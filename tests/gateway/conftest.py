"""An account with a key, and boto3 clients that reach the front door without a socket."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from pytest_django import Settings

from functions.access.bootstrap import FirstAccount, ensure_account
from tests.gateway.world import ACCOUNT, REGION, client


@pytest.fixture(autouse=True)
def database_stays_open() -> Iterator[None]:
    """As Django's own test client does: a request's end must not close the test's connection."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def first(db: None) -> FirstAccount:
    return ensure_account(ACCOUNT, REGION, password="correct-horse-battery")


@pytest.fixture
def boto(first: FirstAccount) -> Callable[..., Any]:
    """`boto("iam")` is a client of the account's administrator; `secret=` or `key=` make it a wrong one."""

    def build(service: str, *, key: str = "", secret: str = "", **config: Any) -> Any:
        return client(service, key or first.access_key_id, secret or first.secret_access_key, **config)

    return build
