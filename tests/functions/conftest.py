"""An account with a role, and a caller in it."""

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from functions.access.caller import Caller
from functions.models import AccessKey, Account, Membership, Role, User
from tests.functions.replay import connect
from tests.functions.world import ACCOUNT, REGION


@pytest.fixture(autouse=True)
def code_store(settings: Settings, tmp_path: Path) -> Path:
    """An empty store of packages for each test."""
    settings.HEARTH_CODE = tmp_path / "code"
    settings.HEARTH_CODE.mkdir()
    return tmp_path / "code"


@pytest.fixture
def alice(db: None) -> Caller:
    """A user of the account that owns everything."""
    account = Account.objects.create(id=ACCOUNT, name="team")
    Role.objects.create(id="AROAEXAMPLE", account=account, name="lambda-role", trust_policy="{}")
    return Caller(account_id=ACCOUNT, region=REGION, user_id=None, user_name="alice", via="api")


@pytest.fixture
def mallory(db: None) -> Caller:
    """A user of another account."""
    Account.objects.create(id="222222222222", name="others")
    return Caller(account_id="222222222222", region=REGION, user_id=None, user_name="mallory", via="api")


@pytest.fixture
def aws(alice: Caller) -> Any:
    """A boto3 client of Lambda, signing as Alice; its requests go through the whole gateway."""
    user = User.objects.create_user("alice")
    Membership.objects.create(user=user, account_id=ACCOUNT, preset=Membership.Preset.ADMIN)
    AccessKey.objects.create(id="AKIAALICE", secret="alices-secret", user=user, account_id=ACCOUNT)
    return connect("AKIAALICE", "alices-secret")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What looks back at all replays comes after them."""
    items.sort(key=lambda item: item.path.name == "test_replayed.py")
