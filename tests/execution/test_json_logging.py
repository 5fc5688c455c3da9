# ruff: noqa: E501 (JavaScript in one line)
"""Logs of format JSON: the function's lines and the platform's, filtered by level."""

import json
from typing import Any

import pytest

from functions.execution.events import Level
from functions.execution.journal import level_of
from functions.execution.runtimes.discovery import installed
from functions.execution.spec import FunctionSpec
from monitoring.report import Outcome
from tests.execution.extensions.programs import layer
from tests.execution.running import RunningExecutor

NODES = [name for name, interpreter in installed().items() if interpreter.family == "node"]
sandbox = pytest.mark.sandbox
node = pytest.mark.skipif(not NODES, reason="no Node.js on this machine")
JSON = {"log_format": "JSON"}


def lines(executor: RunningExecutor, spec: FunctionSpec) -> list[Any]:
    """Every line: what is no JSON as text."""
    found: list[Any] = []
    for message in executor.messages(spec):
        try:
            found.append(json.loads(message))
        except ValueError:
            found.append(message)
    return found


def kinds(executor: RunningExecutor, spec: FunctionSpec) -> list[str]:
    return [line["type"] for line in lines(executor, spec) if isinstance(line, dict) and "type" in line]


@sandbox
def test_python_logging(executor: RunningExecutor) -> None:
    spec = executor.function(
        """
        import logging, os
        logging.warning("in init")
        def handler(event, context):
            log = logging.getLogger("orders")
            log.debug("not this")
            log.info("placed %d", 3, extra={"order": {"id": 7}, "at": object})
            print("plain")
            try:
                1 / 0
            except ZeroDivisionError:
                log.exception("no")
            return [os.environ["AWS_LAMBDA_LOG_FORMAT"], os.environ["AWS_LAMBDA_LOG_LEVEL"]]
        """,
        **JSON,
    )
    result = executor.invoke(spec)
    assert json.loads(result.payload) == ["JSON", "INFO"]
    init_start, init, start, placed, plain, error, report = lines(executor, spec)
    assert init_start["record"]["functionName"] == spec.function_name
    assert (init["level"], init["message"], init["requestId"], init["logger"]) == ("WARNING", "in init", "", "root")
    assert start["record"] == {"requestId": result.request_id, "version": "$LATEST"}
    assert placed == {
        "timestamp": placed["timestamp"],
        "level": "INFO",
        "message": "placed 3",
        "logger": "orders",
        "requestId": result.request_id,
        "order": {"id": 7},
        "at": "<class 'object'>",
    }
    assert plain == "plain\n"
    assert (error["errorType"], error["errorMessage"], error["level"]) == (
        "ZeroDivisionError",
        "division by zero",
        "ERROR",
    )
    assert error["stackTrace"][0].startswith('  File "/var/task/app.py", line 10, in handler\n')
    assert error["location"] == "/var/task/app.py:handler:12"
    assert report["type"] == "platform.report"
    assert report["record"] == {
        "requestId": result.request_id,
        "metrics": {
            "durationMs": result.duration_ms,
            "billedDurationMs": result.billed_ms,
            "memorySizeMB": 128,
            "maxMemoryUsedMB": result.max_memory_mb,
            "initDurationMs": round(result.init_ms or 0, 3),
        },
        "status": "success",
    }


@sandbox
def test_an_exception_and_a_tenant_in_python(executor: RunningExecutor) -> None:
    spec = executor.function(
        "import logging\ndef handler(event, context):\n    logging.error('x')\n    raise KeyError('k')",
        tenant_isolation=True,
        **JSON,
    )
    result = executor.invoke(spec, tenant_id="blue")
    start, logged, raised, report = lines(executor, spec)[1:]
    assert start["record"]["tenantId"] == report["record"]["tenantId"] == logged["tenantId"] == "blue"
    assert raised == {"timestamp": raised["timestamp"], "log_level": "ERROR", **json.loads(result.payload)}
    assert report["record"]["status"] == "success"  # the runtime did its work
    assert executor.last(spec).outcome == Outcome.ERROR


