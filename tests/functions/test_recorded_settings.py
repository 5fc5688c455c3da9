"""Tags, concurrency, logging and function URLs, as AWS answered."""

from typing import Any

import pytest

from tests.functions.replay import Replay
from tests.functions.world import NODE, REGION, arn, request

TEXT = {"Handler": "handler.handler", "Timeout": 30, "Environment": {"Variables": {}}}
THUMBS = arn("thumbs")


def test_tag_lifecycle(aws: Any) -> None:
    replay = Replay("TestLambdaTags::test_tag_lifecycle")
    aws.create_function(**request("thumbs", **TEXT, Tags={"key_a": "value_a"}))

    def look(step: str) -> None:
        replay.check(f"list_tags_response_{step}", aws.list_tags(Resource=THUMBS))
        replay.check(f"get_fn_response_{step}", aws.get_function(FunctionName="thumbs"))

    look("postfncreate")
    more = {f"key_{letter}": f"value_{letter}" for letter in "bcde"}
    replay.check("tag_resource_response", aws.tag_resource(Resource=THUMBS, Tags=more))
    look("postaddtags")
    replay.check("tag_resource_overwrite", aws.tag_resource(Resource=THUMBS, Tags={"key_c": "value_x"}))
    replay.check("list_tags_response_overwrite", aws.list_tags(Resource=THUMBS))
    replay.check("get_fn_response_overwrite", aws.get_function(FunctionName="thumbs"))
    aws.untag_resource(Resource=THUMBS, TagKeys=["key_c", "key_d"])
    look("postuntag")
    aws.untag_resource(Resource=THUMBS, TagKeys=["key_a", "key_b", "key_e"])
    look("postuntagall")
    aws.delete_function(FunctionName="thumbs")
    replay.error("list_tags_postdelete", aws.list_tags, Resource=THUMBS)


def test_tags_come_and_go(aws: Any) -> None:
    replay = Replay("TestLambdaTag::test_tag_lifecycle[lambda_function]")
    aws.create_function(**request("thumbs"))

    def tag(step: str, **tags: str) -> None:
        replay.check(f"tag_{step}_response", aws.tag_resource(Resource=THUMBS, Tags=tags))
        replay.check(f"tag_{step}_response_listtags", aws.list_tags(Resource=THUMBS))

    def untag(step: str, *keys: str) -> None:
        replay.check(f"untag_{step}_response", aws.untag_resource(Resource=THUMBS, TagKeys=list(keys)))
        replay.check(f"untag_{step}_response_listtags", aws.list_tags(Resource=THUMBS))

    tag("single", A="tag-a")
    tag("multiple", B="tag-b", C="tag-c")
    tag("overlap", C="tag-c-newsuffix", D="tag-d")
    untag("single", "A")
    untag("multiple", "B", "C")
    untag("nonexisting", "F")
    untag("existing_and_nonexisting", "D", "F")


def test_tags_that_cannot_be(aws: Any) -> None:
    replay = Replay("TestLambdaTags::test_tag_exceptions")
    aws.create_function(**request("thumbs"))
    tags = {"key_a": "value_a"}
    replay.error("tag_lambda_invalidarn", aws.tag_resource, Resource="arn:aws:something", Tags=tags)
    replay.error("tag_lambda_doesnotexist", aws.tag_resource, Resource=arn("doesnotexist"), Tags=tags)
    qualified = arn("thumbs", "v1")
    replay.error("tag_lambda_qualifier_doesnotexist", aws.tag_resource, Resource=qualified, Tags=tags)
    replay.error("tag_empty_tags", aws.tag_resource, Resource=THUMBS, Tags={})
    replay.check("list_tag_lambda_empty", aws.list_tags(Resource=THUMBS))
    replay.check("untag_nomatch", aws.untag_resource(Resource=THUMBS, TagKeys=["somekey"]))
    replay.error("untag_empty_keys", aws.untag_resource, Resource=THUMBS, TagKeys=[])


