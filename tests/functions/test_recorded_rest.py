"""What AWS answered in scenarios of more than one noun, and of those that need something beside Lambda."""

from typing import Any

import pytest

from functions.access.caller import Caller
from functions.actions.updating import updating
from functions.arn import parse
from tests.functions.replay import RUNTIMES, Replay
from tests.functions.test_recorded_event_source_mappings import replay_tags
from tests.functions.world import ACCOUNT, REGION, arn, request, zipped

TEXT = {"Handler": "handler.handler", "Timeout": 30, "Environment": {"Variables": {}}}
TAG = {"testtag": "x"}


def test_tags_of_a_new_function(aws: Any) -> None:
    replay = Replay("TestLambdaTag::test_create_tag_on_fn_create", **{"custom-tag": "x"})
    aws.create_function(**request("thumbs", **TEXT, Tags=TAG))
    replay.check("get_function_result", aws.get_function(FunctionName="thumbs"))
    replay.check("list_tags_result", aws.list_tags(Resource=arn("thumbs")))


def test_tags_come_and_go(aws: Any) -> None:
    aws.create_function(**request("thumbs"))
    replay_tags(aws, Replay("TestLambdaTag::test_tag_lifecycle"), arn("thumbs"))


def test_tags_of_a_function_that_was_there(aws: Any) -> None:
    replay = Replay("TestLambdaTag::test_tag_nonexisting_resource")
    aws.create_function(**request("thumbs", **TEXT))
    replay.check("pre_delete_get_function", aws.get_function(FunctionName="thumbs"))
    aws.delete_function(FunctionName="thumbs")
    replay.error("not_found_exception_tag", aws.tag_resource, Resource=arn("thumbs"), Tags=TAG)
    replay.error("not_found_exception_untag", aws.untag_resource, Resource=arn("thumbs"), TagKeys=["testtag"])
    replay.error("not_found_exception_list", aws.list_tags, Resource=arn("thumbs"))


def test_a_network_that_is_no_network(aws: Any) -> None:
    """Which subnets and groups exist nobody here can know: there is no EC2. The form of their names is checked."""
    for what, member, name in (("security_group", "SecurityGroupIds", "sg_x"), ("subnet", "SubnetIds", "subnet_x")):
        replay = Replay(f"TestLambdaFunction::test_invalid_vpc_config_{what}", **{f"{what}_id_2": name})
        vpc: dict[str, list[str]] = {"SecurityGroupIds": ["sg-1"], "SubnetIds": ["subnet-1"], member: [name]}
        step = f"create-response-invalid-format-{what.replace('_', '-')}" + ("-id" if what == "subnet" else "")
        replay.error(step, aws.create_function, **request("thumbs", VpcConfig=vpc))


def test_an_invocation_of_no_function(aws: Any) -> None:
    name = f"arn:aws:lambda:{REGION}:123400000000@function:myfn"
    replay = Replay("TestLambdaFunction::test_invalid_invoke")
    replay.error("invoke_function_name_pattern_exc", aws.invoke, FunctionName=name)


@pytest.mark.parametrize("operation", ["get_function_code_signing_config", "get_function_event_invoke_config"])
def test_what_hangs_on_a_function_that_is_not_there(aws: Any, operation: str) -> None:
    call = getattr(aws, operation)
    replay = Replay(f"TestLambdaFunction::test_get_function_wrong_region[{operation}]", **{"wrong-region": "eu-west-1"})
    elsewhere = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:thumbs"
    replay.error("wrong_region_exception", call, FunctionName=elsewhere)
    replay = Replay(f"TestLambdaFunction::test_ops_on_nonexisting_fn[{operation}]", **{"nonexisting-fn-name": "gone"})
    replay.error("not_found_exception", call, FunctionName="gone")


