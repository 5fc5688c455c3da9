"""What a first call finds in memory."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from pytest_django import DjangoAssertNumQueries, Settings

from functions.access import resource_policies
from functions.access.caller import Caller
from functions.actions import function
from functions.arn import FunctionReference
from functions.invoke import attendant, nodes, routing
from tests.broker import running_redis
from tests.functions.world import create

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker(tmp_path: Path, settings: Settings) -> Iterator[redis.Redis]:
    with running_redis(tmp_path) as url:
        settings.REDIS_URL = url
        nodes.broker.cache_clear()
        yield nodes.broker()
    nodes.broker.cache_clear()


def test_a_deployment_is_told_to_all_web_processes_once_it_is_committed(alice: Caller, broker: redis.Redis) -> None:
    with broker.pubsub(ignore_subscribe_messages=True) as deployed:  # type: ignore[no-untyped-call]
        deployed.subscribe(attendant.CHANNEL)
        deployed.get_message(timeout=60)
        create(alice, "thumbs")
        message = deployed.get_message(timeout=60)
    assert json.loads(message["data"]) == [alice.account_id, alice.region, "thumbs"]


def test_what_was_told_is_in_memory(alice: Caller, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    create(alice, "thumbs")
    reference = FunctionReference(alice.account_id, alice.region, "thumbs")
    attendant.prepare(reference)
    with django_assert_num_queries(0):
        assert routing.resolve(reference).spec.memory_mb == 128
        resource_policies.of(reference)
    function.update_configuration(alice, reference, {"MemorySize": 256})
    attendant.prepare(reference)
    with django_assert_num_queries(0):
        assert routing.resolve(reference).spec.memory_mb == 256


def test_what_is_gone_again_is_no_failure(alice: Caller) -> None:
    attendant.prepare(FunctionReference(alice.account_id, alice.region, "never-there"))


def test_without_a_broker_a_deployment_succeeds_all_the_same(alice: Caller) -> None:
    assert create(alice, "thumbs")["FunctionName"] == "thumbs"