@pytest.mark.parametrize("kind", ["capacity_provider", "event_source_mapping", "lambda_function"])
def test_tags_of_what_is_not_there(aws: Any, kind: str) -> None:
    name = "6a2f1f30-8a75-4b8d-8c0a-0d8b3e5d7f11" if kind == "event_source_mapping" else "gone"
    replay = Replay(f"TestLambdaTag::test_tag_exceptions[{kind}]", **{"resource-name": name})
    noun = kind.replace("_", "-").replace("lambda-", "")
    resource = f"arn:aws:lambda:{REGION}:111111111111:{noun}:{name}"
    tags = {"A": "B"}
    replay.error("not_found_exception_tag", aws.tag_resource, Resource=resource, Tags=tags)
    replay.error("not_found_exception_untag", aws.untag_resource, Resource=resource, TagKeys=["A"])
    replay.error("not_found_exception_list", aws.list_tags, Resource=resource)
    replay.error("aliased_arn_exception", aws.tag_resource, Resource=f"{resource}:alias", Tags=tags)
    strange = resource.replace(f":{noun}:", ":foobar:")
    replay.error("invalid_arn_exception", aws.tag_resource, Resource=strange, Tags=tags)


def test_tags_at_most(aws: Any) -> None:
    replay = Replay("TestLambdaTags::test_tag_limits")
    fifty = {f"{number}_key": f"{number}_value" for number in range(50)}
    replay.error("create_function_invalid_tags", aws.create_function, **request("f", Tags={**fifty, "one": "more"}))
    aws.create_function(**request("thumbs", **TEXT))
    over = {**fifty, "one": "more"}
    replay.error("tag_lambda_too_many_tags", aws.tag_resource, Resource=THUMBS, Tags=over)
    replay.check("tag_response", aws.tag_resource(Resource=THUMBS, Tags=fifty))
    replay.check("list_tags_response", aws.list_tags(Resource=THUMBS))
    replay.check("get_fn_response", aws.get_function(FunctionName="thumbs"))
    additional = {"one": "more"}
    replay.error("tag_lambda_too_many_tags_additional", aws.tag_resource, Resource=THUMBS, Tags=additional)


def test_versions_have_no_tags(aws: Any) -> None:
    replay = Replay("TestLambdaTags::test_tag_versions")
    aws.create_function(**request("thumbs", Publish=True))
    tags = {"key_a": "value_a"}
    replay.error("tag_resource_exception", aws.tag_resource, Resource=arn("thumbs", "1"), Tags=tags)
    latest = arn("thumbs", "$LATEST")
    replay.error("tag_resource_latest_exception", aws.tag_resource, Resource=latest, Tags=tags)


def test_reserved_concurrency(aws: Any) -> None:
    replay = Replay("TestLambdaReservedConcurrency::test_function_concurrency")
    aws.create_function(**request("thumbs"))
    name = {"FunctionName": "thumbs"}
    none = aws.put_function_concurrency(**name, ReservedConcurrentExecutions=0)
    replay.check("put_function_concurrency_with_reserved_0", none)
    one = aws.put_function_concurrency(**name, ReservedConcurrentExecutions=1)
    replay.check("put_function_concurrency_with_reserved_1", one)
    replay.check("get_function_concurrency", aws.get_function_concurrency(**name))
    assert aws.get_function(**name)["Concurrency"] == {"ReservedConcurrentExecutions": 1}
    assert aws.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 999
    replay.check("delete_response", aws.delete_function_concurrency(**name))
    replay.check("get_function_concurrency_after_delete", aws.get_function_concurrency(**name))


def test_reserved_concurrency_that_cannot_be(aws: Any) -> None:
    replay = Replay("TestLambdaReservedConcurrency::test_function_concurrency_exceptions")
    put = aws.put_function_concurrency
    for step, reserved in (("", 1), ("_and_invalid_concurrency", 100_000)):
        replay.error(
            f"put_function_concurrency_with_function_name_doesnotexist{step}",
            put,
            FunctionName="doesnotexist",
            ReservedConcurrentExecutions=reserved,
        )
    aws.create_function(**request("thumbs", Publish=True))
    replay.error(
        "put_function_concurrency_with_qualified_arn",
        put,
        FunctionName=arn("thumbs", "1"),
        ReservedConcurrentExecutions=1,
    )


def test_reserved_concurrency_leaves_some_to_others(aws: Any) -> None:
    replay = Replay("TestLambdaReservedConcurrency::test_function_concurrency_limits", min_unreserved_concurrency="100")
    aws.create_function(**request("thumbs"))
    aws.create_function(**request("others"))
    put = aws.put_function_concurrency
    for step, reserved in (("account_limit_exceeded", 1001), ("below_unreserved_min_value", 901)):
        replay.error(
            f"put_function_concurrency_{step}", put, FunctionName="thumbs", ReservedConcurrentExecutions=reserved
        )
    put(FunctionName="thumbs", ReservedConcurrentExecutions=900)
    put(FunctionName="thumbs", ReservedConcurrentExecutions=900)  # its own share is not counted twice
    step = "put_function_concurrency_below_unreserved_min_value"
    replay.error(step, put, FunctionName="others", ReservedConcurrentExecutions=1)


