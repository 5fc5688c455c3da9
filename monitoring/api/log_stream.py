"""CloudWatch Logs: the operations on log streams."""

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from monitoring.api.caller import Caller
from monitoring.api.lookup import arn_of, find_group, find_stream
from monitoring.errors import InvalidParameterException, ResourceAlreadyExistsException
from monitoring.models import LogChunk, LogGroup, LogStream

PAGE = 50


def create_log_stream(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    _, created = LogStream.objects.get_or_create(group=find_group(caller, request), name=request["logStreamName"])
    if not created:
        raise ResourceAlreadyExistsException("The specified log stream already exists")
    return {}


def delete_log_stream(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    stream = find_stream(find_group(caller, request), request["logStreamName"])
    with transaction.atomic():
        LogChunk.objects.filter(stream=stream).delete()
        stream.delete()
    return {}


def describe_log_streams(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    group = find_group(caller, request)
    by_time = request.get("orderBy") == "LastEventTime"
    prefix = request.get("logStreamNamePrefix")
    if by_time and prefix:
        raise InvalidParameterException("Cannot order by LastEventTime with a logStreamNamePrefix.")
    streams = LogStream.objects.filter(group=group).annotate(last=Coalesce("last_event_ms", 0))
    if prefix:
        streams = streams.filter(name__startswith=prefix)
    order, sign = "gt", ""
    if request.get("descending"):
        order, sign = "lt", "-"
    if request.get("nextToken"):
        last, name = position(request["nextToken"])
        beyond = Q(**{f"name__{order}": name})
        if by_time:
            beyond = Q(**{f"last__{order}": last}) | (Q(last=last) & beyond)
        streams = streams.filter(beyond)
    limit = request.get("limit") or PAGE
    names = (f"{sign}last", f"{sign}name") if by_time else (f"{sign}name",)
    found = list(streams.order_by(*names)[: limit + 1])
    result: dict[str, Any] = {"logStreams": [describe(group, stream) for stream in found[:limit]]}
    if len(found) > limit:
        final = found[limit - 1]
        result["nextToken"] = f"{final.last_event_ms or 0}/{final.name}"
    return result


def position(token: str) -> tuple[int, str]:
    last, slash, name = token.partition("/")
    if not slash or not (last.isascii() and last.lstrip("-").isdigit()) or len(last) > 18:
        raise InvalidParameterException("The specified nextToken is invalid.")
    return int(last), name


def describe(group: LogGroup, stream: LogStream) -> dict[str, Any]:
    description: dict[str, Any] = {
        "logStreamName": stream.name,
        "creationTime": int(stream.created_at.timestamp() * 1000),
        "arn": f"{arn_of(group)}:log-stream:{stream.name}",
        "storedBytes": 0,  # AWS has answered zero since 2019
    }
    times = {
        "firstEventTimestamp": stream.first_event_ms,
        "lastEventTimestamp": stream.last_event_ms,
        "lastIngestionTime": stream.last_ingestion_ms,
    }
    return description | {name: value for name, value in times.items() if value is not None}
