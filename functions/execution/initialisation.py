"""The init of an environment, told by its events: for the invocation that waits for it, or ahead of all."""

import re
import time
from typing import TYPE_CHECKING, Any

from functions.execution import events, failures
from functions.execution.environment import Environment
from functions.execution.error_types import known
from functions.execution.outcome import KILLED, OOM, Answer, Ended, Outcome
from functions.execution.sandbox.cgroups import MIB
from functions.execution.spec import IMAGE, FunctionSpec

if TYPE_CHECKING:
    from functions.execution.engine import Engine

LOST = Ended(137, "lost")


def failed(outcome: Outcome) -> bool:
    return isinstance(outcome, Ended) or "error" in outcome.head


def is_of_hooks(outcome: Outcome) -> bool:
    """Whether a restore failed by what the function did, not because the environment went away under it."""
    if isinstance(outcome, Answer):
        return failed(outcome)
    return outcome.reason in ("timeout", OOM) or (not outcome.reason and outcome.status != KILLED)


async def initialise(
    engine: "Engine",
    environment: Environment,
    spec: FunctionSpec,
    assignment: dict[str, Any],
    *,
    limit_s: float,
    phase: str = "init",
    request_id: str = "",
) -> tuple[Outcome, float]:
    """What the runtime answered, and after how many milliseconds. The environment is IDLE, or dying.

    `phase`: "invoke" for one that runs on an invocation's time. OSError when there is no such code.
    """
    kind = assignment["environment"]["AWS_LAMBDA_INITIALIZATION_TYPE"]
    was_ahead = environment.awaits_restore
    is_restored = environment.is_copy or was_ahead
    version = runtime_version(spec.runtime or IMAGE, environment.factory.interpreter.version)
    environment.on_leftover = engine.report_leftover
    if is_restored:
        environment.emit(
            events.RestoreStart(version, spec.function_name, spec.version, environment.log_stream, spec.memory_mb * MIB)
        )
    elif environment.journal is not None or spec.stand_in:
        environment.emit(
            events.InitStart(
                kind,
                phase,
                version,
                spec.function_name,
                spec.version,
                environment.log_stream,
                spec.memory_mb * MIB,
                spec.runtime if spec.stand_in else "",
            )
        )
    began = time.monotonic() if not is_restored else environment.started
    try:
        if was_ahead:
            outcome = await environment.restore(assignment, limit_s)
        else:
            outcome = await environment.initialise(engine.placer, spec, engine.trees(spec), assignment, limit_s)
    except ProcessLookupError:  # it died while it waited in the pool
        environment.kill("lost")
        outcome = LOST
    if environment.journal is not None:
        environment.drain_logs()
        ended = ending(outcome, spec, request_id)
        done = events.RestoreRuntimeDone(*ended) if is_restored else events.InitRuntimeDone(*ended, kind, phase)
        environment.emit(done)
    if not failed(outcome):
        outcome = await environment.complete() or outcome
    duration_ms = (time.monotonic() - began) * 1000
    environment.drain_logs()
    if not was_ahead:
        for event in environment.companions.extensions.told():
            environment.emit(event)
    if is_restored:
        environment.emit(events.RestoreReport(*ending(outcome, spec, request_id), duration_ms))
    elif environment.journal is not None or failed(outcome):
        environment.emit(events.InitReport(*ending(outcome, spec, request_id), kind, phase, duration_ms))
    if environment.journal is not None:
        environment.journal.end_init()
    return outcome, duration_ms


def ending(outcome: Outcome, spec: FunctionSpec, request_id: str) -> tuple[str, str]:
    failure = failures.of(outcome, request_id, spec.timeout_s) if failed(outcome) else None
    status, error_type = failures.status(failure)
    if failure is not None and status == "success":  # an exception in the handler's module
        return "error", known(failure.error_type)
    return status, error_type


def runtime_version(runtime: str, version: str) -> str:
    """As AWS names them: python:3.11.7."""
    family = re.match("[a-z]+", runtime)
    return f"{family[0] if family else runtime}:{version}"
