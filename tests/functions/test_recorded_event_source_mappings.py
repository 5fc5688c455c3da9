"""Event source mappings, as AWS answered."""

from typing import Any

import pytest

from tests.functions.replay import Replay
from tests.functions.world import ACCOUNT, REGION, arn, request

STREAM = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders/stream/2026-11-21T00:00:00.000"
KINESIS = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/clicks"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs"
UNKNOWN = "6a2f1f30-8a75-4b8d-8c0a-0d8b3e5d7f11"
CLASS = "TestLambdaEventSourceMappings"
# What was recorded before AWS gave mappings an ARN.
SELF_MANAGED = {
    "FunctionName": "thumbs",
    "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["kafka:1000"]}},
    "SourceAccessConfigurations": [
        {"Type": "BASIC_AUTH", "URI": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:kafka"}
    ],
    "Topics": ["topic"],
}


def mapped(aws: Any) -> dict[str, Any]:
    """What the lifecycle scenarios begin with."""
    answer: dict[str, Any] = aws.create_event_source_mapping(
        FunctionName="thumbs",
        EventSourceArn=STREAM,
        DestinationConfig={"OnFailure": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:failed"}},
        BatchSize=1,
        StartingPosition="TRIM_HORIZON",
        MaximumBatchingWindowInSeconds=1,
        MaximumRetryAttempts=1,
    )
    return answer


def test_lifecycle(aws: Any) -> None:
    replay = Replay(f"{CLASS}::test_event_source_mapping_lifecycle")
    aws.create_function(**request("thumbs"))
    made = replay.check("create_response", mapped(aws))
    replay.check("get_response", aws.get_event_source_mapping(UUID=made["UUID"]))
    replay.check("delete_response", aws.delete_event_source_mapping(UUID=made["UUID"]))
    with pytest.raises(aws.exceptions.ResourceNotFoundException):
        aws.get_event_source_mapping(UUID=made["UUID"])


def test_a_mapping_outlives_its_function(aws: Any) -> None:
    replay = Replay(f"{CLASS}::test_event_source_mapping_lifecycle_delete_function")
    aws.create_function(**request("thumbs"))
    made = replay.check("create_response", mapped(aws))
    replay.check("get_response", aws.get_event_source_mapping(UUID=made["UUID"]))
    replay.check("delete_function_response", aws.delete_function(FunctionName="thumbs"))
    replay.check("get_response_post_delete", aws.get_event_source_mapping(UUID=made["UUID"]))
    replay.check("delete_response", aws.delete_event_source_mapping(UUID=made["UUID"]))


def test_names_of_the_function(aws: Any) -> None:
    replay = Replay(f"{CLASS}::test_function_name_variations")
    aws.create_function(**request("thumbs", Publish=True))
    aws.create_alias(FunctionName="thumbs", Name="myalias", FunctionVersion="1")
    names = {
        "name_only": "thumbs",
        "partial_arn_latest": "thumbs:$LATEST",
        "partial_arn_version": "thumbs:1",
        "partial_arn_alias": "thumbs:myalias",
        "full_arn_latest": arn("thumbs"),
        "full_arn_version": arn("thumbs", "1"),
        "full_arn_alias": arn("thumbs", "myalias"),
    }
    for step, name in names.items():
        made = aws.create_event_source_mapping(FunctionName=name, EventSourceArn=QUEUE)
        replay.check(f"{step}_create_esm", made)
        aws.delete_event_source_mapping(UUID=made["UUID"])


def test_what_is_not_there(aws: Any) -> None:
    replay = Replay(f"{CLASS}::test_event_source_mapping_exceptions")
    replay.error("get_unknown_uuid", aws.get_event_source_mapping, UUID=UNKNOWN)
    replay.error("delete_unknown_uuid", aws.delete_event_source_mapping, UUID=UNKNOWN)
    replay.error("update_unknown_uuid", aws.update_event_source_mapping, UUID=UNKNOWN, Enabled=False)
    assert aws.list_event_source_mappings(FunctionName="doesnotexist")["EventSourceMappings"] == []
    assert aws.list_event_source_mappings(EventSourceArn=QUEUE)["EventSourceMappings"] == []
    create = aws.create_event_source_mapping
    replay.error("create_no_event_source_arn", create, FunctionName="doesnotexist")
    replay.error("create_unknown_params", create, FunctionName="doesnotexist", EventSourceArn=QUEUE)
    replay.error(
        "destination_config_failure",
        create,
        FunctionName="doesnotexist",
        EventSourceArn=QUEUE,
        DestinationConfig={"OnSuccess": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:other"}},
    )


def test_starting_positions(aws: Any) -> None:
    names = {"table-name": "orders", "stream-name": STREAM.rpartition("/")[2]}
    replay = Replay(f"{CLASS}::test_create_event_source_validation", **names)
    aws.create_function(**request("thumbs"))
    create, stream = aws.create_event_source_mapping, {"FunctionName": "thumbs", "EventSourceArn": STREAM}
    replay.error("no_starting_position", create, **stream)
    replay.error("invalid_starting_position", create, **stream, StartingPosition="invalid")
    replay.error("incompatible_starting_position", create, **stream, StartingPosition="AT_TIMESTAMP")
    replay = Replay(f"{CLASS}::test_create_event_source_validation_kinesis")
    stream["EventSourceArn"] = KINESIS
    replay.error("no_starting_position", create, **stream)
    replay.error("invalid_starting_position", create, **stream, StartingPosition="invalid")


def test_no_filters(aws: Any) -> None:
    replay = Replay(f"{CLASS}::test_create_event_filter_criteria_validation", **{"table-name": "orders"})
    aws.create_function(**request("thumbs"))
    made = aws.create_event_source_mapping(
        FunctionName="thumbs", EventSourceArn=STREAM, StartingPosition="LATEST", FilterCriteria={"Filters": []}
    )
    replay.check("response-with-empty-filters", made)


def test_self_managed_kafka(aws: Any) -> None:
    replay = Replay(f"{CLASS}::test_create_event_source_self_managed")
    create, but = aws.create_event_source_mapping, ("EventSourceMappingArn",)  # AWS gave it none in those days
    aws.create_function(**request("thumbs"))
    default = {member: value for member, value in SELF_MANAGED.items() if member != "SourceAccessConfigurations"}
    replay.error("missing-source-access-configuration", create, **default)
    replay.check("event-source-mapping-default", create(**SELF_MANAGED), but=but)
    values = {
        **SELF_MANAGED,
        "Topics": ["topic_2"],
        "BatchSize": 1,
        "StartingPosition": "LATEST",
        "SelfManagedKafkaEventSourceConfig": {"ConsumerGroupId": "random_id"},
    }
    replay.check("event-source-mapping-values", create(**values), but=but)
    replay.error("duplicate-source", create, **SELF_MANAGED)
    two = {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["kafka:1000", "kafka:2000"]}}
    replay.error("multiple-duplicate-source", create, **{**SELF_MANAGED, "SelfManagedEventSource": two})


def test_tags(aws: Any) -> None:
    replay = Replay("TestLambdaTag::test_create_tag_on_esm_create", **{"custom-tag": "x"})
    aws.create_function(**request("thumbs"))
    made = aws.create_event_source_mapping(FunctionName="thumbs", EventSourceArn=QUEUE, Tags={"testtag": "x"})
    resource = made["EventSourceMappingArn"]
    replay.check("list_tags_result", aws.list_tags(Resource=resource))
    [found] = aws.list_event_source_mappings()["EventSourceMappings"]
    assert replay.recorded("get_event_source_mapping_with_tag") is (found["EventSourceMappingArn"] == resource)


def test_tags_come_and_go(aws: Any) -> None:
    replay = Replay("TestLambdaTag::test_tag_lifecycle[event_source_mapping]")
    aws.create_function(**request("thumbs"))
    made = aws.create_event_source_mapping(FunctionName="thumbs", EventSourceArn=QUEUE)
    replay_tags(aws, replay, made["EventSourceMappingArn"])


def replay_tags(aws: Any, replay: Replay, resource: str) -> None:
    """The life of the tags of one resource."""

    def tag(step: str, **tags: str) -> None:
        replay.check(f"tag_{step}_response", aws.tag_resource(Resource=resource, Tags=tags))
        replay.check(f"tag_{step}_response_listtags", aws.list_tags(Resource=resource))

    def untag(step: str, *keys: str) -> None:
        replay.check(f"untag_{step}_response", aws.untag_resource(Resource=resource, TagKeys=list(keys)))
        replay.check(f"untag_{step}_response_listtags", aws.list_tags(Resource=resource))

    tag("single", A="tag-a")
    tag("multiple", B="tag-b", C="tag-c")
    tag("overlap", C="tag-c-newsuffix", D="tag-d")
    untag("single", "A")
    untag("multiple", "B", "C")
    untag("nonexisting", "F")
    untag("existing_and_nonexisting", "D", "F")
