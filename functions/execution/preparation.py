"""The init of an environment that no invocation waits for yet."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.execution import failures
from functions.execution.environment import Answer, Environment, Outcome
from functions.execution.failures import Failure
from functions.execution.initialisation import failed, initialise
from functions.execution.invocation import assignment, stream_name
from functions.execution.spec import FunctionSpec
from monitoring.report import Kind, Report

if TYPE_CHECKING:
    from functions.execution.engine import Engine

# Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib
LEAST_INIT_SECONDS = 130.0


@dataclass(slots=True)
class Preparation:
    engine: "Engine"
    spec: FunctionSpec
    environment: Environment

    async def run(self) -> Failure | None:
        """IDLE afterwards, or what AWS says of the failed init: then the environment is dying. What it printed is in
        the spool."""
        environment, spec, engine = self.environment, self.spec, self.engine
        environment.belong(spec, stream_name(spec.version))
        engine.running[environment] = self
        engine.watch()
        at_ms = time.time() * 1000
        outcome: Outcome | None = None
        try:
            given = assignment(spec, environment.log_stream, engine.endpoint, "provisioned-concurrency")
            limit_s = max(LEAST_INIT_SECONDS, spec.timeout_s)
            outcome, _ = await initialise(engine, environment, spec, given, limit_s=limit_s)
        finally:
            engine.running.pop(environment, None)
            if not isinstance(outcome, Answer):
                environment.kill("failed")
        failure = failures.of(outcome, "", spec.timeout_s) if failed(outcome) else None
        if logged := environment.logs.take():
            engine.spool.append(
                Report(
                    kind=Kind.LOG,
                    account_id=spec.account_id,
                    region=spec.region,
                    function_name=spec.function_name,
                    version=spec.version,
                    at_ms=at_ms,
                    log_group=spec.group,
                    log_stream=environment.log_stream,
                    lines=logged,
                )
            )
        return failure

    def tick(self, now: float) -> bool:
        return self.environment.oversee(now)
