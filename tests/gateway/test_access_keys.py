"""Keys: their life, and that the front door follows it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pytest_django import DjangoAssertNumQueries

from functions.access import credentials
from functions.access.bootstrap import FirstAccount
from functions.access.caller import Caller
from functions.actions import access_key
from functions.cache import generation
from functions.errors import LimitExceeded, NoSuchEntity
from functions.models import AccessKey, User
from tests.gateway.world import ACCOUNT, REGION

Boto = Callable[..., Any]


@pytest.fixture
def admin(first: FirstAccount) -> Caller:
    return Caller(ACCOUNT, REGION, User.objects.get().pk, "admin", "console")


def test_the_life_of_a_key(admin: Caller, boto: Boto) -> None:
    key = access_key.create(admin, User.objects.get())
    generation().bump()  # as the commit of the change does, which a test never reaches
    sts = boto("sts", key=key.pk, secret=key.secret)
    assert sts.get_caller_identity()["Account"] == ACCOUNT
    for change in (partial(access_key.switch, is_active=False), access_key.delete):
        change(admin, key.pk)
        generation().bump()
        with pytest.raises(ClientError, match="InvalidClientTokenId"):
            sts.get_caller_identity()


def test_two_keys_are_the_most(admin: Caller) -> None:
    access_key.create(admin, User.objects.get())
    with pytest.raises(LimitExceeded, match="Cannot exceed quota for AccessKeysPerUser: 2"):
        access_key.create(admin, User.objects.get())


def test_keys_of_another_account_are_out_of_reach(first: FirstAccount) -> None:
    mallory = Caller("222222222222", REGION, None, "mallory", "api")
    with pytest.raises(NoSuchEntity):
        access_key.delete(mallory, first.access_key_id)


def test_a_known_key_costs_no_query(first: FirstAccount, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    credentials.find(first.access_key_id)
    with django_assert_num_queries(0):
        found = credentials.find(first.access_key_id)
        credentials.note_use(first.access_key_id)
    assert found is not None
    assert found.secret == first.secret_access_key


def test_the_last_use_is_written_afterwards(boto: Boto, first: FirstAccount) -> None:
    boto("sts").get_caller_identity()
    assert AccessKey.objects.get().last_used_at is None
    credentials.write_uses()
    used = AccessKey.objects.get().last_used_at
    assert used is not None
    boto("sts").get_caller_identity()
    credentials.write_uses()
    assert AccessKey.objects.get().last_used_at == used
