"""The Python runtime: results, context, environment, failures with AWS's payloads and log lines."""

import json
import re
import sys

import pytest

from functions.execution.error_types import known
from functions.execution.runtimes.discovery import installed
from functions.execution.sandbox.root import LIBRARY_PATH
from functions.execution.spec import FunctionSpec
from monitoring.report import Outcome
from tests.execution.running import PYTHON, REGION, RunningExecutor

pytestmark = pytest.mark.sandbox
PYTHONS = [name for name, interpreter in installed().items() if interpreter.family == "python"]
REPORT = re.compile(
    r"REPORT RequestId: (?P<id>[0-9a-f-]{36})\tDuration: (?P<ms>\d+\.\d\d) ms\tBilled Duration: (?P<billed>\d+) ms\t"
    r"Memory Size: (?P<size>\d+) MB\tMax Memory Used: (?P<used>\d+) MB\t(Init Duration: (?P<init>\d+\.\d\d) ms\t)?"
    r"(?P<status>.*)\n"
)


def report_of(executor: RunningExecutor, spec: FunctionSpec) -> dict[str, str | None]:
    match = REPORT.fullmatch(executor.messages(spec)[-1])
    assert match is not None, executor.messages(spec)
    return match.groupdict()


@pytest.mark.parametrize("runtime", PYTHONS)
def test_every_python_of_this_machine(executor: RunningExecutor, runtime: str) -> None:
    spec = executor.function(
        """
        import sys, ssl, hashlib, sqlite3, multiprocessing, asyncio, logging, site
        def handler(event, context):
            return {"version": "python%d.%d" % sys.version_info[:2], "path": sys.path[0], "executable": sys.executable,
                    "event": event, "os": sys.modules["os"].__file__}
        """,
        runtime=runtime,
        timeout_s=20,
    )
    result = json.loads(executor.invoke(spec, {"ü": [1, None]}).payload)
    assert result["version"] == runtime
    assert result["path"] == "/var/task"
    assert result["executable"].startswith("/var/lang/bin/python3")
    assert result["os"].startswith("/var/lang/lib/")
    assert result["event"] == {"ü": [1, None]}


def test_files_of_the_package_are_in_the_working_directory(executor: RunningExecutor) -> None:
    files = {"app.py": "def handler(event, context):\n    return open('data.txt').read()", "data.txt": "data"}
    assert executor.run(files) == "data"


def test_a_search_path_of_the_functions_own(executor: RunningExecutor) -> None:
    files = {"app.py": "import mine, sys\ndef handler(event, context):\n    return mine.A", "own/mine.py": "A = 1"}
    assert executor.run(files, environment={"PYTHONPATH": "/var/task/own"}) == 1


def test_log_lines_of_a_cold_and_a_warm_invocation(executor: RunningExecutor) -> None:
    spec = executor.function("print('import')\ndef handler(event, context):\n    print('called')\n    return event")
    cold, warm = executor.invoke(spec), executor.invoke(spec)
    lines = executor.messages(spec)
    assert lines[:4] == [
        "import\n",
        f"START RequestId: {cold.request_id} Version: $LATEST\n",
        "called\n",
        f"END RequestId: {cold.request_id}\n",
    ]
    first = REPORT.fullmatch(lines[4])
    assert first is not None
    assert first["id"] == cold.request_id
    assert first["size"] == "128"
    assert first["init"] == f"{cold.init_ms:.2f}"
    assert first["status"] == ""
    assert lines[5:8] == [
        f"START RequestId: {warm.request_id} Version: $LATEST\n",
        "called\n",
        f"END RequestId: {warm.request_id}\n",
    ]
    second = report_of(executor, spec)
    assert second["init"] is None
    assert warm.init_ms is None
    assert int(second["billed"] or 0) == warm.billed_ms
    assert "".join(lines[5:]).encode() == warm.log_tail


