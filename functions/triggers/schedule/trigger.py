"""Schedules, as a kind of trigger. The id of one is its name."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from functions.access.caller import Caller
from functions.actions import schedule as actions
from functions.arn import FunctionReference
from functions.errors import ResourceNotFoundException
from functions.models import AsyncEvent, Function, Schedule
from functions.triggers.base import Field, FieldKind, Outcome, Row, Trigger, qualifier_choices
from functions.triggers.schedule.expression import next_times, zones
from functions.triggers.schedule.sentence import describe

NEXT_RUNS = 5
OUTCOMES = {
    AsyncEvent.State.PENDING: Outcome.WAITING,
    AsyncEvent.State.RUNNING: Outcome.WAITING,
    AsyncEvent.State.SUCCEEDED: Outcome.OK,
}


class ScheduleTrigger(Trigger):
    kind = "schedule"
    title = "Schedule"
    icon = "clock"
    summary = "Invokes the function every so often, or by a time-table."
    can_be_disabled = True
    can_fire = True
    can_be_restored = True

    def rows_of(self, functions: Sequence[Function]) -> dict[int, list[Row]]:
        found: dict[int, list[Row]] = {function.pk: [] for function in functions}
        schedules = list(Schedule.objects.filter(function__in=list(found)))
        ids = [schedule.last_request_id for schedule in schedules if schedule.last_request_id]
        events = {event.pk: event for event in AsyncEvent.objects.light().filter(pk__in=ids)} if ids else {}
        for each in schedules:
            event = events.get(each.last_request_id) if each.last_request_id else None
            found[each.function_id].append(_row(each, event))
        return found

    def having(self) -> Exists:
        return Exists(Schedule.objects.filter(function=OuterRef("pk")))

    def fields(self, function: Function) -> list[Field]:
        zone_choices = tuple((zone, zone) for zone in zones())
        return [
            Field("Name", "Name", required=True, fixed=True, help="Letters, digits, dots, dashes and underscores."),
            Field(
                "ScheduleExpression",
                "Expression",
                required=True,
                help="rate(5 minutes), or cron(minutes hours day-of-month month day-of-week year) as in "
                "cron(0 9 ? * MON-FRI *).",
                initial="rate(5 minutes)",
            ),
            Field("ScheduleExpressionTimezone", "Time zone", FieldKind.COMBO, choices=zone_choices, initial="UTC"),
            Field("Qualifier", "Invoke", FieldKind.SELECT, choices=qualifier_choices(function)),
            Field("Input", "Event", FieldKind.JSON, help="JSON. Left empty, the function gets AWS's scheduled event."),
            Field("Description", "Description"),
            Field("Enabled", "Enabled", FieldKind.CHECKBOX, initial=True),
        ]

    def create(self, caller: Caller, reference: FunctionReference, values: Mapping[str, Any]) -> str:
        qualifier = values.get("Qualifier") or None
        return actions.create(
            caller,
            FunctionReference(reference.account_id, reference.region, reference.name, qualifier),
            values.get("Name") or "",
            values.get("ScheduleExpression") or "",
            zone=values.get("ScheduleExpressionTimezone", "UTC"),
            input=values.get("Input") or "",
            description=values.get("Description") or "",
            enabled=bool(values.get("Enabled", True)),
        ).name

    def update(self, caller: Caller, reference: FunctionReference, id: str, values: Mapping[str, Any]) -> None:
        _check_owner(caller, reference, id)
        actions.update(
            caller,
            id,
            expression=values.get("ScheduleExpression"),
            zone=values.get("ScheduleExpressionTimezone"),
            input=values.get("Input"),
            description=values.get("Description"),
            qualifier=values.get("Qualifier"),
            enabled=values.get("Enabled"),
        )

    def delete(self, caller: Caller, reference: FunctionReference, id: str) -> None:
        _check_owner(caller, reference, id)
        actions.delete(caller, id)

    def enable(self, caller: Caller, reference: FunctionReference, id: str, *, enabled: bool) -> None:
        _check_owner(caller, reference, id)
        (actions.enable if enabled else actions.disable)(caller, id)

    def fire(self, caller: Caller, reference: FunctionReference, id: str) -> str:
        _check_owner(caller, reference, id)
        return actions.fire_now(caller, id)


def _row(schedule: Schedule, event: AsyncEvent | None) -> Row:
    outcome, text = Outcome.NONE, ""
    if schedule.last_result == Schedule.Result.REFUSED:
        outcome, text = Outcome.ERROR, schedule.last_problem
    elif event is not None:
        state = AsyncEvent.State(event.state)
        outcome = OUTCOMES.get(state, Outcome.ERROR)
        text = f"{state.label}: {event.error_type}" if event.error_type and outcome != Outcome.OK else str(state.label)
    # A time-table goes on while its schedule is disabled: what it would do is shown all the same.
    times = next_times(schedule.expression, timezone.now(), NEXT_RUNS, schedule.zone, anchor=schedule.created_at)
    return Row(
        kind=ScheduleTrigger.kind,
        id=schedule.name,
        title=schedule.name,
        detail=f"{describe(schedule.expression)} ({schedule.zone})",
        qualifier=schedule.qualifier,
        is_enabled=schedule.is_enabled,
        address=schedule.expression,
        last_outcome=outcome,
        last_text=text,
        last_at=schedule.last_fired_at,
        last_request_id=str(schedule.last_request_id or ""),
        next_times=tuple(times),
        values={
            "Name": schedule.name,
            "ScheduleExpression": schedule.expression,
            "ScheduleExpressionTimezone": schedule.zone,
            "Qualifier": schedule.qualifier,
            "Input": schedule.input,
            "Description": schedule.description,
            "Enabled": schedule.is_enabled,
        },
    )


def _check_owner(caller: Caller, reference: FunctionReference, name: str) -> None:
    """A page of one function does not change the schedules of another."""
    if actions.find(caller, name).function.name != reference.name:
        raise ResourceNotFoundException(f"Schedule {name} does not exist.", field="Name")


TRIGGER = ScheduleTrigger()
