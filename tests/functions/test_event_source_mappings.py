"""Event source mappings: what each kind of source takes, and what an update leaves."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.event_sources import pattern
from functions.event_sources.table import COMMON, SOURCES
from functions.models import AuditEntry, EventSourceMapping
from tests.functions.world import ACCOUNT, REGION, arn, request


def source(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


SECRET = {"Type": "BASIC_AUTH", "URI": source("secretsmanager", "secret:s")}
# The least that makes a mapping of each kind.
LEAST: dict[str, dict[str, Any]] = {
    "kinesis": {"EventSourceArn": source("kinesis", "stream/clicks"), "StartingPosition": "LATEST"},
    "dynamodb": {"EventSourceArn": source("dynamodb", "table/t/stream/2026"), "StartingPosition": "LATEST"},
    "sqs": {"EventSourceArn": source("sqs", "jobs")},
    "sqs_fifo": {"EventSourceArn": source("sqs", "jobs.fifo")},
    "msk": {
        "EventSourceArn": source("kafka", "cluster/c/6a2f1f30"),
        "Topics": ["orders"],
        "StartingPosition": "TRIM_HORIZON",
    },
    "kafka": {
        "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["kafka:9092"]}},
        "SourceAccessConfigurations": [SECRET],
        "Topics": ["orders"],
    },
    "mq": {
        "EventSourceArn": source("mq", "broker:b:b-6a2f1f30"),
        "Queues": ["jobs"],
        "SourceAccessConfigurations": [SECRET],
    },
    "documentdb": {
        "EventSourceArn": source("rds", "cluster:docs"),
        "DocumentDBEventSourceConfig": {"DatabaseName": "db"},
        "SourceAccessConfigurations": [SECRET],
        "StartingPosition": "LATEST",
    },
}
# A value for each member that only some kinds take.
PARTICULAR: dict[str, Any] = {
    "AmazonManagedKafkaEventSourceConfig": {"ConsumerGroupId": "g"},
    "BisectBatchOnFunctionError": True,
    "DestinationConfig": {"OnFailure": {"Destination": source("sqs", "failed")}},
    "DocumentDBEventSourceConfig": {"DatabaseName": "db"},
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "MaximumRecordAgeInSeconds": 60,
    "MaximumRetryAttempts": 3,
    "ParallelizationFactor": 2,
    "ProvisionedPollerConfig": {"MinimumPollers": 2},
    "Queues": ["jobs"],
    "ScalingConfig": {"MaximumConcurrency": 5},
    "SelfManagedKafkaEventSourceConfig": {"ConsumerGroupId": "g"},
    "Topics": ["orders"],
    "TumblingWindowInSeconds": 30,
}


@pytest.fixture
def lamb(aws: Any) -> Any:
    aws.create_function(**request("thumbs", Publish=True))
    return aws


def refusal(call: Any, /, **members: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call(**members)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def test_every_kind_is_tried() -> None:
    assert set(LEAST) == {each.kind for each in SOURCES}
    once = {"LoggingConfig", "SelfManagedEventSource", "SourceAccessConfigurations"}
    once |= {"StartingPosition", "StartingPositionTimestamp"}
    assert set(PARTICULAR) == set().union(*(each.members for each in SOURCES)) - once
    assert not COMMON & set(PARTICULAR)


@pytest.mark.parametrize("each", SOURCES, ids=lambda each: each.kind)
def test_members_of_a_kind(lamb: Any, each: Any) -> None:
    least = {"FunctionName": "thumbs", **LEAST[each.kind]}
    create = lamb.create_event_source_mapping
    for member, value in PARTICULAR.items():
        if member not in each.members:
            assert refusal(create, **least, **{member: value}) == (
                "InvalidParameterValueException",
                f"Unsupported {member} parameter for given event source mapping type.",
            )
    for member in each.required:
        code, message = refusal(create, **{name: value for name, value in least.items() if name != member})
        assert code == "InvalidParameterValueException"
        assert f"'{member[:1].lower()}{member[1:]}'" in message
    code, message = refusal(create, **least, BatchSize=each.largest_batch + 1)
    assert code == "ValidationException"
    assert f"less than or equal to {each.largest_batch}" in message

    made = create(**least)
    assert made["State"] == "Creating"
    given = {name: value for name, value in PARTICULAR.items() if name in each.members}
    for name in ("AmazonManagedKafkaEventSourceConfig", "SelfManagedKafkaEventSourceConfig", "Topics", "Queues"):
        given.pop(name, None)  # these are not for updates
    if "ScalingConfig" in given:
        del given["ProvisionedPollerConfig"]  # not both
    updated = lamb.update_event_source_mapping(UUID=made["UUID"], **given)
    assert updated["State"] == "Updating"
    shown = lamb.get_event_source_mapping(UUID=made["UUID"])
    assert shown["State"] == "Enabled"
    assert {name: shown[name] for name in given if name != "ProvisionedPollerConfig"} == {
        name: value for name, value in given.items() if name != "ProvisionedPollerConfig"
    }
    assert {name: shown[name] for name in least if name != "FunctionName"} == LEAST[each.kind]
    code, message = refusal(create, **least)
    assert code == "ResourceConflictException"
    assert made["UUID"] in message


def test_rules_that_are_of_one_kind(lamb: Any) -> None:
    def refused(kind: str, **members: Any) -> str:
        return refusal(lamb.create_event_source_mapping, **{"FunctionName": "thumbs", **LEAST[kind], **members})[1]

    now = datetime.now(UTC)
    assert "greater than 0 if maximum batch size is greater than 10" in refused("sqs", BatchSize=11)
    assert "not supported for FIFO" in refused("sqs_fifo", MaximumBatchingWindowInSeconds=1)
    both = {"ScalingConfig": {"MaximumConcurrency": 2}, "ProvisionedPollerConfig": {"MinimumPollers": 2}}
    assert "cannot be used together" in refused("sqs", **both)
    assert "greater than or equal to 2" in refused("sqs", ProvisionedPollerConfig={"MinimumPollers": 1})
    assert "less than or equal to 2000" in refused("msk", ProvisionedPollerConfig={"MaximumPollers": 2001})
    crossed = {"MinimumPollers": 9, "MaximumPollers": 3}
    assert "less than or equal to MaximumPollers" in refused("msk", ProvisionedPollerConfig=crossed)
    assert "Unsupported" in refused("sqs", ProvisionedPollerConfig={"PollerGroupName": "g"})
    assert "greater than or equal to 60" in refused("kinesis", MaximumRecordAgeInSeconds=59)
    assert "Unsupported MetricsConfig" in refused("sqs", MetricsConfig={"Metrics": ["KafkaMetrics"]})
    assert "ProvisionedPollerConfig" in refused("msk", LoggingConfig={"SystemLogLevel": "INFO"})
    assert "Unsupported Source" in refused("msk", SourceAccessConfigurations=[SECRET])
    assert "URI is required" in refused("mq", SourceAccessConfigurations=[{"Type": "BASIC_AUTH"}])
    scope = [{"Type": "OAUTHBEARER_SCOPE", "URI": "s"}]
    assert "requires OAUTHBEARER_AUTH" in refused("kafka", SourceAccessConfigurations=scope)
    at = {"StartingPosition": "AT_TIMESTAMP"}
    assert "'startingPositionTimestamp'" in refused("kinesis", **at)
    later = now + timedelta(hours=1)
    assert "in the future" in refused("kinesis", **at, StartingPositionTimestamp=later)
    assert "only with" in refused("kinesis", StartingPositionTimestamp=now - timedelta(hours=1))
    assert "same region" in refused("sqs", EventSourceArn=f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs")
    assert refused("sqs", EventSourceArn=source("sns", "topic")).startswith("Unrecognized event source")
    assert refused("sqs", **LEAST["kafka"]) == "Unrecognized event source."  # two sources
    assert refused("sqs", FunctionName="thumbs:gone") == "Function does not exist"
    assert "KMSKeyArn" in refused("sqs", KMSKeyArn="arn:aws:kms:us-east-1:1:key/k")
    assert refused("sqs", FilterCriteria={"Filters": [{"Pattern": "{"}]}) == "Invalid filter pattern definition."
    filters = [{"Pattern": '{"body": {"a": [1]}}'}] * 6
    assert "5 filters" in refused("sqs", FilterCriteria={"Filters": filters})
    assert not EventSourceMapping.objects.exists()


def test_a_topic_as_a_queue(lamb: Any) -> None:
    queue = {**LEAST["kafka"], "SelfManagedKafkaEventSourceConfig": {"ConsumptionMode": "Queue"}}
    create, name = lamb.create_event_source_mapping, {"FunctionName": "thumbs"}
    for member, value in (("StartingPosition", "LATEST"), ("MaximumBatchingWindowInSeconds", 1)):
        assert f"Unsupported {member}" in refusal(create, **name, **queue, **{member: value})[1]
    assert refusal(create, **name, **queue, MaximumRetryAttempts=-1)[0] == "ValidationException"
    made = create(**name, **queue)
    assert made["MaximumRetryAttempts"] == 0
    assert "StartingPosition" not in made
    update, config = lamb.update_event_source_mapping, "SelfManagedKafkaEventSourceConfig"
    for changed in ({"ConsumptionMode": "Stream"}, {"ConsumerGroupId": "other"}):
        assert "cannot be updated" in refusal(update, UUID=made["UUID"], **{config: changed})[1]
    schema = {"SchemaRegistryURI": "https://registry.example", "EventRecordFormat": "JSON"}
    update(UUID=made["UUID"], **{config: {"SchemaRegistryConfig": schema}})
    shown = lamb.get_event_source_mapping(UUID=made["UUID"])[config]
    assert shown == {**made[config], "SchemaRegistryConfig": schema}


def test_a_position_in_time(lamb: Any) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    stream = {**LEAST["kinesis"], "StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": moment}
    made = lamb.create_event_source_mapping(FunctionName="thumbs", **stream)
    shown = lamb.get_event_source_mapping(UUID=made["UUID"])
    assert shown["StartingPositionTimestamp"] == moment


def test_what_an_update_changes_and_ends(lamb: Any) -> None:
    filters = {"Filters": [{"Pattern": '{"body": {"kind": [{"prefix": "a"}]}}'}]}
    made = lamb.create_event_source_mapping(
        FunctionName="thumbs",
        **LEAST["sqs"],
        Enabled=False,
        FilterCriteria=filters,
        ScalingConfig={"MaximumConcurrency": 7},
        MetricsConfig={"Metrics": ["EventCount"]},
    )
    key = {"UUID": made["UUID"]}
    assert lamb.get_event_source_mapping(**key)["State"] == "Disabled"
    assert lamb.update_event_source_mapping(**key, Enabled=True)["State"] == "Enabling"
    shown = lamb.get_event_source_mapping(**key)
    assert (shown["State"], shown["FilterCriteria"]) == ("Enabled", filters)
    lamb.update_event_source_mapping(**key, FilterCriteria={}, ScalingConfig={}, FunctionName="thumbs:1")
    shown = lamb.get_event_source_mapping(**key)
    assert not {"FilterCriteria", "ScalingConfig"} & set(shown)
    assert (shown["FunctionArn"], shown["MetricsConfig"]) == (arn("thumbs", "1"), {"Metrics": ["EventCount"]})
    assert refusal(lamb.update_event_source_mapping, **key, BatchSize=100)[0] == "InvalidParameterValueException"
    assert lamb.get_event_source_mapping(**key)["BatchSize"] == 10
    assert lamb.update_event_source_mapping(**key, Enabled=False)["State"] == "Disabling"
    actions = AuditEntry.objects.order_by("id").values_list("action", flat=True)
    assert list(actions)[1:] == ["CreateEventSourceMapping"] + ["UpdateEventSourceMapping"] * 3


def test_lists(lamb: Any) -> None:
    lamb.create_function(**request("other"))
    for name in ("thumbs", "thumbs:1", "other"):
        for number in range(2):
            queue = source("sqs", f"jobs-{number}")
            lamb.create_event_source_mapping(FunctionName=name, EventSourceArn=queue)

    def found(**filters: Any) -> list[tuple[str, str]]:
        pages = lamb.get_paginator("list_event_source_mappings").paginate(**filters, PaginationConfig={"PageSize": 2})
        rows = [row for page in pages for row in page["EventSourceMappings"]]
        return sorted((row["FunctionArn"].rpartition("function:")[2], row["EventSourceArn"][-1]) for row in rows)

    assert len(found()) == 6
    assert found(FunctionName="thumbs") == [("thumbs", "0"), ("thumbs", "1")]
    assert found(FunctionName=arn("thumbs", "1")) == [("thumbs:1", "0"), ("thumbs:1", "1")]
    assert [name for name, _ in found(EventSourceArn=source("sqs", "jobs-1"))] == ["other", "thumbs", "thumbs:1"]
    assert refusal(lamb.list_event_source_mappings, Marker="WyJ4Il0=")[1] == "Invalid pagination marker."


def test_others_do_not_see_it(lamb: Any, mallory: Any) -> None:
    from functions.actions import event_source_mapping
    from functions.errors import ResourceNotFoundException

    made = lamb.create_event_source_mapping(FunctionName="thumbs", **LEAST["sqs"])
    for call in (event_source_mapping.find, event_source_mapping.delete):
        with pytest.raises(ResourceNotFoundException):
            call(mallory, made["UUID"])
    with pytest.raises(ResourceNotFoundException):
        event_source_mapping.update(mallory, made["UUID"], {"Enabled": False})


@pytest.mark.parametrize(
    "text",
    [
        '{"a": ["x", 1, null, true]}',
        '{"a": {"b": [{"numeric": [">", 0, "<=", 10]}]}}',
        '{"a": [{"anything-but": ["x", 1]}, {"anything-but": {"prefix": "x"}}]}',
        '{"a": [{"exists": false}, {"suffix": {"equals-ignore-case": ".PNG"}}]}',
        '{"$or": [{"a": [1]}, {"b": [2]}]}',
    ],
)
def test_patterns(text: str) -> None:
    assert pattern.is_valid(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '"x"',
        '{"a": "x"}',
        '{"a": []}',
        '{"a": {}}',
        '{"a": [{"prefix": 1}]}',
        '{"a": [{"unheard-of": "x"}]}',
        '{"a": [{"numeric": [">"]}]}',
        '{"a": [{"numeric": ["~", 1]}]}',
        '{"a": [{"anything-but": []}]}',
        '{"$or": [{"a": [1]}]}',
        "[" * 100_000,
        '{"a":' * 200 + "[1]" + "}" * 200,
    ],
)
def test_no_patterns(text: str) -> None:
    assert not pattern.is_valid(text)