def test_the_record(executor: RunningExecutor) -> None:
    spec = executor.function("def handler(event, context):\n    return {'got': event}", log_group="/my/group")
    result = executor.invoke(spec, 7, qualifier="live", source="schedule", attempt=2)
    report = executor.last(spec)
    assert (report.outcome, report.request_id, report.version) == (Outcome.SUCCESS, result.request_id, "$LATEST")
    assert (report.qualifier, report.source, report.attempt) == ("live", "schedule", 2)
    assert (report.event, report.event_size, report.response, report.response_size) == ("7", 1, '{"got": 7}', 10)
    assert (report.log_group, report.memory_mb, report.concurrency) == ("/my/group", 128, 1)
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", report.log_stream)
    assert report.max_memory_mb == result.max_memory_mb > 0


def test_context(executor: RunningExecutor) -> None:
    spec = executor.function(
        """
        def handler(event, c):
            return [c.function_name, c.function_version, c.invoked_function_arn, c.memory_limit_in_mb, c.aws_request_id,
                    c.log_group_name, c.log_stream_name, 4000 < c.get_remaining_time_in_millis() <= 5000,
                    c.client_context.custom, c.client_context.client.app_title, c.identity.cognito_identity_id]
        """
    )
    context = json.dumps({"custom": {"a": "b"}, "client": {"app_title": "t"}, "env": {}})
    result = executor.invoke(spec, client_context=context)
    report = executor.last(spec)
    assert json.loads(result.payload) == [
        spec.function_name,
        "$LATEST",
        f"arn:aws:lambda:{REGION}:{spec.account_id}:function:{spec.function_name}",
        "128",
        result.request_id,
        f"/aws/lambda/{spec.function_name}",
        report.log_stream,
        True,
        {"a": "b"},
        "t",
        None,
    ]


def test_environment_variables(executor: RunningExecutor) -> None:
    spec = executor.function(
        "import os\ndef handler(event, context):\n    return dict(os.environ, cwd=os.getcwd())",
        environment={"MINE": "yes", "TZ": "Europe/Berlin", "AWS_REGION": "no"},
    )
    found = json.loads(executor.invoke(spec, trace_id="Root=1-abc").payload)
    stream = executor.last(spec).log_stream
    assert found == {
        "_HANDLER": "app.handler",
        "_X_AMZN_TRACE_ID": "Root=1-abc",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{PYTHON}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_FUNCTION_NAME": spec.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{spec.function_name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
        "AWS_REGION": REGION,
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LANG": "en_US.UTF-8",
        "LD_LIBRARY_PATH": LIBRARY_PATH,
        "MINE": "yes",
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "PYTHONPATH": "/var/runtime",
        "TZ": "Europe/Berlin",
        "cwd": "/var/task",
    }


def test_logging_is_set_up_as_on_aws(executor: RunningExecutor) -> None:
    spec = executor.function(
        """
        import logging
        logging.getLogger().setLevel("INFO")
        def handler(event, context):
            logging.getLogger("x").info("one\\ntwo")
            logging.warning("three")
            logging.debug("not this")
        """
    )
    result = executor.invoke(spec)
    lines = executor.messages(spec)
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z"
    assert re.fullmatch(rf"\[INFO\]\t{stamp}\t{result.request_id}\tone\ntwo\n", lines[1])
    assert re.fullmatch(rf"\[WARNING\]\t{stamp}\t{result.request_id}\tthree\n", lines[2])
    assert lines[3].startswith("END")


def test_an_exception(executor: RunningExecutor) -> None:
    spec = executor.function("def handler(event, context):\n    raise ValueError('no\\ngood')")
    result = executor.invoke(spec)
    assert result.function_error == "Unhandled"
    assert result.error_type == "ValueError"
    assert json.loads(result.payload) == {
        "errorMessage": "no\ngood",
        "errorType": "ValueError",
        "requestId": result.request_id,
        "stackTrace": ["  File \"/var/task/app.py\", line 2, in handler\n    raise ValueError('no\\ngood')\n"],
    }
    lines = executor.messages(spec)
    assert lines[1] == (
        "[ERROR] ValueError: no\ngood\nTraceback (most recent call last):\n"
        '\u00a0\u00a0File "/var/task/app.py", line 2, in handler\n'
        "\u00a0\u00a0\u00a0\u00a0raise ValueError('no\\ngood')\n"
    )
    assert report_of(executor, spec)["status"] == ""
    report = executor.last(spec)
    assert (report.outcome, report.error_type, report.error_message) == (Outcome.ERROR, "ValueError", "no\ngood")


