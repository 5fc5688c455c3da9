"""What a first call finds in memory."""

import pytest
from pytest_django import DjangoAssertNumQueries

from functions.access.caller import Caller
from functions.actions import function
from functions.arn import FunctionReference
from functions.invoke import routing
from tests.functions.world import create

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_route_of_a_deployment_is_read_when_it_is_committed(
    alice: Caller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    create(alice, "thumbs")
    reference = FunctionReference(alice.account_id, alice.region, "thumbs")
    with django_assert_num_queries(0):
        assert routing.resolve(reference).spec.memory_mb == 128
    function.update_configuration(alice, reference, {"MemorySize": 256})
    with django_assert_num_queries(0):
        assert routing.resolve(reference).spec.memory_mb == 256
