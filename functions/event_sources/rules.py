"""What AWS refuses in the members of an event source mapping, by the kind of its source.

The constraints of the service model (ranges, patterns, enums) are checked before, by the gateway.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from functions.errors import InvalidParameterValueException, ValidationException
from functions.event_sources import pattern
from functions.event_sources.table import COMMON, SOURCES, EventSource, by_arn
from functions.limits import limits

Members = Mapping[str, Any]
UNBATCHED = 10  # records that SQS hands over without a batching window
LEAST_AGE = 60  # seconds
# Kinds of access that make sense only beside others.
NEEDS_ACCESS = {
    "OAUTHBEARER_SCOPE": ("OAUTHBEARER_AUTH",),
    "OAUTHBEARER_AUDIENCE": ("OAUTHBEARER_AUTH", "IAM_OAUTHBEARER_AUTH"),
    "OAUTHBEARER_LOGICAL_CLUSTER": ("OAUTHBEARER_AUTH",),
    "OAUTHBEARER_IDENTITY_POOL": ("OAUTHBEARER_AUTH",),
    "IAM_OAUTHBEARER_AUTH": ("OAUTHBEARER_AUDIENCE",),
}
# What a Kafka topic that is consumed as a queue does not take.
WITHOUT_A_QUEUE = ("StartingPosition", "StartingPositionTimestamp", "MaximumBatchingWindowInSeconds")
SECRETLESS = frozenset(("IAM_AUTH", "IAM_OAUTHBEARER_AUTH"))


def source_of(members: Members) -> EventSource:
    """The kind of source that a CreateEventSourceMapping request names."""
    arn, is_self_managed = members.get("EventSourceArn"), members.get("SelfManagedEventSource") is not None
    if bool(arn) == is_self_managed:
        raise InvalidParameterValueException("Unrecognized event source.", field="EventSourceArn")
    source = by_arn(arn) if arn else next(each for each in SOURCES if each.arn is None)
    if source is None:
        raise InvalidParameterValueException(
            f"Unrecognized event source, must be kinesis, dynamodb stream or sqs. Unsupported source arn {arn}",
            field="EventSourceArn",
        )
    return source


def check_new(source: EventSource, members: Members, region: str) -> None:
    """Refuse what a new mapping cannot be."""
    check(source, members)
    for member in source.required:
        if not members.get(member):
            raise _missing(member)
    arn = members.get("EventSourceArn") or ""
    if arn and arn.split(":")[3] != region:
        raise InvalidParameterValueException(
            f"The event source {arn} and the function must be in the same region.", field="EventSourceArn"
        )
    _check_position(source, members, arn)
    check_whole(source, defaulted(source, members))


def defaulted(source: EventSource, members: Members) -> dict[str, Any]:
    """The members of a new mapping with what its kind gives to those that are left out."""
    found = {**source.defaults, **members}
    if (members.get(source.group) or {}).get("ConsumptionMode") == "Queue":
        found = {"MaximumRetryAttempts": 0, **found}
        if "StartingPosition" not in members:
            found.pop("StartingPosition", None)
    return found


def check(source: EventSource, members: Members) -> None:
    """Refuse what a kind of source does not take, in a request to create or to update."""
    for member, value in members.items():
        if value is not None and member not in COMMON and member not in source.members:
            raise _unsupported(member)
    destinations = members.get("DestinationConfig") or {}
    if destinations.get("OnSuccess"):
        raise _unsupported("DestinationConfig")
    if (batch := members.get("BatchSize")) and batch > source.largest_batch:
        raise _constraint("BatchSize", batch, f"less than or equal to {source.largest_batch}")
    if (age := members.get("MaximumRecordAgeInSeconds")) is not None and age != -1 and age < LEAST_AGE:
        raise _constraint("MaximumRecordAgeInSeconds", age, f"greater than or equal to {LEAST_AGE}")
    _check_filters((members.get("FilterCriteria") or {}).get("Filters") or ())
    for metric in (members.get("MetricsConfig") or {}).get("Metrics") or ():
        if metric not in source.metrics:
            raise _unsupported("MetricsConfig")
    _check_access(source, members.get("SourceAccessConfigurations") or ())
    _check_pollers(source, members.get("ProvisionedPollerConfig") or {})


def check_kept(source: EventSource, before: Members, members: Members) -> None:
    """Refuse an update of what stays as it was made."""
    if source.group:
        was, now = before.get(source.group) or {}, members.get(source.group) or {}
        for member in ("ConsumerGroupId", "ConsumptionMode"):
            if member in now and now[member] != was.get(member):
                raise InvalidParameterValueException(f"{member} cannot be updated.", field=source.group)
    hosts = [
        [each.get("URI") for each in given.get("SourceAccessConfigurations") or () if each["Type"] == "VIRTUAL_HOST"]
        for given in (before, members)
    ]
    if hosts[1] and hosts[1] != hosts[0]:
        raise InvalidParameterValueException("VIRTUAL_HOST cannot be updated.", field="SourceAccessConfigurations")


def check_whole(source: EventSource, members: Members) -> None:
    """Refuse members that do not go together: of a new mapping, or of one as an update would leave it."""
    window = members.get("MaximumBatchingWindowInSeconds") or 0
    if source.kind == "sqs_fifo" and window:
        raise InvalidParameterValueException(
            "Batching window is not supported for FIFO queues", field="MaximumBatchingWindowInSeconds"
        )
    if source.kind == "sqs" and members["BatchSize"] > UNBATCHED and not window:
        raise InvalidParameterValueException(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
            field="MaximumBatchingWindowInSeconds",
        )
    if (members.get(source.group) or {}).get("ConsumptionMode") == "Queue":
        for member in WITHOUT_A_QUEUE:
            if members.get(member) is not None:
                raise _unsupported(member)
        if members.get("MaximumRetryAttempts") == -1:
            raise _constraint("MaximumRetryAttempts", -1, "greater than or equal to 0")
    if members.get("ScalingConfig") and members.get("ProvisionedPollerConfig"):
        raise InvalidParameterValueException(
            "ScalingConfig and ProvisionedPollerConfig cannot be used together.", field="ScalingConfig"
        )
    if members.get("LoggingConfig") and not members.get("ProvisionedPollerConfig"):
        raise InvalidParameterValueException(
            "LoggingConfig is supported only with ProvisionedPollerConfig.", field="LoggingConfig"
        )
    if members.get("KMSKeyArn") and not members.get("FilterCriteria"):
        raise InvalidParameterValueException("KMSKeyArn requires FilterCriteria.", field="KMSKeyArn")


def _check_position(source: EventSource, members: Members, arn: str) -> None:
    position, moment = members.get("StartingPosition"), members.get("StartingPositionTimestamp")
    if position and position not in source.positions:
        raise InvalidParameterValueException(
            f"Unsupported starting position for arn type: {arn}", field="StartingPosition"
        )
    if position == "AT_TIMESTAMP" and moment is None:
        raise _missing("StartingPositionTimestamp")
    if position != "AT_TIMESTAMP" and moment is not None:
        raise InvalidParameterValueException(
            "StartingPositionTimestamp is supported only with the starting position AT_TIMESTAMP.",
            field="StartingPositionTimestamp",
        )
    if isinstance(moment, datetime) and moment > timezone.now():
        raise InvalidParameterValueException(
            "StartingPositionTimestamp must not be in the future.", field="StartingPositionTimestamp"
        )


def _check_filters(filters: Any) -> None:
    if len(filters) > limits().filters:
        raise InvalidParameterValueException(
            f"Filter criteria exceed the limit of {limits().filters} filters.", field="FilterCriteria"
        )
    for each in filters:
        if not pattern.is_valid(each.get("Pattern") or ""):
            raise InvalidParameterValueException("Invalid filter pattern definition.", field="FilterCriteria")


def _check_access(source: EventSource, given: Any) -> None:
    kinds = {each.get("Type") for each in given}
    for each in given:
        kind = each.get("Type")
        if kind not in source.access:
            raise _unsupported("SourceAccessConfigurations")
        if bool(each.get("URI")) == (kind in SECRETLESS):
            raise InvalidParameterValueException(
                f"URI is {'not supported' if kind in SECRETLESS else 'required'} for source access type {kind}.",
                field="SourceAccessConfigurations",
            )
        if kind in NEEDS_ACCESS and not kinds.intersection(NEEDS_ACCESS[kind]):
            raise InvalidParameterValueException(
                f"Source access type {kind} requires {' or '.join(NEEDS_ACCESS[kind])}.",
                field="SourceAccessConfigurations",
            )


def _check_pollers(source: EventSource, given: Members) -> None:
    least, most = source.pollers
    for member in ("MinimumPollers", "MaximumPollers"):
        value = given.get(member)
        if value is not None and not least <= value <= most:
            bound = f"greater than or equal to {least}" if value < least else f"less than or equal to {most}"
            raise _constraint(f"ProvisionedPollerConfig.{member}", value, bound)
    if given.get("MinimumPollers", least) > given.get("MaximumPollers", 200):
        raise InvalidParameterValueException(
            "MinimumPollers must be less than or equal to MaximumPollers.", field="ProvisionedPollerConfig"
        )
    if given.get("PollerGroupName") and source.kind.startswith("sqs"):
        raise _unsupported("ProvisionedPollerConfig.PollerGroupName")


def _unsupported(member: str) -> InvalidParameterValueException:
    return InvalidParameterValueException(
        f"Unsupported {member} parameter for given event source mapping type.", field=member.partition(".")[0]
    )


def _missing(member: str) -> InvalidParameterValueException:
    """AWS words the one member that streams need in another way than the rest."""
    name = member[:1].lower() + member[1:]
    if member == "StartingPosition":
        text = f"1 validation error detected: Value null at '{name}' failed to satisfy constraint: "
        return InvalidParameterValueException(text + "Member must not be null.", field=member)
    return InvalidParameterValueException(f"Required '{name}' parameter is missing.", field=member)


def _constraint(member: str, value: int, bound: str) -> ValidationException:
    path = ".".join(part[:1].lower() + part[1:] for part in member.split("."))
    return ValidationException(
        f"1 validation error detected: Value '{value}' at '{path}' failed to satisfy constraint: "
        f"Member must have value {bound}",
        field=member.partition(".")[0],
    )