def test_an_exception_does_not_end_the_environment(executor: RunningExecutor) -> None:
    spec = executor.function(
        "n = []\ndef handler(event, context):\n    n.append(1)\n    if len(n) == 1: 1 / 0\n    return len(n)"
    )
    executor.invoke(spec)
    assert executor.invoke(spec).payload == b"2"


@pytest.mark.parametrize(
    ("handler", "source", "kind", "message"),
    [
        ("nope.handler", "", "Runtime.ImportModuleError", "Unable to import module 'nope': No module named 'nope'"),
        (
            "app.handler",
            "import boto99",
            "Runtime.ImportModuleError",
            "Unable to import module 'app': No module named 'boto99'",
        ),
        ("app.nope", "x = 1", "Runtime.HandlerNotFound", "Handler 'nope' missing on module 'app'"),
        (
            "app",
            "x = 1",
            "Runtime.MalformedHandlerName",
            "Bad handler 'app': not enough values to unpack (expected 2, got 1)",
        ),
        ("sys.exit", "", "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"),
        (
            "app.handler",
            "def handler(:",
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module 'app': invalid syntax (app.py, line 1)",
        ),
        ("app.handler", "raise KeyError('k')", "KeyError", "'k'"),
    ],
)
def test_init_failures(executor: RunningExecutor, handler: str, source: str, kind: str, message: str) -> None:
    spec = executor.function(source, handler=handler)
    result = executor.invoke(spec)
    payload = json.loads(result.payload)
    assert (result.function_error, result.error_type) == ("Unhandled", kind)
    assert (payload["errorType"], payload["errorMessage"], payload["requestId"]) == (kind, message, "")
    lines = executor.messages(spec)
    # As on AWS: init is tried in its own phase, then again with the invocation.
    assert lines[0].rpartition("LAMBDA_WARNING: Unhandled exception. ")[1]
    del lines[4], lines[0]
    assert lines[0] == lines[3]
    assert lines[0].startswith(f"[ERROR] {kind}: {message}\nTraceback (most recent call last):\n")
    assert re.fullmatch(
        rf"INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: init\tStatus: error\tError Type: {known(kind)}\n", lines[1]
    )
    assert lines[2] == f"START RequestId: {result.request_id} Version: $LATEST\n"
    assert re.fullmatch(
        rf"INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: invoke\tStatus: error\tError Type: {known(kind)}\n", lines[4]
    )
    assert lines[5] == f"END RequestId: {result.request_id}\n"
    assert report_of(executor, spec)["status"] == f"Status: error\tError Type: {known(kind)}\t"
    assert executor.last(spec).outcome == Outcome.INIT_ERROR


@pytest.mark.parametrize(
    ("code", "kind", "text"),
    [
        ("sys.exit(3)", "Runtime.ExitError", "Runtime exited with error: exit status 3"),
        ("sys.exit(-1)", "Runtime.ExitError", "Runtime exited with error: exit status 255"),
        ("sys.exit(129)", "Runtime.ExitError", "Runtime exited with error: exit status 129"),
        ("sys.exit('bye')", "Runtime.ExitError", "Runtime exited with error: exit status 1"),
        ("sys.exit()", "Runtime.ExitError", "Runtime exited without providing a reason"),
        ("os._exit(0)", "Runtime.ExitError", "Runtime exited without providing a reason"),
        ("os.kill(os.getpid(), 9)", "Runtime.ExitError", "Runtime exited with error: signal: killed"),
        ("os.abort()", "Runtime.ExitError", "Runtime exited with error: signal: aborted"),
        ("ctypes.string_at(0)", "Runtime.ExitError", "Runtime exited with error: signal: segmentation fault"),
    ],
)
def test_crashes(executor: RunningExecutor, code: str, kind: str, text: str) -> None:
    spec = executor.function(f"import ctypes, os, sys\ndef handler(event, context):\n    {code}")
    result = executor.invoke(spec)
    message = f"RequestId: {result.request_id} Error: {text}"
    assert result.function_error == "Unhandled"
    assert json.loads(result.payload) == {"errorType": kind, "errorMessage": message}
    assert f"{message}\n{kind}\n" in executor.messages(spec)
    assert report_of(executor, spec)["status"] == f"Status: error\tError Type: {known(kind)}\t"
    assert executor.last(spec).outcome == Outcome.CRASH


