"""Functions: create, read, list, update, delete, as AWS answered."""

from typing import Any

import pytest

from functions.execution.runtimes.table import RUNTIMES as TABLE
from tests.functions.replay import IN_PROGRESS, RUNTIMES, Replay
from tests.functions.world import ACCOUNT, PYTHONS, REGION, arn, request, zipped

CODE = {"ZipFile": zipped()}
OTHER = zipped({"handler.py": "def handler(event, context):\n    return 2\n"})
TEXT = {"Handler": "handler.handler", "Timeout": 30, "Environment": {"Variables": {}}}


def test_lifecycle(aws: Any) -> None:
    replay = Replay("TestLambdaFunction::test_function_lifecycle")
    made = request("thumbs", **{**TEXT, "MemorySize": 256, "Timeout": 5})
    replay.check("create_response", aws.create_function(**made))
    replay.check("get_function_response", aws.get_function(FunctionName="thumbs"))
    updated = aws.update_function_configuration(
        FunctionName="thumbs",
        Runtime=RUNTIMES["python3.11"],
        Description="Changed-Description",
        MemorySize=512,
        Timeout=10,
        Environment={"Variables": {"ENV_A": "a"}},
    )
    replay.check("update_func_conf_response", updated)
    replay.check("get_function_response_postupdate", aws.get_function(FunctionName="thumbs"))
    replay.check("update_code_response", aws.update_function_code(FunctionName="thumbs", ZipFile=OTHER))
    replay.check("get_function_response_postcodeupdate", aws.get_function(FunctionName="thumbs"))
    replay.check("delete_response", aws.delete_function(FunctionName="thumbs"))
    replay.error("delete_postdelete", aws.delete_function, FunctionName="thumbs")


def test_code_as_a_zip(aws: Any) -> None:
    replay = Replay("TestLambdaFunction::test_lambda_code_location_zipfile")
    replay.check("create-response-zip-file", aws.create_function(**request("thumbs", Handler="index.handler")))
    replay.check("get-function-response", aws.get_function(FunctionName="thumbs"))
    replay.check("update-function-response", aws.update_function_code(FunctionName="thumbs", ZipFile=OTHER))
    replay.check("get-function-response-updated", aws.get_function(FunctionName="thumbs"), but=IN_PROGRESS)


def test_redundant_updates(aws: Any) -> None:
    replay = Replay("TestLambdaFunction::test_redundant_updates")
    made = request("thumbs", **TEXT, Description="Initial description")
    replay.check("create_response", aws.create_function(**made))
    change = {"FunctionName": "thumbs", "Description": "1st update description"}
    replay.check("first_update_result", aws.update_function_configuration(**change))
    replay.check("get_fn_config_result", aws.get_function_configuration(FunctionName="thumbs"))
    replay.check("get_fn_result", aws.get_function(FunctionName="thumbs"))
    replay.check("redundant_update_result", aws.update_function_configuration(**change))
    replay.check("get_fn_result_after_redundant_update", aws.get_function(FunctionName="thumbs"))


def test_list(aws: Any) -> None:
    replay = Replay("TestLambdaFunction::test_list_functions")
    replay.check("create_response_1", aws.create_function(**request("a-one", **TEXT, Publish=True)))
    two = request("b-two", **{**TEXT, "Code": {"ZipFile": OTHER}})
    replay.check("create_response_2", aws.create_function(**two))
    replay.check("list_all", aws.list_functions(FunctionVersion="ALL"))
    replay.check("list_default", aws.list_functions())
    replay.error("list_functions_invalid_functionversion", aws.list_functions, FunctionVersion="invalid")


def test_arns(aws: Any) -> None:
    replay = Replay("TestLambdaFunction::test_function_arns")
    by_arn = request(arn("by-arn"), **TEXT)
    replay.check("create-function-arn-response", aws.create_function(**by_arn))
    by_part = request(f"{ACCOUNT}:function:by-part", **{**TEXT, "Code": {"ZipFile": OTHER}})
    replay.check("create-function-partial-arn-response", aws.create_function(**by_part))
    elsewhere = f"arn:aws:lambda:ap-southeast-1:{ACCOUNT}:function:by-arn"
    replay.error("function_arn_other_region_exc", aws.get_function, FunctionName=elsewhere)
    others = f"arn:aws:lambda:{REGION}:222222222222:function:by-arn"
    replay.error("function_arn_other_account_exc", aws.get_function, FunctionName=others)
    replay.error("invalid_function_name_exc", aws.create_function, **request("invalid:function:name"))
    replay.error("long_function_name_exc", aws.create_function, **request("a" * 65))
    long = Replay("TestLambdaFunction::test_function_arns", **{"function-name": "a" * 100})
    long.error("long_function_arn_exc", aws.create_function, **request(arn("a" * 100)))