@sandbox
@node
def test_node_console(executor: RunningExecutor) -> None:
    source = """
        console.log('in init');
        exports.handler = async (event) => {
            console.debug('not this');
            console.warn('%s of %d', 'one', 2);
            console.info({ order: { id: 7 } });
            const error = Object.assign(new TypeError('bad'), { code: 'E_BAD' });
            console.error(error);
            console.error('failed:', error);
            const circle = {}; circle.circle = circle;
            console.log(circle);
            process.stdout.write('plain\\n');
            throw error;
        };
    """
    spec = executor.function({"index.js": source}, runtime=NODES[-1], handler="index.handler", **JSON)
    result = executor.invoke(spec)
    _, init, _, warned, info, first, second, circle, plain, raised, report = lines(executor, spec)
    assert (init["level"], init["message"], "requestId" in init) == ("INFO", "in init", False)
    assert warned == {
        "timestamp": warned["timestamp"],
        "level": "WARN",
        "requestId": result.request_id,
        "message": "one of 2",
    }
    assert info["message"] == {"order": {"id": 7}}
    assert {name: first["message"][name] for name in ("errorType", "errorMessage", "code")} == {
        "errorType": "TypeError",
        "errorMessage": "bad",
        "code": "E_BAD",
    }
    assert first["message"]["stackTrace"][0] == "TypeError: bad"
    assert second["message"].startswith("failed: TypeError: bad\n    at ")
    assert (second["errorType"], second["errorMessage"]) == ("TypeError", "bad")
    assert "[Circular *1]" in circle["message"]
    assert plain == "plain\n"
    assert (raised["level"], raised["message"]["errorMessage"]) == ("ERROR", "bad")
    assert report["record"]["status"] == "success"


@sandbox
@pytest.mark.parametrize("runtime", ["python", pytest.param("node", marks=node)])
def test_levels(executor: RunningExecutor, runtime: str) -> None:
    levels = {"application_log_level": "ERROR", "system_log_level": "DEBUG", **JSON}
    if runtime == "python":
        source = {
            "app.py": "import logging\ndef handler(e, c):\n    logging.warning('w'); logging.error('e'); print('{\"level\": \"info\"}')"
        }
        spec = executor.function(source, **levels)
    else:
        source = {
            "app.js": "exports.handler = async () => { console.warn('w'); console.error('e'); process.stdout.write('{\"level\": \"info\"}\\n'); }"
        }
        spec = executor.function(source, runtime=NODES[-1], **levels)
    executor.invoke(spec)
    assert [line["message"] for line in lines(executor, spec) if "type" not in line] == ["e"]
    assert kinds(executor, spec) == [
        "platform.initStart",
        "platform.initRuntimeDone",
        "platform.initReport",
        "platform.start",
        "platform.runtimeDone",
        "platform.report",
    ]


@sandbox
def test_what_fails_is_told_at_the_highest_level(executor: RunningExecutor) -> None:
    quiet = {"system_log_level": "WARN", **JSON}
    spec = executor.function("import os\ndef handler(event, context):\n    if event: os._exit(3)", **quiet)
    executor.invoke(spec)
    assert executor.messages(spec) == []
    result = executor.invoke(spec, 1)
    done, fault, report = lines(executor, spec)
    assert fault["type"] == "platform.fault"
    assert "exit status 3" in fault["record"]
    assert done["record"]["status"] == report["record"]["status"] == "error"
    assert report["record"]["errorType"] == "Runtime.ExitError"
    assert json.loads(result.payload)["errorType"] == "Runtime.ExitError"
    slow = executor.function("import time\ndef handler(event, context):\n    time.sleep(5)", timeout_s=1, **quiet)
    executor.invoke(slow)
    assert lines(executor, slow)[-1]["record"]["status"] == "timeout"
    broken = executor.function("import nothing_of_that_name", **quiet)
    executor.invoke(broken)
    phases = [line["record"]["phase"] for line in lines(executor, broken) if line.get("type") == "platform.initReport"]
    assert phases == ["init", "invoke"]
    assert all(isinstance(line, dict) for line in lines(executor, broken))


@sandbox
def test_lines_that_are_hard_to_write_stop_nobody(executor: RunningExecutor) -> None:
    source = """
        me = register(NAME, "INVOKE", "SHUTDOWN")
        request("PUT", "/2022-07-01/telemetry", {"schemaVersion": "2022-12-13", "types": ["platform", "function"],
            "destination": {"protocol": "TCP", "port": 4400}}, Lambda_Extension_Identifier=me)
        while following(me)["eventType"] == "INVOKE":
            pass
    """
    spec = executor.function(
        """
        import sys, time
        def handler(event, context):
            print('{"a":' * 500 + "1" + "}" * 500)
            sys.stdout.buffer.write(b'{"a":"\\ud800"}\\n{"\\xff":1}\\n{"a":1e999}\\n')
            sys.stdout.flush()
            time.sleep(event)
        """,
        layers=layer(executor, listening=source),
        timeout_s=1,
        **JSON,
    )
    assert executor.invoke(spec, 0).payload == b"null"
    assert executor.invoke(spec, 30).error_type == "Sandbox.Timedout"  # somebody still watches
    assert sum(message.startswith('{"a":{') for message in executor.messages(spec)) == 2


def test_the_level_of_a_line() -> None:
    assert level_of('{"level": "debug"}') is Level.DEBUG
    assert level_of('{"level": "WARNING", "a": 1}') is Level.WARN
    assert level_of('{"log_level": "ERROR"}') is Level.ERROR
    assert level_of('{"level": 3}') is level_of('{"level": "loud"}') is level_of("{}") is Level.INFO
    assert level_of("text") is level_of("{no json") is Level.FATAL  # always kept