LOGGED = {**TEXT, "MemorySize": 256, "Timeout": 5}


def test_logging(aws: Any) -> None:
    replay = Replay("TestLoggingConfig::test_function_advanced_logging_configuration")
    made = request("thumbs", **LOGGED, LoggingConfig={"LogFormat": "JSON"})
    replay.check("create_response", aws.create_function(**made))
    replay.check("get_function_response", aws.get_function(FunctionName="thumbs"))
    replay.check("function_config", aws.get_function_configuration(FunctionName="thumbs"))
    updated = aws.update_function_configuration(FunctionName="thumbs", LoggingConfig={"LogGroup": "cool_lambda"})
    replay.check("updated_config", updated)
    replay.check("received_config", aws.get_function_configuration(FunctionName="thumbs"))


def test_logging_format_forth_and_back(aws: Any) -> None:
    replay = Replay("TestLoggingConfig::test_advanced_logging_configuration_format_switch")
    name = {"FunctionName": "thumbs"}
    replay.check("create_response", aws.create_function(**request("thumbs", **LOGGED)))
    replay.check("get_function_response", aws.get_function(**name))
    replay.check("function_config", aws.get_function_configuration(**name))
    updated = aws.update_function_configuration(**name, LoggingConfig={"LogFormat": "JSON"})
    replay.check("updated_config", updated)
    replay.check("received_config", aws.get_function_configuration(**name))
    updated = aws.update_function_configuration(**name, LoggingConfig={"LogFormat": "Text"})
    replay.check("updated_config_v2", updated)
    replay.check("received_config_v2", aws.get_function_configuration(**name))


