"""What the status tells of an environment."""

import time

from functions.execution.environment import Environment
from functions.execution.states import State


def facts(environment: Environment) -> dict[str, object]:
    """What it is, for whom, since when (seconds), the MB it holds now. Some 20 us."""
    spec, sandbox = environment.spec, environment.sandbox
    now = time.monotonic()
    return {
        "pid": sandbox.pid if sandbox is not None else None,
        "state": environment.state.value,
        "frozen": environment.frozen,
        "provisioned": environment.provisioned,
        "template": environment.is_template,
        "age_s": round(now - environment.started, 1),
        "idle_s": round(now - environment.idle_since, 1) if environment.state is State.IDLE else None,
        "log_stream": environment.log_stream,
        "account_id": spec.account_id if spec else "",
        "function_name": spec.function_name if spec else "",
        "version": spec.version if spec else "",
        "memory_mb": spec.memory_mb if spec else 0,
        "held_mb": environment.held_mb() if spec else None,
        "extensions": [each.name for each in environment.companions.extensions.all],
    }