def test_the_events_of_a_version_that_is_not_there(aws: Any) -> None:
    aws.create_function(**request("thumbs"))
    replay = Replay(
        "TestLambdaFunction::test_ops_on_nonexisting_version[get_function_event_invoke_config]",
        **{"fn-name": "thumbs"},
    )
    call = aws.get_function_event_invoke_config
    replay.error("version_not_found_exception", call, FunctionName="thumbs", Qualifier="1221")


def test_publishing_another_revision_than_was_meant(aws: Any) -> None:
    """Recorded before AWS showed these members."""
    newer = ("LoggingConfig", "RuntimeVersionConfig", "SnapStart")
    replay = Replay("TestLambdaVersions::test_publish_with_wrong_revisionid")
    name = {"FunctionName": "thumbs"}
    made = request("thumbs", Handler="index.handler", Runtime=RUNTIMES["python3.9"])
    replay.check("create_response", aws.create_function(**made), but=newer)
    shown = replay.check("get_fn_response", aws.get_function(**name), but=newer)
    replay.error("publish_wrong_revisionid_exc", aws.publish_version, **name, RevisionId="wrong")
    published = aws.publish_version(**name, RevisionId=shown["Configuration"]["RevisionId"])
    replay.check("publish_result", published, but=newer)


def test_requests_over_the_limit(aws: Any) -> None:
    oversized = request("f", Code={"ZipFile": bytes(53_000_000)})
    replay = Replay("TestLambdaSizeLimits::test_oversized_request_create_lambda")
    replay.error("invalid_param_exc", aws.create_function, **oversized)


def test_what_counts_as_code(aws: Any) -> None:
    """Sizes are of other packages than those that were recorded; what adds to them is the same."""

    def total() -> int:
        return int(aws.get_account_settings()["AccountUsage"]["TotalCodeSize"])

    recorded = Replay("TestLambdaAccountSettings::test_account_settings_total_code_size_config_update")
    package = zipped()
    aws.create_function(**request("thumbs", Code={"ZipFile": package}))
    assert total() == len(package)
    aws.update_function_configuration(FunctionName="thumbs", Description="changed")
    assert total() - len(package) == recorded.recorded("total_code_size_diff_update_function_configuration")
    aws.publish_version(FunctionName="thumbs")
    assert total() == 2 * len(package)
    assert recorded.recorded("is_total_code_size_diff_create_function_more_than_200")
    assert recorded.recorded("is_total_code_size_diff_publish_version_after_config_update_more_than_200")
    recorded = Replay("TestLambdaAccountSettings::test_account_settings_total_code_size")
    steps = ("create_function", "update_function", "publish_layer", "publish_layer_version")
    assert all(recorded.recorded(f"total_code_size_diff_{step}") > 0 for step in steps)
    before = total()
    other = zipped({"other.py": "x = 1\n"})
    aws.update_function_code(FunctionName="thumbs", ZipFile=other)
    assert total() == before - len(package) + len(other)
    before = total()
    for _ in range(2):  # each version of a layer counts, the same bytes too
        aws.publish_layer_version(LayerName="lib", Content={"ZipFile": other})
    assert total() == before + 2 * len(other)


@pytest.mark.parametrize("what", ["code", "config"])
def test_an_update_while_another_one_is_in_progress(aws: Any, alice: Caller, what: str) -> None:
    """Here an update is whole when it was answered: only one that runs at the same moment is in its way."""
    replay = Replay(f"TestLambdaFunction::test_lambda_concurrent_{what}_updates")
    members = TEXT if what == "config" else {"Handler": "handler.handler"}
    replay.check("create-function-response", aws.create_function(**request("thumbs", **members)))
    step = "update-during-in-progress-update-exc"
    with updating(parse("thumbs", None, alice)):
        if what == "code":
            replay.error(step, aws.update_function_code, FunctionName="thumbs", ZipFile=zipped({"a.py": ""}))
        else:
            replay.error(step, aws.update_function_configuration, FunctionName="thumbs", Description="x")