@pytest.mark.parametrize(
    ("number", "given"),
    [
        (0, {"LogFormat": "JSON"}),
        (1, {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG"}),
        (2, {"LogFormat": "JSON", "SystemLogLevel": "DEBUG"}),
        (3, {"LogGroup": "cool_lambda"}),
    ],
)
def test_logging_in_part(aws: Any, number: int, given: dict[str, str]) -> None:
    replay = Replay(
        f"TestLoggingConfig::test_function_partial_advanced_logging_configuration_update[partial_config{number}]"
    )
    replay.check("create_response", aws.create_function(**request("thumbs", **LOGGED)))
    replay.check("get_function_response", aws.get_function(FunctionName="thumbs"))
    replay.check("function_config", aws.get_function_configuration(FunctionName="thumbs"))
    updated = aws.update_function_configuration(FunctionName="thumbs", LoggingConfig=given)
    replay.check("updated_config", updated)
    replay.check("received_config", aws.get_function_configuration(FunctionName="thumbs"))


def test_the_invoke_mode_of_a_url_is_shown_once_it_was_set(aws: Any) -> None:
    """As recorded from AWS: reading shows it always, a change only when somebody has set it."""
    aws.create_function(**request("thumbs"))
    name = {"FunctionName": "thumbs"}
    assert "InvokeMode" not in aws.create_function_url_config(**name, AuthType="NONE")
    assert aws.get_function_url_config(**name)["InvokeMode"] == "BUFFERED"
    assert "InvokeMode" not in aws.update_function_url_config(**name, AuthType="AWS_IAM")
    streams = aws.update_function_url_config(**name, InvokeMode="RESPONSE_STREAM")
    assert streams["InvokeMode"] == aws.update_function_url_config(**name)["InvokeMode"] == "RESPONSE_STREAM"
    assert aws.get_function_url_config(**name)["InvokeMode"] == "RESPONSE_STREAM"


def test_url_lifecycle(aws: Any) -> None:
    replay = Replay("TestLambdaUrl::test_url_config_lifecycle")
    aws.create_function(**request("thumbs"))
    name = {"FunctionName": "thumbs"}
    made = replay.check("url_creation", aws.create_function_url_config(**name, AuthType="NONE"))
    replay.error("failed_duplication", aws.create_function_url_config, **name, AuthType="NONE")
    shown = replay.check("get_url_config", aws.get_function_url_config(**name))
    assert shown["FunctionUrl"] == made["FunctionUrl"]
    replay.check("updated_url_config", aws.update_function_url_config(**name, AuthType="AWS_IAM"))
    aws.delete_function_url_config(**name)
    replay.error("failed_getter", aws.get_function_url_config, **name)


def test_url_of_a_function_and_of_its_alias(aws: Any) -> None:
    replay = Replay("TestLambdaUrl::test_url_config_deletion_without_qualifier")
    aws.create_function(**request("thumbs"))
    aws.create_alias(FunctionName="thumbs", Name="test-alias", FunctionVersion="$LATEST")
    name = {"FunctionName": "thumbs"}
    alias = {**name, "Qualifier": "test-alias"}
    replay.check("url_creation", aws.create_function_url_config(**name, AuthType="NONE"))
    replay.check("url_with_alias_creation", aws.create_function_url_config(**alias, AuthType="NONE"))
    replay.check("get_url_config", aws.get_function_url_config(**name))
    replay.check("get_url_config_with_alias", aws.get_function_url_config(**alias))
    replay.check("delete_function_url_config", aws.delete_function_url_config(**name))
    replay.error("get_url_config_after_deletion", aws.get_function_url_config, **name)
    replay.check("get_url_config_with_alias_after_deletion", aws.get_function_url_config(**alias))


def _alias_for_url(aws: Any, replay: Replay) -> None:
    aws.create_function(**request("thumbs", Runtime=NODE, **{**TEXT, "Handler": "lambda_handler.handler"}))
    replay.check("fn_version_result", aws.publish_version(FunctionName="thumbs"))
    alias = aws.create_alias(FunctionName="thumbs", Name="urlalias", FunctionVersion="1")
    replay.check("create_alias_result", alias)


def test_urls_are_listed(aws: Any) -> None:
    replay = Replay("TestLambdaUrl::test_url_config_list_paging")
    _alias_for_url(aws, replay)
    name = {"FunctionName": "thumbs"}
    replay.error("list_function_notfound", aws.list_function_url_configs, FunctionName="doesnotexist")
    replay.check("list_all_empty", aws.list_function_url_configs(**name))
    replay.check("url_config_fn", aws.create_function_url_config(**name, AuthType="NONE"))
    alias = aws.create_function_url_config(**name, Qualifier="urlalias", AuthType="NONE")
    replay.check("url_config_alias", alias)
    replay.check("list_all", aws.list_function_url_configs(**name))
    first = aws.list_function_url_configs(**name, MaxItems=1)
    rest = aws.list_function_url_configs(**name, MaxItems=1, Marker=first["NextMarker"])
    assert "NextMarker" not in rest
    assert [config["FunctionArn"] for config in (*first["FunctionUrlConfigs"], *rest["FunctionUrlConfigs"])] == [
        THUMBS,
        arn("thumbs", "urlalias"),
    ]


@pytest.mark.parametrize("operation", ["create", "get", "update", "delete"])
def test_urls_that_cannot_be(aws: Any, operation: str) -> None:
    replay = Replay("TestLambdaUrl::test_url_config_exceptions")
    _alias_for_url(aws, replay)
    call = getattr(aws, f"{operation}_function_url_config")
    members = {"AuthType": "NONE"} if operation in ("create", "update") else {}
    cases: dict[str, dict[str, str]] = {
        "name_doesnotexist": {"FunctionName": "doesnotexist"},
        "name_doesnotexist_qualifier": {"FunctionName": "doesnotexist", "Qualifier": "1"},
        "arn_doesnotexist": {"FunctionName": arn("doesnotexist")},
        "qualifier_version": {"FunctionName": "thumbs", "Qualifier": "1"},
        "qualifier_version_doesnotexist": {"FunctionName": "thumbs", "Qualifier": "2"},
        "qualifier_latest": {"FunctionName": "thumbs", "Qualifier": "$LATEST"},
        "qualifier_alias_doesnotexist": {"FunctionName": "thumbs", "Qualifier": "doesnotexist"},
        "qualifier_alias_doesnotmatch_arn": {
            "FunctionName": arn("thumbs", "urlalias-doesnotmatch"),
            "Qualifier": "urlalias",
        },
        "config_doesnotexist": {"FunctionName": "thumbs"},
    }
    for case, arguments in cases.items():
        step = f"{operation}_function_url_config_{case}"
        if step in replay.steps and isinstance(replay.steps[step], dict):  # AWS itself failed at one of them
            replay.error(step, call, **arguments, **members)