def test_create_is_refused(aws: Any) -> None:
    replay = Replay("TestLambdaFunction::test_create_lambda_exceptions")
    replay.error("invalid_role_arn_exc", aws.create_function, **request("f", Role="r1"))
    replay.error("invalid_runtime_exc", aws.create_function, **request("f", Runtime="non-existent-runtime"))
    replay.error("uppercase_runtime_exc", aws.create_function, **request("f", Runtime="PYTHON3.9"))
    replay.error("multiple_architectures", aws.create_function, **request("f", Architectures=["x86_64", "arm64"]))
    replay.error("uppercase_architecture", aws.create_function, **request("f", Architectures=["X86_64"]))
    replay.error("invalid_zip_exc", aws.create_function, **request("f", Code={"ZipFile": b"this is not a zip"}))
    assert aws.list_functions()["Functions"] == []


def test_update_is_refused(aws: Any) -> None:
    replay = Replay("TestLambdaFunction::test_update_lambda_exceptions")
    aws.create_function(**request("f"))
    update = aws.update_function_configuration
    replay.error("invalid_role_arn_exc", update, FunctionName="f", Role="r1")
    replay.error("invalid_runtime_exc", update, FunctionName="f", Runtime="non-existent-runtime")
    replay.error("uppercase_runtime_exc", update, FunctionName="f", Runtime="PYTHON3.9")


@pytest.mark.parametrize(
    "runtime",
    ["dotnetcore3.1", "go1.x", "java8", "nodejs12.x", "nodejs14.x", "provided", "python3.7", "ruby2.7"],
)
def test_deprecated_runtimes_are_refused(aws: Any, runtime: str) -> None:
    assert TABLE[runtime].deprecated
    name = f"TestRuntimeValidation::test_create_deprecated_function_runtime_with_validation_enabled[{runtime}]"
    Replay(name).error("deprecation_error", aws.create_function, **request("f", Runtime=runtime))


@pytest.mark.parametrize("operation", ["get_function", "delete_function", "get_function_configuration"])
def test_a_function_that_is_not_there(aws: Any, operation: str) -> None:
    replay = Replay(f"TestLambdaFunction::test_ops_on_nonexisting_fn[{operation}]", **{"nonexisting-fn-name": "gone"})
    replay.error("not_found_exception", getattr(aws, operation), FunctionName="gone")


@pytest.mark.parametrize("operation", ["get_function_concurrency", "get_function_url_config"])
def test_something_of_a_function_that_is_not_there(aws: Any, operation: str) -> None:
    replay = Replay(f"TestLambdaFunction::test_ops_on_nonexisting_fn[{operation}]", **{"nonexisting-fn-name": "gone"})
    replay.error("not_found_exception", getattr(aws, operation), FunctionName="gone")


@pytest.mark.parametrize("operation", ["get_function", "get_function_configuration"])
def test_a_version_that_is_not_there(aws: Any, operation: str) -> None:
    aws.create_function(**request("thumbs"))
    replay = Replay(f"TestLambdaFunction::test_ops_on_nonexisting_version[{operation}]", **{"fn-name": "thumbs"})
    replay.error("version_not_found_exception", getattr(aws, operation), FunctionName="thumbs", Qualifier="1221")


@pytest.mark.parametrize(
    "operation",
    [
        "delete_function",
        "get_function",
        "get_function_concurrency",
        "get_function_configuration",
        "get_function_url_config",
        "invoke",
    ],
)
def test_another_region(aws: Any, operation: str) -> None:
    replay = Replay(f"TestLambdaFunction::test_get_function_wrong_region[{operation}]", **{"wrong-region": "eu-west-1"})
    elsewhere = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:thumbs"
    replay.error("wrong_region_exception", getattr(aws, operation), FunctionName=elsewhere)


@pytest.mark.parametrize("operation", ["delete_function", "get_function", "get_function_configuration"])
def test_two_qualifiers(aws: Any, operation: str) -> None:
    replay = Replay(f"TestLambdaFunction::test_ops_with_arn_qualifier_mismatch[{operation}]")
    call = getattr(aws, operation)
    name = arn("some-function", "$LATEST")
    replay.error("not_match_exception", call, FunctionName=name, Qualifier="1")
    replay.error("match_exception", call, FunctionName=name, Qualifier="$LATEST")


def test_deleting_a_version_that_is_not_there(aws: Any) -> None:
    replay = Replay("TestLambdaFunction::test_delete_on_nonexisting_version", **{"fn-name": "thumbs"})
    aws.create_function(**request("thumbs"))
    aws.delete_function(FunctionName="thumbs", Qualifier="1233")
    aws.delete_function(FunctionName="thumbs")
    replay.error("delete_function_response_non_existent", aws.delete_function, FunctionName="thumbs")
    replay.error(
        "delete_function_response_non_existent_with_qualifier",
        aws.delete_function,
        FunctionName="thumbs",
        Qualifier="1233",
    )


