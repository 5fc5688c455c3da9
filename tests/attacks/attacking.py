"""Runs hostile handlers (`handlers/`), and looks at the executor from outside."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from functions.execution.spec import FunctionSpec, InvocationResult
from tests.execution.running import RunningExecutor, eventually

HANDLERS = {path.name: path.read_text() for path in (Path(__file__).parent / "handlers").iterdir() if path.is_file()}
NEIGHBOUR = "count = 0\ndef handler(event, context):\n    global count\n    count += 1\n    return count"
MIB = 1 << 20
# What one attack may leave behind in the executor's memory: buffers of the largest frames, not what was sent.
MOST_GROWTH = 96 * MIB


@dataclass
class Attacker:
    """Functions of the hostile package in one executor. Attacks with the same settings share a function."""

    executor: RunningExecutor
    runtime: str
    node: str = ""  # a Node.js runtime, if there is one
    _functions: dict[str, FunctionSpec] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.neighbour = self.executor.function(NEIGHBOUR, runtime=self.runtime)
        self.answers = 0

    def function(self, **changes: Any) -> FunctionSpec:
        key = json.dumps(changes, sort_keys=True)
        if key not in self._functions:
            self._functions[key] = self.executor.function(HANDLERS, **{"runtime": self.runtime, **changes})
        return self._functions[key]

    def invoke(self, name: str, *arguments: Any, **changes: Any) -> InvocationResult:
        """One attack by Python: `<module>.<function>` of the package."""
        return self.executor.invoke(self.function(**changes), [name, *arguments])

    def run(self, name: str, *arguments: Any, **changes: Any) -> Any:
        """What an attack returns that comes to its end."""
        return value(self.invoke(name, *arguments, **changes))

    def by_node(self, name: str, **changes: Any) -> InvocationResult:
        settings = {"runtime": self.node, "handler": "index.handler", "memory_mb": 512, **changes}
        return self.executor.invoke(self.function(**settings), name)

    def check_neighbour(self) -> None:
        """It answers, in the environment that it had before."""
        self.answers += 1
        assert value(self.executor.invoke(self.neighbour)) == self.answers

    def check_settled(self) -> None:
        """Nothing runs any more: what was attacked is dead or waits for its next invocation."""

        def settled() -> bool:
            states = self.executor.client.status()["environments"]
            return not {"busy", "initialising", "draining"} & set(states)

        eventually(settled)

    # --- the executor from outside ---

    @property
    def pid(self) -> int:
        """The executor itself; rootless it is the last of three."""
        return next(pid for pid in reversed([self.executor.process.pid, *self.executor.pids()]) if is_executor(pid))

    def resident(self) -> int:
        """Bytes."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))


def is_executor(pid: int) -> bool:
    try:
        return b"functions.execution.executor" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def value(result: InvocationResult) -> Any:
    assert result.function_error == "", result.payload + result.log_tail
    return json.loads(result.payload)


def status_of(pid: int) -> dict[str, str]:
    """/proc/PID/status; empty for a process that has gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)
