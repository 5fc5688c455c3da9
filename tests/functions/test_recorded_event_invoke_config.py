"""The asynchronous configuration of functions, versions and aliases, as AWS answered."""

from typing import Any

from tests.functions.replay import Replay
from tests.functions.world import ACCOUNT, REGION, arn, request

TEXT = {"Handler": "handler.handler", "Timeout": 30, "Environment": {"Variables": {}}}
NAME = {"FunctionName": "thumbs"}
NOWHERE = {"FunctionName": "doesnotexist"}


def test_lifecycle(aws: Any) -> None:
    replay = Replay("TestLambdaEventInvokeConfig::test_lambda_eventinvokeconfig_lifecycle")
    aws.create_function(**request("thumbs", **TEXT))
    put, update = aws.put_function_event_invoke_config, aws.update_function_event_invoke_config
    get, listed = aws.get_function_event_invoke_config, aws.list_function_event_invoke_configs

    replay.check("put_invokeconfig_retries_0", put(**NAME, MaximumRetryAttempts=0))
    replay.check("put_invokeconfig_eventage_60", put(**NAME, MaximumEventAgeInSeconds=60))
    replay.check("update_invokeconfig_eventage_nochange", update(**NAME, MaximumEventAgeInSeconds=60))
    replay.check("update_invokeconfig_retries", update(**NAME, MaximumRetryAttempts=1))
    replay.check("get_invokeconfig", get(**NAME))
    replay.check("get_invokeconfig_latest", get(**NAME, Qualifier="$LATEST"))
    replay.check("list_single_invokeconfig", listed(**NAME))
    replay.check("publish_version_result", aws.publish_version(**NAME))
    replay.error("get_invokeconfig_postpublish", get, **NAME, Qualifier="1")
    published = put(**NAME, Qualifier="1", MaximumEventAgeInSeconds=120)
    replay.check("put_published_invokeconfig", published)
    replay.check("get_published_invokeconfig", get(**NAME, Qualifier="1"))

    first = listed(**NAME, MaxItems=1)
    assert len(first["FunctionEventInvokeConfigs"]) == 1
    second = listed(**NAME, MaxItems=1, Marker=first["NextMarker"])
    assert [each["FunctionArn"] for each in second["FunctionEventInvokeConfigs"]] == [arn("thumbs", "1")]
    assert "NextMarker" not in second
    assert aws.delete_function_event_invoke_config(**NAME)["ResponseMetadata"]["HTTPStatusCode"] == 204
    replay.check("list_paging_nolimit_postdelete", listed(**NAME))


