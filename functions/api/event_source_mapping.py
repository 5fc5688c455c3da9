"""CreateEventSourceMapping, Get..., Update..., Delete..., ListEventSourceMappings: configuration only.

The state is of the configuration, as AWS gives it: no poller reads the sources yet, so that no records are processed.
"""

from datetime import UTC, datetime
from typing import Any

from functions.access.caller import Caller
from functions.actions import event_source_mapping as actions
from functions.api.paging import page
from functions.arn import parse
from functions.event_sources.table import KINDS
from functions.models import EventSourceMapping


def create_event_source_mapping(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    return show(actions.create(caller, request), "Creating")


def get_event_source_mapping(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    return show(actions.find(caller, request["UUID"]))


def update_event_source_mapping(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    state = {True: "Enabling", False: "Disabling", None: "Updating"}[request.get("Enabled")]
    return show(actions.update(caller, request["UUID"], request), state)


def delete_event_source_mapping(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    return show(actions.delete(caller, request["UUID"]), "Deleting")


def list_event_source_mappings(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """A function or source that is not there has no mappings: no error, as at AWS."""
    rows = EventSourceMapping.objects.filter(account_id=caller.account_id, region=caller.region)
    if name := request.get("FunctionName"):
        reference = parse(name, None, caller)
        rows = rows.filter(function_name=reference.name, function_arn=reference.arn)
    if source := request.get("EventSourceArn"):
        rows = rows.filter(source=source)
    found, more = page(rows, {"id": lambda row: str(row.id)}, request)
    return {"EventSourceMappings": [show(row) for row in found], **more}


def show(row: EventSourceMapping, state: str = "") -> dict[str, Any]:
    """The `EventSourceMappingConfiguration` shape. `state` is that of a change which was accepted."""
    source = KINDS[row.kind]
    shown: dict[str, Any] = {
        **row.members,
        "UUID": str(row.id),
        "EventSourceMappingArn": row.arn,
        "FunctionArn": row.function_arn,
        "LastModified": row.modified_at,
        "State": state or ("Enabled" if row.is_enabled else "Disabled"),
        "StateTransitionReason": source.reason,
    }
    if row.source:
        shown["EventSourceArn"] = row.source
    if source.shows_result:
        shown["LastProcessingResult"] = "No records processed"
    if moment := row.members.get("StartingPositionTimestamp"):
        shown["StartingPositionTimestamp"] = datetime.fromtimestamp(moment, UTC)
    return shown
