"""Event source mappings: their configuration. Nothing polls the sources yet."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from functions import lookup
from functions.access.caller import Caller
from functions.actions.base import change
from functions.actions.tags import check_count
from functions.arn import FunctionReference, parse
from functions.errors import InvalidParameterValueException, ResourceConflictException, ResourceNotFoundException
from functions.event_sources import rules
from functions.event_sources.table import KINDS, EventSource
from functions.models import Account, EventSourceMapping

# What a request says of the mapping that is not among its kept members.
APART = ("Enabled", "EventSourceArn", "FunctionName", "Tags", "UUID")
# An empty structure, list or text in an update ends these.
ENDED_BY_NOTHING = frozenset(
    ("FilterCriteria", "KMSKeyArn", "LoggingConfig", "MetricsConfig", "ProvisionedPollerConfig", "ScalingConfig")
)


def create(caller: Caller, members: Mapping[str, Any]) -> EventSourceMapping:
    """A new mapping. `members` are those of CreateEventSourceMapping, in the model's spelling."""
    source = rules.source_of(members)
    rules.check_new(source, members, caller.region)
    check_count(members.get("Tags") or {})
    reference = _function(caller, members["FunctionName"])
    row = EventSourceMapping(
        id=uuid.uuid4(),
        account_id=caller.account_id,
        region=caller.region,
        kind=source.kind,
        function_name=reference.name,
        function_arn=reference.arn,
        source=members.get("EventSourceArn") or "",
        is_enabled=members.get("Enabled") is not False,
        tags=dict(members.get("Tags") or {}),
        modified_at=timezone.now(),
    )
    row.members = _kept(source, row, rules.defaulted(source, members))
    with change(caller, "CreateEventSourceMapping", row.arn, function=row.function_arn, source=row.source):
        # Mappings of one account are made one after the other, or two could be the same.
        Account.objects.select_for_update(no_key=True).filter(pk=caller.account_id).first()
        _check_single(source, row)
        row.save(force_insert=True)
    return row


def update(caller: Caller, id: str, members: Mapping[str, Any]) -> EventSourceMapping:
    """What is absent stays; an empty value ends what can be ended."""
    found = find(caller, id)
    source = KINDS[found.kind]
    given = {member: value for member, value in members.items() if value is not None}
    rules.check(source, given)
    changed = sorted(member for member in given if member != "UUID")
    with change(caller, "UpdateEventSourceMapping", found.arn, changed=changed):
        row = find(caller, id, lock=True)
        if "FunctionName" in given:
            reference = _function(caller, given["FunctionName"])
            row.function_name, row.function_arn = reference.name, reference.arn
            _check_single(source, row)
        row.is_enabled = given.get("Enabled", row.is_enabled)
        rules.check_kept(source, row.members, given)
        row.members = _kept(source, row, {**row.members, **given})
        rules.check_whole(source, row.members)
        row.modified_at = timezone.now()
        row.save()
    return row


def delete(caller: Caller, id: str) -> EventSourceMapping:
    """Returns the mapping as it was."""
    found = find(caller, id)
    with change(caller, "DeleteEventSourceMapping", found.arn):
        row = find(caller, id, lock=True)
        row.delete()
    return found


def find(caller: Caller, id: str, *, lock: bool = False) -> EventSourceMapping:
    rows = EventSourceMapping.objects.filter(account_id=caller.account_id, region=caller.region)
    try:
        key = uuid.UUID(id)
    except ValueError:
        raise _not_found() from None
    row = (rows.select_for_update(no_key=True) if lock else rows).filter(pk=key).first()
    if row is None:
        raise _not_found()
    return row


def _not_found() -> ResourceNotFoundException:
    return ResourceNotFoundException("The resource you requested does not exist.", field="UUID")


def _function(caller: Caller, name: str) -> FunctionReference:
    """The function, version or alias, which must be there."""
    reference = parse(name, None, caller)
    try:
        lookup.version(reference)
    except ResourceNotFoundException:
        raise InvalidParameterValueException("Function does not exist", field="FunctionName") from None
    return reference


def _kept(source: EventSource, row: EventSourceMapping, members: Mapping[str, Any]) -> dict[str, Any]:
    """The members as they are kept and shown."""
    kept = {member: value for member, value in members.items() if member not in APART and value is not None}
    if not (kept.get("FilterCriteria") or {}).get("Filters"):
        kept.pop("FilterCriteria", None)
    if "DestinationConfig" in kept:
        kept["DestinationConfig"] = {"OnFailure": kept["DestinationConfig"].get("OnFailure") or {}}
    if isinstance(kept.get("StartingPositionTimestamp"), datetime):
        kept["StartingPositionTimestamp"] = kept["StartingPositionTimestamp"].timestamp()
    if pollers := kept.get("ProvisionedPollerConfig"):
        kept["ProvisionedPollerConfig"] = {"MinimumPollers": source.pollers[0], "MaximumPollers": 200, **pollers}
    if source.group:
        before, given = row.members.get(source.group, {}), kept.get(source.group, {})
        kept[source.group] = {"ConsumerGroupId": str(row.id), **before, **given}
    return {member: value for member, value in kept.items() if value or member not in ENDED_BY_NOTHING}


def _check_single(source: EventSource, row: EventSourceMapping) -> None:
    """One function reads one source (and topic, and queue) by one mapping."""
    others = EventSourceMapping.objects.filter(
        account_id=row.account_id, region=row.region, function_arn=row.function_arn, source=row.source
    ).exclude(pk=row.pk)
    for other in others:
        if not _overlap(row.members, other.members):
            continue
        servers = ",".join(_servers(row.members))
        raise ResourceConflictException(
            source.duplicate.format(
                source=row.source or servers,
                name=row.function_name,
                arn=row.function_arn,
                topics=",".join(row.members.get("Topics") or ()),
                uuid=other.id,
            ),
            field="EventSourceArn",
        )


def _overlap(members: Mapping[str, Any], others: Mapping[str, Any]) -> bool:
    for each in ("Topics", "Queues"):
        if members.get(each) and not set(members[each]) & set(others.get(each) or ()):
            return False
    servers = _servers(members)
    return not servers or bool(set(servers) & set(_servers(others)))


def _servers(members: Mapping[str, Any]) -> list[str]:
    endpoints = (members.get("SelfManagedEventSource") or {}).get("Endpoints") or {}
    return list(endpoints.get("KAFKA_BOOTSTRAP_SERVERS") or ())