def test_what_aws_refuses_and_takes(aws: Any) -> None:
    replay = Replay("TestLambdaEventInvokeConfig::test_lambda_eventinvokeconfig_exceptions")
    alias = "eventinvokealias"
    replay.known["function-name:1"] = "thumbs"
    put, update = aws.put_function_event_invoke_config, aws.update_function_event_invoke_config
    get, listed = aws.get_function_event_invoke_config, aws.list_function_event_invoke_configs
    delete = aws.delete_function_event_invoke_config

    aws.create_function(**request("thumbs", **TEXT))
    replay.known["resource:5"] = "other"
    aws.create_function(**request("other", **TEXT))
    replay.check("fn_version_result", aws.publish_version(**NAME))
    replay.check("fn_alias_result", aws.create_alias(**NAME, Name=alias, FunctionVersion="1"))

    # What is not there.
    replay.error("put_functionname_name_notfound", put, **NOWHERE, MaximumRetryAttempts=2)
    replay.error("put_functionname_arn_notfound", put, FunctionName=arn("doesnotexist"), MaximumRetryAttempts=2)
    replay.error("put_alias_doesnotexist", put, **NAME, Qualifier="doesnotexist", MaximumRetryAttempts=1)
    replay.error("update_eventinvokeconfig_function_doesnotexist", update, **NOWHERE, MaximumRetryAttempts=0)
    step = "update_eventinvokeconfig_config_doesnotexist"
    replay.error(f"{step}_without_qualifier", update, **NAME, MaximumRetryAttempts=0)
    replay.error(f"{step}_with_qualifier", update, **NAME, Qualifier=alias, MaximumRetryAttempts=0)
    replay.error("get_function_doesnotexist", get, **NOWHERE)
    replay.error("get_eventinvokeconfig_doesnotexist", get, **NAME, Qualifier=alias)
    replay.error("get_qualifier_doesnotexist", get, **NAME, Qualifier="doesnotexist")
    replay.error("delete_function_doesnotexist", delete, **NOWHERE)
    replay.error("delete_function_not_found", delete, **NAME)
    replay.error("list_function_doesnotexist", listed, **NOWHERE)

    # Destinations.
    replay.error("put_functionname_nootherargs", put, **NAME)
    success: dict[str, Any] = {"DestinationConfig": {"OnSuccess": {}}}
    replay.check("put_destination_success_no_destination_arn", put(**NAME, **success))
    failure: dict[str, Any] = {"DestinationConfig": {"OnFailure": {}}}
    replay.check("put_destination_failure_no_destination_arn", put(**NAME, **failure))
    itself = {"DestinationConfig": {"OnSuccess": {"Destination": arn("thumbs")}}}
    replay.error("put_destination_recursive", put, **NAME, **itself)
    gone = {"DestinationConfig": {"OnSuccess": {"Destination": arn("doesnotexist")}}}
    replay.error("put_destination_lambda_doesntexist", put, **NAME, **gone)
    strange = f"arn:aws:iam:{REGION}:{ACCOUNT}:function:thumbs"
    service = {"DestinationConfig": {"OnSuccess": {"Destination": strange}}}
    replay.error("put_destination_invalid_service_arn", put, **NAME, **service)
    form = {"DestinationConfig": {"OnFailure": {"Destination": strange.replace("aws:iam", "aws:_-/!lambda")}}}
    replay.error("put_destination_invalid_arn_pattern", put, **NAME, **form)
    other = {"DestinationConfig": {"OnSuccess": {"Destination": arn("other")}}}
    replay.check("put_destination_other_lambda", put(**NAME, **other))

    # Names and qualifiers in every form.
    once = {"MaximumRetryAttempts": 1}
    replay.check("put_destination_latest", put(**NAME, **once))
    replay.check("put_destination_latest_explicit_qualifier", put(**NAME, Qualifier="$LATEST", **once))
    replay.check("put_shorthand_qualifier_match", put(FunctionName="thumbs:$LATEST", Qualifier="$LATEST", **once))
    for number, (name, qualifier) in enumerate(
        [("thumbs:1", "$LATEST"), ("thumbs:$LATEST", "1"), ("thumbs:2", "1")], 1
    ):
        replay.error(f"put_shorthand_qualifier_mismatch_{number}", put, FunctionName=name, Qualifier=qualifier, **once)
    replay.check("put_destination_version", put(**NAME, Qualifier="1", **once))
    replay.check("put_version_shorthand", put(FunctionName="thumbs:1", **once))
    replay.check("put_alias_functionname_qualifier", put(**NAME, Qualifier=alias, **once))
    replay.check("put_alias_qualifiedarn", put(FunctionName=arn("thumbs", alias), **once))
    replay.check("put_alias_qualifiedarn_qualifier", put(FunctionName=arn("thumbs", alias), Qualifier=alias, **once))
    replay.check("put_alias_shorthand", put(FunctionName=f"thumbs:{alias}", **once))
    replay.check("put_alias_shorthand_qualifier", put(FunctionName=f"thumbs:{alias}", Qualifier=alias, **once))
    conflict = {"Qualifier": f"{alias}-2", **once}
    replay.error("put_alias_qualifiedarn_qualifierconflict", put, FunctionName=arn("thumbs", alias), **conflict)
    replay.error("put_alias_shorthand_qualifierconflict", put, FunctionName=f"thumbs:{alias}", **conflict)

    # A put replaces everything, an update only what it names.
    both = {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 60}
    replay.check("put_maxevent_maxvalue_result", put(**NAME, MaximumRetryAttempts=2, MaximumEventAgeInSeconds=21_600))
    replay.check("put_pre_overwrite", put(**NAME, **both))
    replay.check("put_post_overwrite", put(**NAME, MaximumRetryAttempts=0))
    replay.check("get_post_overwrite", get(**NAME))
    replay.check("second_overwrite_existing_response", put(**NAME, MaximumRetryAttempts=0))
    replay.check("pre_update_response", put(**NAME, **both))
    replay.check("update_response", update(**NAME, MaximumRetryAttempts=0))
    replay.check("update_response_existing", update(**NAME, MaximumRetryAttempts=0))
    replay.check("list_configs", listed(**NAME))

    replay.check("delete_latest", delete(**NAME, Qualifier="$LATEST"))
    replay.check("delete_version", delete(**NAME, Qualifier="1"))
    replay.check("delete_alias", delete(**NAME, Qualifier=alias))
    replay.check("list_configs_postdelete", listed(**NAME))
