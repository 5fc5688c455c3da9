"""An external extension that subscribes to the telemetry: what it is told in a cold and a warm invocation, of an error,
of a timeout, of a crash of the runtime and at the end."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from functions.execution.runtimes.discovery import installed
from functions.execution.spec import FunctionSpec
from monitoring.report import Outcome
from tests.execution.extensions.programs import layer
from tests.execution.running import RunningExecutor, eventually

pytestmark = pytest.mark.sandbox
COLLECTOR = Path(__file__).parents[2] / "data" / "extensions" / "collector.py"
HANDLER = """
import os, time
def handler(event, context):
    print("working on", event)
    if event == "fail":
        raise ValueError("no")
    if event == "exit":
        os._exit(7)
    if event == "sleep":
        time.sleep(30)
    return event
"""


def with_collector(executor: RunningExecutor, **changes: Any) -> FunctionSpec:
    return executor.function(HANDLER, layers=layer(executor, collector=COLLECTOR), **changes)


def got(executor: RunningExecutor, spec: FunctionSpec) -> list[tuple[str, Any]]:
    """The events that the extension received, in order."""
    found = []
    for message in executor.messages(spec):
        if message.startswith("got "):
            _, kind, record = message.split(" ", 2)
            found.append((kind, json.loads(record)))
    return found


def told(executor: RunningExecutor, spec: FunctionSpec) -> list[str]:
    return [message.strip() for message in executor.messages(spec) if message.startswith("event ")]


def until(executor: RunningExecutor, spec: FunctionSpec, kind: str, count: int = 1) -> list[tuple[str, Any]]:
    """What was received, once so many of a kind were."""
    spec_ = spec

    def enough() -> list[tuple[str, Any]]:
        found = got(executor, spec_)
        return found if [each for each, _ in found].count(kind) >= count else []

    return eventually(enough)


def test_every_event_of_its_life(executor: RunningExecutor) -> None:
    spec = with_collector(executor)
    cold = executor.invoke(spec, "first")
    warm = executor.invoke(spec, "second")
    assert (cold.payload, warm.payload) == (b'"first"', b'"second"')
    failed = executor.invoke(spec, "fail")
    executor.client.recycle(spec.function)
    found = until(executor, spec, "platform.report", 3)
    assert eventually(lambda: "event SHUTDOWN spindown True" in told(executor, spec))
    # The subscription is made while the runtime starts: either may be first.
    subscribed = found.pop([kind for kind, _ in found].index("platform.telemetrySubscription"))
    assert subscribed[1] == {"name": "collector", "state": "Subscribed", "types": ["platform", "function"]}
    assert [kind for kind, _ in found] == [
        "platform.initStart",
        "platform.initRuntimeDone",
        "platform.extension",
        "platform.initReport",
        *["platform.start", "function", "platform.runtimeDone", "platform.report"] * 2,
        "platform.start",
        "function",
        "function",
        "platform.runtimeDone",
        "platform.report",
    ]
    records = dict(found[:4])
    assert records["platform.initStart"]["functionName"] == spec.function_name
    assert records["platform.extension"] == {"name": "collector", "state": "Ready", "events": ["INVOKE", "SHUTDOWN"]}
    assert records["platform.initReport"]["status"] == "success"
    assert found[5] == ("function", "working on first")
    starts = [record["requestId"] for kind, record in found if kind == "platform.start"]
    assert starts == [cold.request_id, warm.request_id, failed.request_id]
    reports = [record["metrics"] for kind, record in found if kind == "platform.report"]
    assert [metrics["billedDurationMs"] for metrics in reports] == [cold.billed_ms, warm.billed_ms, failed.billed_ms]
    assert "initDurationMs" in reports[0]
    assert "initDurationMs" not in reports[1]
    lines = executor.messages(spec)
    registered = next(line for line in lines if line.startswith("registered "))
    assert json.loads(registered.partition(" ")[2]) == {
        "functionName": spec.function_name,
        "functionVersion": "$LATEST",
        "handler": "app.handler",
        "accountId": spec.account_id,
    }
    assert "EXTENSION\tName: collector\tState: Ready\tEvents: [INVOKE, SHUTDOWN]\n" in lines
    assert "TELEMETRY\tName: collector\tState: Subscribed\tTypes: [Platform, Function]\n" in lines
    assert told(executor, spec)[:3] == [f"event INVOKE {result.request_id}" for result in (cold, warm, failed)]


@pytest.mark.parametrize(
    ("event", "reason", "outcome"), [("sleep", "timeout", Outcome.TIMEOUT), ("exit", "failure", Outcome.CRASH)]
)
def test_what_ends_the_runtime_is_told(executor: RunningExecutor, event: str, reason: str, outcome: Outcome) -> None:
    spec = with_collector(executor, timeout_s=1)
    executor.invoke(spec, "first")
    result = executor.invoke(spec, event)
    assert result.function_error
    report = [record for kind, record in until(executor, spec, "platform.report", 2) if kind == "platform.report"][-1]
    assert report["status"] == ("timeout" if event == "sleep" else "error")
    assert eventually(lambda: f"event SHUTDOWN {reason} True" in told(executor, spec))
    assert executor.last(spec).outcome == outcome
    assert executor.invoke(spec, "again").payload == b'"again"'


def test_the_caller_does_not_wait_for_extensions_but_the_bill_does(executor: RunningExecutor) -> None:
    spec = with_collector(executor, environment={"COLLECTOR_WORK": "0.5"})
    executor.invoke(spec, "cold")
    early = executor.invoke(spec, "warm", want_tail=False)
    eventually(lambda: executor.last(spec).request_id == early.request_id)
    assert executor.last(spec).duration_ms > max(500, early.duration_ms)
    late = executor.invoke(spec, "tail")
    assert late.duration_ms > 500
    assert b"REPORT" in late.log_tail


@pytest.mark.parametrize(
    "runtime",
    [*[name for name, each in installed().items() if each.family in ("node", "ruby")][-1:], "provided.al2023"],
)
def test_other_runtimes(executor: RunningExecutor, runtime: str) -> None:
    sources: dict[str, dict[str, str]] = {
        "nodejs": {"app.js": "exports.handler = async (e) => { if (e === 'exit') process.exit(3); return e; };"},
        "ruby": {"app.rb": "def handler(event:, context:)\n  exit!(3) if event == 'exit'\n  event\nend"},
        "provided": {
            "bootstrap": """\
            #!/bin/bash
            API=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
            while true; do
                event=$(curl -sS -D /tmp/head "$API/next")
                id=$(grep -i request-id /tmp/head | cut -d' ' -f2 | tr -d '\\r')
                [ "$event" = '"exit"' ] && exit 3
                curl -sS -o /dev/null -d "$event" "$API/$id/response"
            done
            """
        },
    }
    files = next(files for prefix, files in sources.items() if runtime.startswith(prefix))
    spec = executor.function(files, runtime=runtime, layers=layer(executor, collector=COLLECTOR))
    for path in files:
        (executor.directory / "code" / spec.code / path).chmod(0o755)
    assert executor.invoke(spec, 1).payload == b"1"
    assert executor.invoke(spec, "exit").error_type == "Runtime.ExitError"
    assert eventually(lambda: "event SHUTDOWN failure True" in told(executor, spec))


def test_the_executors_end_is_told(start: Callable[..., RunningExecutor]) -> None:
    executor = start()
    spec = with_collector(executor)
    executor.invoke(spec, 1)
    assert executor.stop() == 0
    assert "event SHUTDOWN spindown True" in told(executor, spec)


def test_a_new_key_ends_them(executor: RunningExecutor) -> None:
    spec = with_collector(executor)
    executor.invoke(spec, 1)
    executor.invoke(replace(spec, key="other" + spec.key), 1)
    assert eventually(lambda: "event SHUTDOWN spindown True" in told(executor, spec))
