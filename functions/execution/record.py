"""What is kept of an invocation: one report to the spool, with the last lines of its log."""

from typing import TYPE_CHECKING

from functions.execution import events
from functions.execution.failures import Failure
from functions.execution.logs import Line
from monitoring.report import Kind, Outcome, Report

if TYPE_CHECKING:
    from functions.execution.invocation import Invocation


def report(
    invocation: "Invocation",
    logged: list[Line],
    failure: Failure | None,
    duration_ms: float,
    peak_mb: int,
    response: bytes,
) -> Report:
    spec, head, engine = invocation.spec, invocation.head, invocation.engine
    allocation = engine.provisioned.allocations.get(spec.key)
    assert invocation.environment is not None
    return Report(
        kind=Kind.INVOCATION,
        account_id=spec.account_id,
        region=spec.region,
        function_name=spec.function_name,
        version=spec.version,
        qualifier=head.get("qualifier", ""),
        request_id=invocation.request_id,
        source=head.get("source", ""),
        tenant_id=spec.tenant,
        at_ms=invocation.started_ms,
        log_group=spec.group,
        log_stream=invocation.log_stream,
        lines=logged,
        outcome=failure.outcome if failure else Outcome.SUCCESS,
        duration_ms=round(duration_ms, 3),
        billed_ms=events.billed(duration_ms),
        init_ms=round(invocation.init_ms, 3) if invocation.init_ms is not None else None,
        memory_mb=spec.memory_mb,
        max_memory_mb=peak_mb,
        error_type=failure.error_type if failure else "",
        error_message=failure.message if failure else "",
        attempt=head.get("attempt", 1),
        concurrency=invocation.in_use,
        provisioned=invocation.environment.provisioned if allocation is not None else None,
        provisioned_in_use=allocation.busy if allocation is not None else 0,
        provisioned_wanted=allocation.wanted if allocation is not None else 0,
        event_size=len(invocation.event),
        response_size=invocation.produced(response),
        event=engine.recorded(invocation.event),
        response=engine.recorded(response),
    )
