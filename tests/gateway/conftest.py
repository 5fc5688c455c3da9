"""An account with a key, and boto3 clients that reach the front door without a socket."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.access.bootstrap import FirstAccount, ensure_account
from tests.gateway.world import ACCOUNT, REGION, client


@pytest.fixture
def first(db: None) -> FirstAccount:
    return ensure_account(ACCOUNT, REGION, password="correct-horse-battery")


@pytest.fixture
def boto(first: FirstAccount) -> Callable[..., Any]:
    """`boto("iam")` is a client of the account's administrator; `secret=` or `key=` make it a wrong one."""

    def build(service: str, *, key: str = "", secret: str = "", **config: Any) -> Any:
        return client(service, key or first.access_key_id, secret or first.secret_access_key, **config)

    return build
