"""Functions that isolate tenants: what they cannot have, and what calls of them without a tenant come to."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.models import AsyncEvent, Function, Schedule
from functions.triggers.schedule import firing
from tests.functions.world import PYTHON, request

PER_TENANT = {"TenantIsolationMode": "PER_TENANT"}


@pytest.fixture
def isolated(aws: Any) -> Any:
    aws.create_function(**request("isolated", TenancyConfig=PER_TENANT))
    return aws


def test_it_is_shown_and_stays(isolated: Any) -> None:
    assert isolated.get_function_configuration(FunctionName="isolated")["TenancyConfig"] == PER_TENANT
    updated = isolated.update_function_configuration(FunctionName="isolated", MemorySize=256)
    assert updated["TenancyConfig"] == PER_TENANT
    assert isolated.publish_version(FunctionName="isolated")["TenancyConfig"] == PER_TENANT


def test_what_it_cannot_have(isolated: Any) -> None:
    with pytest.raises(ClientError, match="Function URLs are not supported"):
        isolated.create_function_url_config(FunctionName="isolated", AuthType="AWS_IAM")
    with pytest.raises(ClientError, match="failed to satisfy constraint"):
        isolated.create_function(**request("other", TenancyConfig={"TenantIsolationMode": "NONE"}))
    if PYTHON in ("python3.12", "python3.13", "python3.14"):
        with pytest.raises(ClientError, match="SnapStart is not supported for functions with tenant isolation"):
            isolated.update_function_configuration(FunctionName="isolated", SnapStart={"ApplyOn": "PublishedVersions"})


def test_a_schedule_of_it_is_refused(isolated: Any, alice: Any) -> None:
    schedule = Schedule(
        account_id=alice.account_id,
        region=alice.region,
        name="nightly",
        function=Function.objects.get(name="isolated"),
        expression="rate(1 day)",
    )
    firing.fire(schedule, datetime.now(UTC))
    assert schedule.last_result == Schedule.Result.REFUSED
    assert "Add a valid tenant ID" in schedule.last_problem
    assert not AsyncEvent.objects.exists()