def test_a_crash_in_init(executor: RunningExecutor) -> None:
    spec = executor.function("import sys\nprint('before')\nsys.exit(7)")
    result = executor.invoke(spec)
    assert json.loads(result.payload)["errorType"] == "Runtime.ExitError"
    assert json.loads(result.payload)["errorMessage"].endswith("Runtime exited with error: exit status 7")
    assert executor.messages(spec).count("before\n") == 2
    assert executor.last(spec).outcome == Outcome.INIT_ERROR


def test_timeout(executor: RunningExecutor) -> None:
    spec = executor.function(
        "import time\ndef handler(event, context):\n    print('waiting')\n    time.sleep(60)", timeout_s=1
    )
    result = executor.invoke(spec)
    assert json.loads(result.payload) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {result.request_id} Error: Task timed out after 1.00 seconds",
    }
    lines = executor.messages(spec)
    assert lines[:2] == [f"START RequestId: {result.request_id} Version: $LATEST\n", "waiting\n"]
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(rf"{stamp} {result.request_id} Task timed out after 1\.00 seconds\n", lines[2])
    assert lines[3].startswith("END")
    report = report_of(executor, spec)
    assert (report["ms"], report["billed"], report["status"]) == ("1000.00", "1000", "Status: timeout\t")
    assert executor.last(spec).outcome == Outcome.TIMEOUT


def test_out_of_memory(executor: RunningExecutor) -> None:
    spec = executor.function(
        """
        import time
        def handler(event, context):
            x = bytearray(event * 1024 * 1024)
            time.sleep(1)
            return "ok"
        """
    )
    result = executor.invoke(spec, 200)
    assert json.loads(result.payload) == {
        "errorType": "Runtime.OutOfMemory",
        "errorMessage": f"RequestId: {result.request_id} Error: Runtime exited with error: signal: killed",
    }
    report = report_of(executor, spec)
    assert (report["size"], report["used"]) == ("128", "128")
    assert report["status"] == "Status: error\tError Type: Runtime.OutOfMemory\t"
    assert executor.last(spec).outcome == Outcome.OUT_OF_MEMORY
    assert executor.invoke(spec, 10).payload == b'"ok"'


def test_tmp_is_not_memory(executor: RunningExecutor) -> None:
    spec = executor.function(
        """
        import time
        def handler(event, context):
            with open("/tmp/big", "wb") as file:
                for _ in range(300):
                    file.write(bytes(1024 * 1024))
            time.sleep(0.2)
            return "ok"
        """
    )
    result = executor.invoke(spec)
    assert result.payload == b'"ok"', result.log_tail
    assert result.max_memory_mb < 128


def test_the_cache_of_files_is_not_memory(executor: RunningExecutor) -> None:
    """Walking a big tree fills the kernel's caches, which it takes back when memory is short."""
    spec = executor.function(
        """
        import os
        def handler(event, context):
            size = 0
            for directory, _, names in os.walk("/usr/lib"):
                for name in names:
                    try:
                        with open(os.path.join(directory, name), "rb") as file:
                            while block := file.read(65536):
                                size += len(block)
                    except OSError:
                        pass
                if size > 300 * 1024 * 1024:
                    return "ok"
        """,
        timeout_s=60,
        ephemeral_mb=512,
    )
    result = executor.invoke(spec)
    assert result.payload == b'"ok"', result.log_tail
    assert result.max_memory_mb < 64


