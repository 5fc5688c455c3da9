"""The kinds of event sources: which members of an event source mapping each takes, and what they are when left out.

Data, not code: `functions.actions.event_source_mapping` checks by it, and a poller of a kind finds its limits here.
Source: https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html and responses recorded from AWS.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ANY_POSITION = ("TRIM_HORIZON", "LATEST", "AT_TIMESTAMP")
# What every kind takes. The other members are for the kinds that name them.
COMMON = frozenset(
    (
        "BatchSize",
        "Enabled",
        "EventSourceArn",
        "FilterCriteria",
        "FunctionName",
        "KMSKeyArn",
        "MaximumBatchingWindowInSeconds",
        "MetricsConfig",
        "Tags",
        "UUID",
    )
)
RETRIES = ("BisectBatchOnFunctionError", "DestinationConfig", "MaximumRecordAgeInSeconds", "MaximumRetryAttempts")
STREAM = (
    *RETRIES,
    "FunctionResponseTypes",
    "ParallelizationFactor",
    "StartingPosition",
    "StartingPositionTimestamp",
    "TumblingWindowInSeconds",
)
KAFKA = (
    *RETRIES,
    "FunctionResponseTypes",
    "LoggingConfig",
    "ProvisionedPollerConfig",
    "SourceAccessConfigurations",
    "StartingPosition",
    "StartingPositionTimestamp",
    "Topics",
)
STREAM_DEFAULTS: dict[str, Any] = {
    "BatchSize": 100,
    "MaximumBatchingWindowInSeconds": 0,
    "ParallelizationFactor": 1,
    "DestinationConfig": {"OnFailure": {}},
    "MaximumRecordAgeInSeconds": -1,
    "BisectBatchOnFunctionError": False,
    "MaximumRetryAttempts": -1,
    "TumblingWindowInSeconds": 0,
    "FunctionResponseTypes": [],
}
OAUTH = (
    "OAUTHBEARER_AUTH",
    "OAUTHBEARER_SCOPE",
    "OAUTHBEARER_AUDIENCE",
    "OAUTHBEARER_LOGICAL_CLUSTER",
    "OAUTHBEARER_IDENTITY_POOL",
)
BY_SYSTEM, BY_USER = "User action", "USER_INITIATED"  # AWS says the same thing in two ways


@dataclass(frozen=True, slots=True)
class EventSource:
    """One kind. Its ARN matches `arn`; a self-managed source has none."""

    kind: str
    title: str
    arn: re.Pattern[str] | None
    members: frozenset[str]  # beside those that every kind takes
    defaults: Mapping[str, Any]
    required: tuple[str, ...] = ()
    positions: tuple[str, ...] = ()
    largest_batch: int = 10_000
    access: frozenset[str] = frozenset()  # types of SourceAccessConfigurations
    metrics: frozenset[str] = frozenset(("EventCount",))
    pollers: tuple[int, int] = (1, 2_000)  # least and most of ProvisionedPollerConfig
    reason: str = BY_USER  # StateTransitionReason
    shows_result: bool = True  # has a LastProcessingResult
    group: str = ""  # the member with the consumer group, which is the UUID unless it is given
    # How AWS says that source and function are mapped already: by its ARN, name of the function, and UUID.
    duplicate: str = (
        'The event source arn (" {source} ") and function (" {name} ") provided mapping already exists. '
        "Please update or delete the existing mapping with UUID {uuid}"
    )


def _arn(service: str, resource: str) -> re.Pattern[str]:
    return re.compile(rf"arn:aws[a-z-]*:{service}:([a-z0-9-]+):\d{{12}}:{resource}", re.ASCII)


_SQS_DUPLICATE = (
    'An event source mapping with SQS arn (" {source} ") and function (" {name} ") already exists. '
    "Please update or delete the existing mapping with UUID {uuid}"
)
_SQS: dict[str, Any] = {
    "members": frozenset(("FunctionResponseTypes", "ProvisionedPollerConfig", "ScalingConfig")),
    "defaults": {"BatchSize": 10, "MaximumBatchingWindowInSeconds": 0, "FunctionResponseTypes": []},
    "pollers": (2, 10_000),
    "shows_result": False,
    "duplicate": _SQS_DUPLICATE,
}
_KAFKA_METRICS = frozenset(("EventCount", "ErrorCount", "KafkaMetrics"))

SOURCES: tuple[EventSource, ...] = (
    EventSource(
        kind="kinesis",
        title="Kinesis",
        arn=_arn("kinesis", r"stream/[a-zA-Z0-9_.-]+(/consumer/[a-zA-Z0-9_.-]+(:\d+)?)?"),
        members=frozenset(STREAM),
        defaults=STREAM_DEFAULTS,
        required=("StartingPosition",),
        positions=ANY_POSITION,
        reason=BY_SYSTEM,
    ),
    EventSource(
        kind="dynamodb",
        title="DynamoDB",
        arn=_arn("dynamodb", r"table/[a-zA-Z0-9_.-]+/stream/[\w:.-]+"),
        members=frozenset(STREAM),
        defaults=STREAM_DEFAULTS,
        required=("StartingPosition",),
        positions=("TRIM_HORIZON", "LATEST"),
        reason=BY_SYSTEM,
    ),
    EventSource(kind="sqs_fifo", title="SQS FIFO", arn=_arn("sqs", r"[a-zA-Z0-9_-]+\.fifo"), largest_batch=10, **_SQS),
    EventSource(kind="sqs", title="SQS", arn=_arn("sqs", r"[a-zA-Z0-9_-]+"), **_SQS),
    EventSource(
        kind="msk",
        title="Amazon MSK",
        arn=_arn("kafka", r"(cluster|vpc-connection)/.+"),
        members=frozenset((*KAFKA, "AmazonManagedKafkaEventSourceConfig")),
        defaults={"BatchSize": 100},
        required=("Topics", "StartingPosition"),
        positions=ANY_POSITION,
        access=frozenset(("SASL_SCRAM_512_AUTH", "CLIENT_CERTIFICATE_TLS_AUTH")),
        metrics=_KAFKA_METRICS,
        group="AmazonManagedKafkaEventSourceConfig",
    ),
    EventSource(
        kind="kafka",
        title="Apache Kafka",
        arn=None,
        members=frozenset((*KAFKA, "SelfManagedEventSource", "SelfManagedKafkaEventSourceConfig")),
        defaults={"BatchSize": 100, "StartingPosition": "TRIM_HORIZON"},
        required=("SourceAccessConfigurations", "Topics"),
        positions=ANY_POSITION,
        access=frozenset(
            (
                "BASIC_AUTH",
                "VPC_SUBNET",
                "VPC_SECURITY_GROUP",
                "SASL_SCRAM_256_AUTH",
                "SASL_SCRAM_512_AUTH",
                "CLIENT_CERTIFICATE_TLS_AUTH",
                "SERVER_ROOT_CA_CERTIFICATE",
                *OAUTH,
                "IAM_AUTH",
                "IAM_OAUTHBEARER_AUTH",
            )
        ),
        metrics=_KAFKA_METRICS,
        group="SelfManagedKafkaEventSourceConfig",
        duplicate='An event source mapping with event source ("{source}"), function ("{arn}"), topics ("{topics}") '
        "already exists. Please update or delete the existing mapping with UUID {uuid}",
    ),
    EventSource(
        kind="mq",
        title="Amazon MQ",
        arn=_arn("mq", r"broker:[^:]+:[a-z0-9-]+"),
        members=frozenset(("Queues", "SourceAccessConfigurations")),
        defaults={"BatchSize": 100},
        required=("Queues", "SourceAccessConfigurations"),
        access=frozenset(("BASIC_AUTH", "VIRTUAL_HOST")),
    ),
    EventSource(
        kind="documentdb",
        title="Amazon DocumentDB",
        arn=_arn("rds", r"cluster:[a-zA-Z0-9-]+"),
        members=frozenset(
            (
                "DocumentDBEventSourceConfig",
                "SourceAccessConfigurations",
                "StartingPosition",
                "StartingPositionTimestamp",
            )
        ),
        defaults={"BatchSize": 100},
        required=("DocumentDBEventSourceConfig", "SourceAccessConfigurations", "StartingPosition"),
        positions=ANY_POSITION,
        access=frozenset(("BASIC_AUTH",)),
    ),
)
KINDS: dict[str, EventSource] = {source.kind: source for source in SOURCES}


def by_arn(arn: str) -> EventSource | None:
    """The kind of source that an ARN names; None for anything that Lambda does not read from."""
    return next((source for source in SOURCES if source.arn and source.arn.fullmatch(arn)), None)
