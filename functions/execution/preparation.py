"""The init of an environment that no invocation waits for yet."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.execution import failures
from functions.execution.assignment import assignment, stream_name
from functions.execution.environment import Environment
from functions.execution.failures import Failure
from functions.execution.initialisation import failed, initialise
from functions.execution.outcome import Answer, Outcome
from functions.execution.spec import FunctionSpec

if TYPE_CHECKING:
    from functions.execution.engine import Engine

# Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib
LEAST_INIT_SECONDS = 130.0


@dataclass(slots=True)
class Preparation:
    engine: "Engine"
    spec: FunctionSpec
    environment: Environment
    initialization: str = "provisioned-concurrency"
    is_copied: bool = False  # the environment will be the template of copies

    async def run(self) -> Failure | None:
        """IDLE afterwards, or what AWS says of the failed init: then the environment is dying. What it printed is in
        the spool."""
        environment, spec, engine = self.environment, self.spec, self.engine
        # The copies of a template start extensions of their own.
        layers = engine.beside(spec) if not self.is_copied else None
        environment.belong(spec, stream_name(spec.version), layers)
        engine.running[environment] = self
        engine.watch()
        outcome: Outcome | None = None
        try:
            given = assignment(spec, environment.log_stream, engine.endpoint, self.initialization)
            given["snapshot"] = self.is_copied
            limit_s = max(LEAST_INIT_SECONDS, spec.timeout_s)
            outcome, _ = await initialise(engine, environment, spec, given, limit_s=limit_s)
        finally:
            engine.running.pop(environment, None)
            if not isinstance(outcome, Answer):
                environment.kill("failed")
        failure = failures.of(outcome, "", spec.timeout_s) if failed(outcome) else None
        if logged := environment.logs.take():
            engine.report_lines(spec, environment.log_stream, logged)
        return failure

    def tick(self, now: float) -> bool:
        return self.environment.oversee(now)