def test_vpc_is_shown(aws: Any) -> None:
    """Without EC2 behind it: which VPC the subnets belong to is not known."""
    replay = Replay(
        "TestLambdaFunction::test_vpc_config",
        security_group_id_1="sg-1",
        security_group_id_2="sg-2",
        subnet_id_1="subnet-1",
        subnet_id_2="subnet-2",
    )
    but = ("VpcId",)
    made = request(
        "thumbs",
        **{**TEXT, "MemorySize": 256, "Timeout": 5},
        VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
    )
    replay.check("create_response", aws.create_function(**made), but=but)
    replay.check("get_function_response", aws.get_function(FunctionName="thumbs"), but=but)
    second = {"SubnetIds": ["subnet-2"], "SecurityGroupIds": ["sg-2"]}
    updated = aws.update_function_configuration(FunctionName="thumbs", VpcConfig=second)
    replay.check("update_vpcconfig_update_response", updated, but=but)
    replay.check("update_vpcconfig_get_function_response", aws.get_function(FunctionName="thumbs"), but=but)
    none: dict[str, list[str]] = {"SubnetIds": [], "SecurityGroupIds": []}
    updated = aws.update_function_configuration(FunctionName="thumbs", VpcConfig=none)
    replay.check("delete_vpcconfig_update_response", updated)
    replay.check("delete_vpcconfig_get_function_response", aws.get_function(FunctionName="thumbs"))


def test_revisions(aws: Any) -> None:
    replay = Replay("TestLambdaRevisions::test_function_revisions_basic")
    made = request("thumbs", **{**TEXT, "Handler": "index.handler"})
    replay.check("create_function_response_rev1", aws.create_function(**made))
    second = replay.check("get_function_response_rev2", aws.get_function(FunctionName="thumbs"))
    code = {"FunctionName": "thumbs", "ZipFile": CODE["ZipFile"]}
    replay.error("update_function_revision_exception", aws.update_function_code, **code, RevisionId="wrong")
    revision = second["Configuration"]["RevisionId"]
    updated = aws.update_function_code(**code, RevisionId=revision)
    replay.check("update_function_code_response_rev3", updated)
    fourth = replay.check("get_function_response_rev4", aws.get_function(FunctionName="thumbs"))
    change = {"FunctionName": "thumbs", "Runtime": RUNTIMES["python3.8"]}
    replay.error(
        "update_function_configuration_revision_exception",
        aws.update_function_configuration,
        **change,
        RevisionId="wrong",
    )
    revision = fourth["Configuration"]["RevisionId"]
    updated = aws.update_function_configuration(**change, RevisionId=revision)
    replay.check("update_function_configuration_response_rev5", updated)
    replay.check("get_function_response_rev6", aws.get_function(FunctionName="thumbs"))


# SnapStart is accepted and shown; nothing is snapshotted: an environment starts faster than that.
SNAPSTART = [runtime for runtime in ("python3.12", "python3.13") if runtime in PYTHONS]
SNAP = {"Handler": "handler.handler", "MemorySize": 1024, "Timeout": 5}


@pytest.mark.parametrize("runtime", SNAPSTART)
def test_snapstart_lifecycle(aws: Any, runtime: str) -> None:
    replay = Replay(f"TestLambdaSnapStart::test_snapstart_lifecycle[{runtime}]")
    name = {"FunctionName": "thumbs"}
    replay.check("create_function_response", aws.create_function(**request("thumbs", **SNAP, Runtime=runtime)))
    replay.check("get_function_response_latest", aws.get_function(**name))
    aws.publish_version(**name, Description="version1")
    replay.check("get_function_response_version_1", aws.get_function(**name, Qualifier="1"))


@pytest.mark.parametrize("runtime", SNAPSTART)
def test_snapstart_is_switched_on(aws: Any, runtime: str) -> None:
    replay = Replay(f"TestLambdaSnapStart::test_snapstart_update_function_configuration[{runtime}]")
    replay.check("create_function_response", aws.create_function(**request("thumbs", **SNAP, Runtime=runtime)))
    updated = aws.update_function_configuration(FunctionName="thumbs", SnapStart={"ApplyOn": "PublishedVersions"})
    replay.check("update_function_response", updated)


def test_snapstart_as_aws_does_not_know_it(aws: Any) -> None:
    replay = Replay("TestLambdaSnapStart::test_snapstart_exceptions")
    wrong = request("f", SnapStart={"ApplyOn": "invalidOption"})
    replay.error("create_function_invalid_snapstart_apply", aws.create_function, **wrong)


def test_account_settings(aws: Any) -> None:
    recorded = Replay("TestLambdaAccountSettings::test_account_settings").recorded("acc_settings_modded")
    shown = aws.get_account_settings()
    assert {part: sorted(shown[part]) for part in ("AccountLimit", "AccountUsage")} == {
        part: recorded[part] for part in ("AccountLimit", "AccountUsage")
    }


def test_code_size_counts_every_version(aws: Any) -> None:
    def total() -> int:
        return int(aws.get_account_settings()["AccountUsage"]["TotalCodeSize"])

    size = len(CODE["ZipFile"])
    aws.create_function(**request("thumbs"))
    assert total() == size
    aws.update_function_configuration(FunctionName="thumbs", Description="changed")
    assert total() == size
    aws.publish_version(FunctionName="thumbs")
    assert total() == 2 * size
