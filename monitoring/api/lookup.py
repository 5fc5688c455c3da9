"""Log groups and streams by the names a request gives."""

import re
from typing import Any

from monitoring.api.caller import Caller
from monitoring.errors import InvalidParameterException, ResourceNotFoundException
from monitoring.models import LogGroup, LogStream
from monitoring.queries import logs

ARN = re.compile(r"arn:[\w-]+:logs:[\w-]+:(?P<account>\d{12}):log-group:(?P<name>[^:*]+)(?::\*)?")


def find_group(caller: Caller, request: dict[str, Any]) -> LogGroup:
    """The group that `logGroupName` or `logGroupIdentifier` (name or ARN) names. Raises ResourceNotFoundException."""
    name, identifier = request.get("logGroupName"), request.get("logGroupIdentifier")
    if (name is None) == (identifier is None):
        raise InvalidParameterException("Exactly one of logGroupName and logGroupIdentifier must be specified")
    group = logs.group(caller.account_id, caller.region, name or name_of(caller, str(identifier)))
    if group is None:
        raise ResourceNotFoundException("The specified log group does not exist.")
    return group


def name_of(caller: Caller, identifier: str) -> str:
    if not identifier.startswith("arn:"):
        return identifier
    found = ARN.fullmatch(identifier)
    if found is None:
        raise InvalidParameterException(f"Invalid log group identifier '{identifier}'")
    if found["account"] != caller.account_id:
        raise ResourceNotFoundException("The specified log group does not exist.")
    return found["name"]


def find_stream(group: LogGroup, name: str) -> LogStream:
    stream = LogStream.objects.filter(group=group, name=name).first()
    if stream is None:
        raise ResourceNotFoundException("The specified log stream does not exist.")
    return stream


def arn_of(group: LogGroup) -> str:
    """Without the `:*` that the older member `arn` ends in."""
    return group.arn.removesuffix(":*")
