"""SnapStart: a whole first call through the lane, of a function whose import takes a second and 60 MB."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from functions.execution.runtimes import discovery, snapshot
from functions.execution.spec import FunctionSpec
from tests.bench.measure import Times
from tests.execution.running import RunningExecutor

CALLS = 30
PYTHON = """
import time
held = [bytes(1000) + str(number).encode() for number in range(60_000)]
time.sleep(1)
def handler(event, context):
    return len(held)
"""
NODE = """
const held = Array.from({ length: 60_000 }, (_, number) => Buffer.alloc(1000, String(number)));
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
exports.handler = async () => held.length;
"""
RUBY = """
HELD = Array.new(60_000) { |number| number.to_s * 250 }
sleep 1
def handler(event:, context:) = HELD.size
"""
SOURCES = {"python": ("app.py", PYTHON), "node": ("app.js", NODE), "ruby": ("app.rb", RUBY)}


def restores() -> list[tuple[str, str, str]]:
    here = {each.family: each.runtime for each in reversed(discovery.found())}
    return [
        (
            f"restore by SnapStart, {here[family]}, import takes 1 s and 60 MB",
            "p50 at most 5 ms",
            measured(family, here),
        )
        for family in SOURCES
        if family in here
    ]


def measured(family: str, here: dict[str, str]) -> str:
    file, source = SOURCES[family]
    runtime = {"ruby": "ruby3.3"}.get(family, here[family])  # one that Debian's may stand in for
    values: dict[str, Any] = {"runtime": runtime, "stand_in": here[family], "memory_mb": 256, "timeout_s": 30}
    with executor() as running:
        began = time.perf_counter()
        running.invoke(running.function({file: source}, **values))
        cold = (time.perf_counter() - began) * 1000
        spec = running.function({file: source}, snap_start=True, version="1", **values)
        running.client.provision([(spec, 0)])
        stands = 1 if snapshot.is_copied(runtime) else snapshot.STOCK
        times = []
        for _ in range(CALLS):
            running.client.recycle(spec.function)
            while waiting(running, spec) < stands:
                time.sleep(0.05)
            time.sleep(0.1)
            began = time.perf_counter()
            result = running.invoke(spec)
            times.append((time.perf_counter() - began) * 1000)
            assert "RESTORE_REPORT" in result.log_tail.decode(), result.log_tail
        held = [each["held_mb"] for each in running.client.status()["sandboxes"] if each["template"]]
    return f"{Times(times)}; without it {cold:.0f} ms; kept for it: {len(held)} of {max(held)} MB"


def waiting(running: RunningExecutor, spec: FunctionSpec) -> int:
    of_it = [each for each in running.client.status()["sandboxes"] if each["function_name"] == spec.function_name]
    return sum(each["template"] and each["state"] == "idle" for each in of_it)


@contextmanager
def executor() -> Iterator[RunningExecutor]:
    with TemporaryDirectory() as directory:
        running = RunningExecutor.start(Path(directory))
        try:
            yield running
        finally:
            running.stop()
