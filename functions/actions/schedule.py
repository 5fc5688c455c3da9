"""Schedules: invoking a function by a time-table."""

import json
import re
from typing import Any

from django.utils import timezone

from functions import lookup
from functions.access.caller import Caller
from functions.actions.base import change
from functions.arn import FunctionReference
from functions.errors import (
    ResourceConflictException,
    ResourceNotFoundException,
    ValidationException,
)
from functions.models import Function, Schedule
from functions.triggers.schedule import firing
from functions.triggers.schedule.cron import ExpressionError
from functions.triggers.schedule.expression import parse, zones

NAME = re.compile(r"[.\-_A-Za-z0-9]{1,64}", re.ASCII)
MAX_EXPRESSION = 256
MAX_DESCRIPTION = 512
MAX_INPUT = 262_144  # bytes, EventBridge Scheduler's


def create(
    caller: Caller,
    reference: FunctionReference,
    name: str,
    expression: str,
    *,
    zone: str = "UTC",
    input: str = "",
    description: str = "",
    enabled: bool = True,
) -> Schedule:
    """Invoke the function, or the version or alias of the reference, by `expression`.

    `input` is the payload, JSON; empty for AWS's scheduled event. Names are unique in an account and region. The fields
    of errors: Name, ScheduleExpression, ScheduleExpressionTimezone, Input, Description, Qualifier, FunctionName.
    """
    check_name(name)
    check_expression(expression)
    _check(zone=zone, input=input, description=description)
    arn = f"arn:aws:events:{reference.region}:{reference.account_id}:rule/{name}"
    with change(caller, "CreateSchedule", arn, function=reference.arn, expression=expression, zone=zone):
        function = lookup.function(reference, lock=True)
        _check_qualifier(function, reference.qualifier)
        if Schedule.objects.filter(account_id=reference.account_id, region=reference.region, name=name).exists():
            raise ResourceConflictException(f"Schedule {name} already exists.", field="Name")
        now = timezone.now()
        schedule = Schedule(
            account_id=reference.account_id,
            region=reference.region,
            function=function,
            qualifier=reference.qualifier or "",
            name=name,
            description=description,
            expression=expression.strip(),
            zone=zone,
            input=input,
            is_enabled=enabled,
            created_at=now,
            modified_at=now,
        )
        schedule.next_fire_at = firing.next_fire(schedule, now)
        schedule.save(force_insert=True)
        return schedule


def update(
    caller: Caller,
    name: str,
    *,
    expression: str | None = None,
    zone: str | None = None,
    input: str | None = None,
    description: str | None = None,
    qualifier: str | None = None,
    enabled: bool | None = None,
) -> Schedule:
    """What is None stays. An empty `qualifier` is the function itself, an empty `input` AWS's scheduled event."""
    if expression is not None:
        check_expression(expression)
    _check(zone=zone, input=input, description=description)
    given = {"expression": expression, "zone": zone, "qualifier": qualifier, "enabled": enabled}
    changed: dict[str, Any] = {member: value for member, value in given.items() if value is not None}
    if input is not None:
        changed["input"] = len(input.encode())  # its size: it may hold secrets
    with change(caller, "UpdateSchedule", _arn(caller, name), **changed) as detail:
        schedule = find(caller, name, lock=True)
        detail["function"] = schedule.function.arn
        if qualifier is not None:
            _check_qualifier(schedule.function, qualifier)
            schedule.qualifier = qualifier
        if expression is not None:
            schedule.expression = expression.strip()
        schedule.zone = schedule.zone if zone is None else zone
        schedule.input = schedule.input if input is None else input
        schedule.description = schedule.description if description is None else description
        schedule.is_enabled = schedule.is_enabled if enabled is None else enabled
        now = timezone.now()
        schedule.modified_at = now
        schedule.next_fire_at = firing.next_fire(schedule, now)
        schedule.save()
        return schedule


def enable(caller: Caller, name: str) -> Schedule:
    """Let it fire again, from its next time on: what passed meanwhile is not made up for."""
    return _switch(caller, name, "EnableSchedule", enabled=True)


def disable(caller: Caller, name: str) -> Schedule:
    return _switch(caller, name, "DisableSchedule", enabled=False)


