"""A real executor for tests: its own process, directories and lane, functions from strings of source."""

import hashlib
import itertools
import json
import os
import select
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from functions.execution.lane import LaneClient
from functions.execution.spec import FunctionSpec, InvocationRequest, InvocationResult
from monitoring.report import Kind, Report, decode
from tests.gate import let_go, waits
from tests.processes import descendants

PROJECT = Path(__file__).parents[2]
PYTHON = f"python3.{sys.version_info.minor}"
START_SECONDS = 60.0
ACCOUNT, REGION = "123456789012", "eu-west-1"
V = TypeVar("V")


def eventually(what: Callable[[], V], seconds: float = 30.0) -> V:
    """The first true value of `what`; fails the test when there is none in time."""
    end = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.02)
    return value


@dataclass
class RunningExecutor:
    directory: Path
    process: subprocess.Popen[bytes]
    isolation: dict[str, Any]
    client: LaneClient
    _names: "itertools.count[int]" = field(default_factory=itertools.count)

    @classmethod
    def start(cls, directory: Path, *options: str, prefix: tuple[str, ...] = (), **changes: Any) -> "RunningExecutor":
        for name in ("code", "spool", "run"):
            (directory / name).mkdir(exist_ok=True)
        command = [
            *prefix,
            changes.pop("python", sys.executable),
            "-m",
            "functions.execution.executor",
            "--node",
            "test",
        ]
        command += ["--socket", str(directory / "lane.sock"), "--pool", "2", "--idle", "600"]
        for name in ("code", "spool", "run"):
            command += [f"--{name}", str(directory / name)]
        process = subprocess.Popen(
            [*command, *options], cwd=changes.pop("cwd", PROJECT), stdout=subprocess.PIPE, **changes
        )
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], START_SECONDS)[0], "the executor said nothing"
        said = json.loads(process.stdout.readline())
        assert said["ready"] is True
        return cls(directory, process, said["isolation"], LaneClient(str(directory / "lane.sock")))

    def stop(self) -> int:
        self.client.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(START_SECONDS)
        finally:
            self.process.kill()
            if self.process.stdout is not None:
                self.process.stdout.close()

    def deploy(self, files: dict[str, str]) -> str:
        """Files into the code store; the name of their directory."""
        name = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
        tree = self.directory / "code" / name
        if not tree.exists():
            for path, text in files.items():
                (tree / path).parent.mkdir(parents=True, exist_ok=True)
                (tree / path).write_text(textwrap.dedent(text))
                if text.startswith("#!"):
                    (tree / path).chmod(0o755)
        return name

    def function(self, source: str | dict[str, str], **changes: Any) -> FunctionSpec:
        """The spec of a new function: Python source of `app.py`, or files. `handler` is app.handler by default."""
        files = source if isinstance(source, dict) else {"app.py": source}
        number = next(self._names)
        values: dict[str, Any] = {
            "key": uuid.uuid4().hex,
            "account_id": ACCOUNT,
            "region": REGION,
            "function_name": f"function-{number}",
            "version": "$LATEST",
            "runtime": PYTHON,
            "handler": "app.handler",
            "code": self.deploy(files),
            "memory_mb": 128,
            "timeout_s": 5,
            "ephemeral_mb": 512,
        }
        return FunctionSpec(**(values | changes))

    def waiting(self, **changes: Any) -> FunctionSpec:
        """A new function that waits at the gate that its event names. It returns the name of its log stream."""
        return self.function(waits(), **{"timeout_s": 30, **changes})

    def busy(self, spec: FunctionSpec) -> int:
        """How many of its environments run something."""
        sandboxes = self.client.status()["sandboxes"]
        return sum(each["state"] == "busy" and each["function_name"] == spec.function_name for each in sandboxes)

    def let_go(self, spec: FunctionSpec, name: str = "go") -> None:
        let_go(self.directory / "code" / spec.code, name)

    def invoke(self, spec: FunctionSpec, event: Any = None, **changes: Any) -> InvocationResult:
        payload = changes.pop("payload", None)
        values: dict[str, Any] = {
            "request_id": str(uuid.uuid4()),
            "invoked_arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{spec.function_name}",
            "want_tail": True,
        }
        request = InvocationRequest(spec=spec, **(values | changes))
        return self.client.invoke(request, json.dumps(event).encode() if payload is None else payload)

    def run(self, source: str | dict[str, str], event: Any = None, **changes: Any) -> Any:
        """The value that a new function returns; its failure fails the test."""
        result = self.invoke(self.function(source, **changes), event)
        assert result.function_error == "", result.payload + result.log_tail
        return json.loads(result.payload)

    def reports(self, spec: FunctionSpec) -> list[Report]:
        reports = []
        for segment in sorted((self.directory / "spool").glob("*.jsonl")):
            whole, _, _ = segment.read_bytes().rpartition(b"\n")  # a large one may just be being written
            for line in whole.splitlines():
                report = decode(line)
                if report.function_name == spec.function_name:
                    reports.append(report)
        return reports

    def messages(self, spec: FunctionSpec) -> list[str]:
        """Every log event of a function, in order."""
        return [message for report in self.reports(spec) for _, message in report.lines]

    def last(self, spec: FunctionSpec) -> Report:
        return [report for report in self.reports(spec) if report.kind == Kind.INVOCATION][-1]

    def pids(self) -> list[int]:
        """Every process below the executor."""
        return descendants(self.process.pid)


def is_root() -> bool:
    return os.geteuid() == 0
