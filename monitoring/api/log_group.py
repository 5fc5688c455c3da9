"""CloudWatch Logs: the operations on log groups.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/
"""

from typing import Any

from django.db import IntegrityError, transaction

from monitoring.api.caller import Caller
from monitoring.api.lookup import arn_of, find_group, name_of
from monitoring.errors import (
    InvalidParameterException,
    OperationAbortedException,
    ResourceAlreadyExistsException,
)
from monitoring.models import LogChunk, LogGroup, LogStream

PAGE = 50
RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


def create_log_group(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    _, created = LogGroup.objects.get_or_create(
        account_id=caller.account_id,
        region=caller.region,
        name=request["logGroupName"],
        defaults={"tags": request.get("tags") or {}},
    )
    if not created:
        raise ResourceAlreadyExistsException("The specified log group already exists")
    return {}


def delete_log_group(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    group = find_group(caller, request)
    try:
        with transaction.atomic():
            LogChunk.objects.filter(group=group).delete()
            LogStream.objects.filter(group=group).delete()
            group.delete()
    except IntegrityError as error:  # a line came in meanwhile
        raise OperationAbortedException(
            "A conflicting operation is currently in progress against this resource. Please try again."
        ) from error
    return {}


def describe_log_groups(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    prefix, pattern = request.get("logGroupNamePrefix"), request.get("logGroupNamePattern")
    if prefix and pattern:
        raise InvalidParameterException(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
        )
    groups = LogGroup.objects.filter(account_id=caller.account_id, region=caller.region)
    if prefix:
        groups = groups.filter(name__startswith=prefix)
    if pattern:
        groups = groups.filter(name__contains=pattern)
    if request.get("logGroupIdentifiers"):
        groups = groups.filter(name__in=[name_of(caller, name) for name in request["logGroupIdentifiers"]])
    if request.get("nextToken"):
        groups = groups.filter(name__gt=request["nextToken"])
    limit = request.get("limit") or PAGE
    found = list(groups.order_by("name")[: limit + 1])
    result: dict[str, Any] = {"logGroups": [describe(group) for group in found[:limit]]}
    if len(found) > limit:
        result["nextToken"] = found[limit - 1].name
    return result


def describe(group: LogGroup) -> dict[str, Any]:
    description: dict[str, Any] = {
        "logGroupName": group.name,
        "creationTime": int(group.created_at.timestamp() * 1000),
        "metricFilterCount": 0,
        "arn": group.arn,
        "logGroupArn": arn_of(group),
        "logGroupClass": "STANDARD",
    }
    if group.retention_days:
        description["retentionInDays"] = group.retention_days
    return description


def put_retention_policy(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    days = request["retentionInDays"]
    if days not in RETENTION_DAYS:
        raise InvalidParameterException(f"retentionInDays must be one of {', '.join(map(str, RETENTION_DAYS))}")
    return change(caller, request, retention_days=days)


def delete_retention_policy(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    return change(caller, request, retention_days=None)


def list_tags_for_resource(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    return {"tags": find_group(caller, {"logGroupIdentifier": request["resourceArn"]}).tags}


def list_tags_log_group(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    return {"tags": find_group(caller, request).tags}


def tag_resource(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    where = {"logGroupIdentifier": request["resourceArn"]}
    with transaction.atomic():
        return change(caller, where, tags={**find_group(caller, where).tags, **request["tags"]})


def untag_resource(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    where = {"logGroupIdentifier": request["resourceArn"]}
    with transaction.atomic():
        tags = find_group(caller, where).tags
        return change(caller, where, tags={key: tags[key] for key in tags if key not in request["tagKeys"]})


def change(caller: Caller, request: dict[str, Any], **values: Any) -> dict[str, Any]:
    LogGroup.objects.filter(pk=find_group(caller, request).pk).update(**values)
    return {}