def delete(caller: Caller, name: str) -> None:
    """Events that are queued already still run."""
    with change(caller, "DeleteSchedule", _arn(caller, name)) as detail:
        schedule = find(caller, name, lock=True)
        detail["function"] = schedule.function.arn
        schedule.delete()


def fire_now(caller: Caller, name: str) -> str:
    """A test fire: queue the event as if it were due now, enabled or not. Returns the request id.

    The next due time stays. Raises ResourceNotFoundException, also when the schedule's version or alias is gone.
    """
    with change(caller, "FireSchedule", _arn(caller, name)) as detail:
        schedule = find(caller, name, lock=True)
        firing.fire(schedule, timezone.now())
        if schedule.last_request_id is None:
            raise ResourceNotFoundException(schedule.last_problem, field="Qualifier")
        schedule.save(update_fields=["last_fired_at", "last_result", "last_problem", "last_request_id"])
        detail.update(function=schedule.function.arn, request_id=str(schedule.last_request_id))
        return str(schedule.last_request_id)


def find(caller: Caller, name: str, *, lock: bool = False) -> Schedule:
    """The schedule, with its function loaded. Raises ResourceNotFoundException."""
    rows = Schedule.objects.filter(account_id=caller.account_id, region=caller.region, name=name)
    if lock:
        rows = rows.select_for_update(of=("self",))
    schedule = rows.select_related("function").first()
    if schedule is None:
        raise ResourceNotFoundException(f"Schedule {name} does not exist.", field="Name")
    return schedule


def check_name(name: str) -> None:
    """Raises ValidationException."""
    if not NAME.fullmatch(name):
        raise ValidationException(
            f"1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: "
            r"Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+ and have length less than or equal to "
            "64",
            field="Name",
        )


def check_expression(expression: str) -> None:
    """Raises ValidationException: AWS's sentence, and what is wrong."""
    try:
        if len(expression) > MAX_EXPRESSION:
            raise ExpressionError(f"It has at most {MAX_EXPRESSION} characters.")
        parse(expression)
    except ExpressionError as error:
        raise ValidationException(
            f"Parameter ScheduleExpression is not valid. {error}", field="ScheduleExpression"
        ) from None


def _check(*, zone: str | None, input: str | None, description: str | None) -> None:
    if zone is not None and zone not in zones():
        raise ValidationException(
            f"Parameter ScheduleExpressionTimezone is not valid. There is no time zone {zone!r}.",
            field="ScheduleExpressionTimezone",
        )
    if description is not None and (len(description) > MAX_DESCRIPTION or "\0" in description):
        raise ValidationException(
            f"1 validation error detected: Value '{description[:64]}...' at 'description' failed to satisfy "
            f"constraint: Member must have length less than or equal to {MAX_DESCRIPTION}",
            field="Description",
        )
    if input:
        if len(input.encode(errors="replace")) > MAX_INPUT:
            raise ValidationException(f"Parameter Input is not valid. It has at most {MAX_INPUT} bytes.", field="Input")
        try:
            json.loads(input)
            input.encode()
        except (ValueError, RecursionError) as error:
            raise ValidationException(
                f"Parameter Input is not valid. JSON syntax error in input: {error}.", field="Input"
            ) from None


def _check_qualifier(function: Function, qualifier: str | None) -> None:
    if not qualifier:
        return
    reference = FunctionReference(function.account_id, function.region, function.name, qualifier)
    try:
        lookup.version(reference)
    except ResourceNotFoundException as error:
        raise ResourceNotFoundException(error.message, field="Qualifier") from None


def _switch(caller: Caller, name: str, action: str, *, enabled: bool) -> Schedule:
    with change(caller, action, _arn(caller, name)) as detail:
        schedule = find(caller, name, lock=True)
        detail["function"] = schedule.function.arn
        if schedule.is_enabled != enabled:
            schedule.is_enabled = enabled
            schedule.modified_at = timezone.now()
            schedule.next_fire_at = firing.next_fire(schedule, schedule.modified_at)
            schedule.save(update_fields=["is_enabled", "modified_at", "next_fire_at"])
        return schedule


def _arn(caller: Caller, name: str) -> str:
    return f"arn:aws:events:{caller.region}:{caller.account_id}:rule/{name}"