@pytest.mark.parametrize("size", [512, 1024])
def test_tmp_has_the_configured_size(executor: RunningExecutor, size: int) -> None:
    source = "import shutil\ndef handler(event, context):\n    return shutil.disk_usage('/tmp').total"
    assert executor.run(source, ephemeral_mb=size) == size * 1024 * 1024


def test_max_memory_used_is_of_this_invocation(executor: RunningExecutor) -> None:
    spec = executor.function("def handler(event, context):\n    x = bytearray(event * 1024 * 1024)", memory_mb=512)
    executor.invoke(spec, 1)
    assert 200 <= executor.invoke(spec, 200).max_memory_mb < 260
    assert executor.invoke(spec, 1).max_memory_mb < 100


def test_a_response_that_is_not_json(executor: RunningExecutor) -> None:
    spec = executor.function("def handler(event, context):\n    return {1, 2}")
    result = executor.invoke(spec)
    assert json.loads(result.payload) == {
        "errorMessage": "Unable to marshal response: Object of type set is not JSON serializable",
        "errorType": "Runtime.MarshalError",
        "requestId": result.request_id,
        "stackTrace": [],
    }


def test_an_event_that_is_not_json(executor: RunningExecutor) -> None:
    result = executor.invoke(executor.function("def handler(event, context):\n    return 1"), payload=b"{nope")
    assert result.error_type == "Runtime.UnmarshalError"
    assert json.loads(result.payload)["errorMessage"].startswith("Unable to unmarshal input: Expecting property name")


def test_an_empty_event_is_an_empty_object(executor: RunningExecutor) -> None:
    assert (
        executor.invoke(executor.function("def handler(event, context):\n    return event"), payload=b"").payload
        == b"{}"
    )


def test_the_largest_response_and_one_more(executor: RunningExecutor) -> None:
    spec = executor.function("def handler(event, context):\n    return 'x' * event")
    largest = 6 * 1024 * 1024 + 100
    result = executor.invoke(spec, largest - 2)
    assert result.function_error == ""
    assert len(result.payload) == largest
    result = executor.invoke(spec, largest - 1)
    assert json.loads(result.payload) == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    }
    assert executor.invoke(spec, 1).payload == b'"x"'


def test_a_large_event_comes_whole(executor: RunningExecutor) -> None:
    spec = executor.function("def handler(event, context):\n    return len(event)")
    assert executor.invoke(spec, "ü" * 1_000_000).payload == b"1000000"


def test_decimals_and_surrogates(executor: RunningExecutor) -> None:
    source = "import decimal\ndef handler(event, context):\n    return [decimal.Decimal('1.50'), event]"
    expected = b'[1.50, "\\u00fc"]' if sys.version_info < (3, 12) else '[1.50, "ü"]'.encode()
    assert executor.invoke(executor.function(source), payload=b'"\\u00fc"').payload == expected


def test_randomness_differs_between_environments(executor: RunningExecutor) -> None:
    source = """
        import os, random, ssl, uuid, secrets, tempfile
        def handler(event, context):
            numbers = [random.random(), ssl.RAND_bytes(8).hex(), secrets.token_hex(8)]
            return [*numbers, str(uuid.uuid4()), str(uuid.uuid1())]
        """
    drawn = [value for _ in range(3) for value in executor.run(source)]
    assert len(set(drawn)) == len(drawn)


def test_children_and_threads_work(executor: RunningExecutor) -> None:
    source = """
        import concurrent.futures, subprocess, sys
        def handler(event, context):
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                squares = list(pool.map(lambda n: n * n, range(20)))
            said = subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True).stdout
            return [sum(squares), said]
        """
    assert executor.run(source) == [2470, "42\n"]


def test_a_pipe_with_a_name(executor: RunningExecutor) -> None:
    source = """
        import os, pathlib, threading
        pipe = pathlib.Path("/tmp/pipe")
        def handler(event, context):
            os.mkfifo(pipe)
            threading.Thread(target=pipe.write_text, args=("through",)).start()
            return pipe.read_text()
        """
    assert executor.run(source) == "through"
