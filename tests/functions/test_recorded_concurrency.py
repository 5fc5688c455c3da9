"""Provisioned concurrency and recursion, as AWS answered."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.invoke.provisioning import divide, wanted
from tests.functions.replay import Replay
from tests.functions.world import arn, request

VERSION = {"Handler": "handler.handler", "Timeout": 30, "Environment": {"Variables": {}}}


def test_recursion_is_stopped_unless_it_is_allowed(aws: Any) -> None:
    aws.create_function(**request("thumbs"))
    replay = Replay("TestLambdaRecursion::test_put_function_recursion_config_default_terminate")
    answer = aws.get_function_recursion_config(FunctionName="thumbs")
    replay.check("get_recursion_default_terminate_response", answer)
    replay = Replay("TestLambdaRecursion::test_put_function_recursion_config_allow")
    answer = aws.put_function_recursion_config(FunctionName="thumbs", RecursiveLoop="Allow")
    replay.check("put_recursion_config_response", answer)
    replay.check("get_recursion_config_response", aws.get_function_recursion_config(FunctionName="thumbs"))
    replay = Replay("TestLambdaRecursion::test_put_function_recursion_config_invalid_value")
    replay.error(
        "put_recursion_invalid_value_error",
        aws.put_function_recursion_config,
        FunctionName="thumbs",
        RecursiveLoop="InvalidValue",
    )


def test_provisioned_concurrency_of_a_version_and_an_alias(aws: Any) -> None:
    replay = Replay("TestLambdaProvisionedConcurrency::test_lambda_provisioned_lifecycle", **{"alias-name": "live"})
    name = {"FunctionName": "thumbs"}
    one = {"ProvisionedConcurrentExecutions": 1}
    aws.create_function(**request("thumbs", **VERSION))
    replay.check("publish_version_result", aws.publish_version(**name))
    replay.check("create_alias_result", aws.create_alias(**name, Name="live", FunctionVersion="1"))
    put = aws.put_provisioned_concurrency_config
    replay.check("put_provisioned_on_version", put(**name, Qualifier="1", **one))
    replay.error("put_provisioned_on_alias_versionconflict", put, **name, Qualifier="live", **one)
    get = aws.get_provisioned_concurrency_config
    assert get(**name, Qualifier="1")["Status"] == "IN_PROGRESS"  # no node runs here
    deleted = aws.delete_provisioned_concurrency_config(**name, Qualifier="1")
    replay.check("delete_provisioned_version", deleted)
    replay.error("get_provisioned_version_postdelete", get, **name, Qualifier="1")
    replay.check("put_provisioned_on_alias", put(**name, Qualifier="live", **one))
    replay.error("put_provisioned_on_version_conflict", put, **name, Qualifier="1", **one)
    listed = aws.list_provisioned_concurrency_configs(**name)["ProvisionedConcurrencyConfigs"]
    assert [config["FunctionArn"] for config in listed] == [arn("thumbs", "live")]
    replay.check("delete_alias_result", aws.delete_alias(**name, Name="live"))
    replay.error("get_provisioned_alias_postaliasdelete", get, **name, Qualifier="live")
    replay.check("list_response_postdeletes", aws.list_provisioned_concurrency_configs(**name))


def test_provisioned_concurrency_that_cannot_be(aws: Any) -> None:
    replay = Replay("TestLambdaProvisionedConcurrency::test_provisioned_concurrency_exceptions")
    name, gone = {"FunctionName": "thumbs"}, {"FunctionName": "doesnotexist"}
    one = {"ProvisionedConcurrentExecutions": 1}
    aws.create_function(**request("thumbs", **VERSION))
    replay.check("publish_version_result", aws.publish_version(**name))
    get, delete = aws.get_provisioned_concurrency_config, aws.delete_provisioned_concurrency_config
    replay.error("get_provisioned_config_doesnotexist", get, **name, Qualifier="1")
    replay.error("get_provisioned_functionname_doesnotexist", get, **gone, Qualifier="noalias")
    replay.error("get_provisioned_qualifier_doesnotexist", get, **name, Qualifier="noalias")
    replay.error("get_provisioned_version_doesnotexist", get, **name, Qualifier="10")
    replay.error("get_provisioned_latest", get, **name, Qualifier="$LATEST")
    listing = aws.list_provisioned_concurrency_configs
    replay.check("list_provisioned_noconfigs", listing(**name))
    replay.error("list_provisioned_functionname_doesnotexist", listing, **gone)
    replay.check("delete_provisioned_config_doesnotexist", delete(**name, Qualifier="1"))
    replay.error("delete_provisioned_functionname_doesnotexist", delete, **gone, Qualifier="1")
    replay.error("delete_provisioned_qualifier_doesnotexist", delete, **name, Qualifier="noalias")
    replay.error("delete_provisioned_version_doesnotexist", delete, **name, Qualifier="10")
    replay.error("delete_provisioned_latest", delete, **name, Qualifier="$LATEST")
    put = aws.put_provisioned_concurrency_config
    none = {"ProvisionedConcurrentExecutions": 0}
    replay.error("put_provisioned_invalid_param_0", put, **name, Qualifier="1", **none)
    replay.error("put_provisioned_functionname_doesnotexist_alias", put, **gone, Qualifier="noalias", **one)
    replay.error("put_provisioned_functionname_doesnotexist_version", put, **gone, Qualifier="1", **one)
    replay.error("put_provisioned_qualifier_doesnotexist", put, **name, Qualifier="doesnotexist", **one)
    replay.error("put_provisioned_version_doesnotexist", put, **name, Qualifier="10", **one)
    replay.error("put_provisioned_latest", put, **name, Qualifier="$LATEST", **one)


def test_provisioned_concurrency_leaves_some_to_others(aws: Any) -> None:
    replay = Replay(
        "TestLambdaProvisionedConcurrency::test_provisioned_concurrency_limits",
        unreserved_concurrency="1000",
        min_unreserved_concurrency="100",
    )
    aws.create_function(**request("thumbs", Publish=True))
    version = {"FunctionName": "thumbs", "Qualifier": "1"}
    put = aws.put_provisioned_concurrency_config
    for step, count in (("account_limit_exceeded", 1001), ("below_unreserved_min_value", 901)):
        recorded = f"put_provisioned_concurrency_{step}"
        replay.error(recorded, put, **version, ProvisionedConcurrentExecutions=count)
    put(**version, ProvisionedConcurrentExecutions=900)
    put(**version, ProvisionedConcurrentExecutions=900)  # its own share is not counted twice
    assert aws.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 100


def test_a_reservation_holds_what_is_provisioned(aws: Any) -> None:
    aws.create_function(**request("thumbs", Publish=True))
    name = {"FunctionName": "thumbs"}
    aws.put_function_concurrency(**name, ReservedConcurrentExecutions=5)
    put = aws.put_provisioned_concurrency_config
    with pytest.raises(ClientError, match="should not be greater than the reservedConcurrentExecution for function"):
        put(**name, Qualifier="1", ProvisionedConcurrentExecutions=6)
    put(**name, Qualifier="1", ProvisionedConcurrentExecutions=5)
    with pytest.raises(ClientError, match="should not be lower than function's total provisioned concurrency"):
        aws.put_function_concurrency(**name, ReservedConcurrentExecutions=4)
    assert aws.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 995
    aws.put_function_concurrency(**name, ReservedConcurrentExecutions=0)  # in an emergency it stops all the same
    aws.delete_function_concurrency(**name)
    assert aws.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 995


def test_an_alias_does_not_move_onto_a_provisioned_version(aws: Any) -> None:
    name = {"FunctionName": "moved"}
    aws.create_function(**request("moved", Publish=True))
    aws.update_function_configuration(**name, MemorySize=256)
    aws.publish_version(**name)
    aws.create_alias(**name, Name="live", FunctionVersion="2")
    put = aws.put_provisioned_concurrency_config
    put(**name, Qualifier="1", ProvisionedConcurrentExecutions=1)
    put(**name, Qualifier="live", ProvisionedConcurrentExecutions=1)
    with pytest.raises(ClientError, match="already Provisioned version"):
        aws.update_alias(**name, Name="live", FunctionVersion="1")
    aws.delete_provisioned_concurrency_config(**name, Qualifier="1")
    aws.update_alias(**name, Name="live", RoutingConfig={"AdditionalVersionWeights": {"1": 0.1}})
    with pytest.raises(ClientError, match="Invalid alias configuration for Provisioned Concurrency"):
        put(**name, Qualifier="live", ProvisionedConcurrentExecutions=2)
    with pytest.raises(ClientError, match="cannot be applied to unpublished function versions"):
        aws.update_alias(**name, Name="live", FunctionVersion="$LATEST", RoutingConfig={})
    shares = {spec.version: count for spec, count in wanted()}
    assert shares == {"2": 1, "1": 0}


@pytest.mark.parametrize(
    ("whole", "weight", "part"),
    [(1, 0.1, 0), (1, 0.9, 1), (2, 0.5, 1), (2, 0.05, 1), (2, 0.95, 1), (10, 0.3, 3), (10, 0.0, 0), (10, 1.0, 10)],
)
def test_weights_divide_what_an_alias_provisions(whole: int, weight: float, part: int) -> None:
    assert divide(whole, weight) == part
