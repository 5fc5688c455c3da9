# ruff: noqa: E501 (JavaScript in one line)
"""The Node.js runtime: kinds of handlers and modules, context, log lines, failures with AWS's payloads."""

import json
import re
from dataclasses import replace

import pytest

from functions.execution.error_types import known
from functions.execution.runtimes.discovery import installed
from functions.execution.spec import FunctionSpec
from monitoring.report import Outcome
from tests.execution.running import REGION, RunningExecutor

NODES = [name for name, interpreter in installed().items() if interpreter.family == "node"]
# Since Node.js 24 handlers with callbacks are refused.
CALLBACKS = next((name for name in NODES if int(re.sub(r"\D", "", name)) < 24), "nodejs22.x")
MODERN = "nodejs24.x"
pytestmark = [pytest.mark.sandbox, pytest.mark.skipif(not NODES, reason="no Node.js on this machine")]
STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def function(executor: RunningExecutor, source: str | dict[str, str], **changes: object) -> FunctionSpec:
    files = source if isinstance(source, dict) else {"index.js": source}
    changes = {"runtime": NODES[-1], "handler": "index.handler", **changes}
    if changes["runtime"] not in NODES:
        changes["stand_in"] = NODES[-1]  # the runtime's rules, in an interpreter that is here
    return executor.function(files, **changes)


@pytest.mark.parametrize("runtime", NODES)
def test_every_node_of_this_machine(executor: RunningExecutor, runtime: str) -> None:
    spec = function(
        executor,
        """
        const crypto = require("crypto"), { execFileSync } = require("child_process"), { Worker } = require("worker_threads");
        exports.handler = async (event) => {
            const worker = new Worker("require('worker_threads').parentPort.postMessage(6 * 7)", { eval: true });
            const answer = await new Promise((resolve) => worker.once("message", resolve));
            return [process.version, event, crypto.randomBytes(4).length, execFileSync("/bin/echo", ["hi"]).toString(), answer];
        };
        """,
        runtime=runtime,
        timeout_s=20,
    )
    version, *rest = json.loads(executor.invoke(spec, {"ü": [1, None]}).payload)
    assert version.startswith(runtime.replace("nodejs", "v").replace("x", ""))
    assert rest == [{"ü": [1, None]}, 4, "hi\n", 42]


@pytest.mark.parametrize(
    "files",
    [
        {"index.js": "exports.handler = async (event) => event"},
        {"index.cjs": "exports.handler = async (event) => event"},
        {"index.mjs": "export const handler = async (event) => event"},
        {"index.mjs": "const last = await Promise.resolve(1); export const handler = async (event) => event * last"},
        {"index.js": "export const handler = async (event) => event", "package.json": '{"type": "module"}'},
        {"index.js": "exports.handler = (event, context, callback) => callback(null, event)"},
        {"index.js": "exports.handler = (event, context) => context.succeed(event)"},
        {"index.js": "exports.handler = (event, context) => context.done(null, event)"},
        {"index.js": "exports.handler = require('three')", "node_modules/three/index.js": "module.exports = async (e) => e"},
        {"index.mjs": "export { default as handler } from 'four'", "node_modules/four/package.json": '{"main": "a.js"}',
         "node_modules/four/a.js": "module.exports = async (e) => e"},
        {"index/index.js": "exports.handler = async (event) => event"},
    ],
    ids=["js", "cjs", "mjs", "top-level await", "type module", "callback", "succeed", "done", "package", "package in mjs",
         "directory"],
)  # fmt: skip
def test_kinds_of_handlers(executor: RunningExecutor, files: dict[str, str]) -> None:
    spec = function(executor, files, runtime=CALLBACKS)
    assert [executor.invoke(spec, n).payload for n in (3, 4)] == [b"3", b"4"]


def test_a_handler_in_a_directory(executor: RunningExecutor) -> None:
    files = {
        "src/app.js": "exports.api = { get: async () => require('./part') }",
        "src/part.js": "module.exports = 'part'",
    }
    assert executor.invoke(function(executor, files, handler="src/app.api.get")).payload == b'"part"'


def test_files_of_the_package_are_in_the_working_directory(executor: RunningExecutor) -> None:
    source = "exports.handler = async () => require('fs').readFileSync('data.txt', 'utf8')"
    assert executor.invoke(function(executor, {"index.js": source, "data.txt": "data"})).payload == b'"data"'


def test_nothing_returned_is_null(executor: RunningExecutor) -> None:
    assert executor.invoke(function(executor, "exports.handler = async () => {}")).payload == b"null"
    assert executor.invoke(function(executor, "exports.handler = () => {}")).payload == b"null"


def test_a_value_that_is_returned_at_once(executor: RunningExecutor) -> None:
    """No answer before Node.js 24, where callbacks gave it."""
    for runtime, payload in ((CALLBACKS, b"null"), (MODERN, b"1")):
        assert executor.invoke(function(executor, "exports.handler = () => 1", runtime=runtime)).payload == payload


def test_a_promise_that_never_settles(executor: RunningExecutor) -> None:
    for runtime in (CALLBACKS, MODERN):
        spec = function(executor, "exports.handler = async () => { await new Promise(() => {}); }", runtime=runtime)
        result = executor.invoke(spec)
        payload = json.loads(result.payload)
        assert payload["errorType"] == "Runtime.NodeJsExit"
        assert payload["trace"][0].startswith("Runtime.NodeJsExit: The Lambda runtime client detected an unexpected")
        assert executor.invoke(spec).init_ms is None


def test_callbacks_are_refused_since_node_24(executor: RunningExecutor) -> None:
    spec = function(executor, "exports.handler = async (event, context, callback) => 1", runtime=MODERN)
    payload = json.loads(executor.invoke(spec).payload)
    assert payload["errorType"] == "Runtime.CallbackHandlerDeprecated"
    assert payload["errorMessage"].startswith(
        "ERROR: AWS Lambda has removed support for callback-based function handlers"
    )
    source = "exports.handler = async (e, c) => [c.done, c.succeed, c.fail, c.callbackWaitsForEmptyEventLoop].filter(Boolean)"
    assert executor.invoke(function(executor, source, runtime=MODERN)).payload == b"[]"


def test_the_global_object_may_be_left_out(executor: RunningExecutor) -> None:
    for variables, payload in (({}, b'"object"'), ({"AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA": "1"}, b'"undefined"')):
        spec = function(executor, "exports.handler = async () => typeof globalThis.awslambda", environment=variables)
        assert executor.invoke(spec).payload == payload


def test_context(executor: RunningExecutor) -> None:
    spec = function(
        executor,
        """
        exports.handler = async (event, c) => [c.functionName, c.functionVersion, c.invokedFunctionArn, c.memoryLimitInMB,
            c.awsRequestId, c.logGroupName, c.logStreamName, c.getRemainingTimeInMillis() > 4000, c.clientContext.custom,
            c.callbackWaitsForEmptyEventLoop];
        """,
        runtime=CALLBACKS,
    )
    result = executor.invoke(spec, client_context='{"custom": 1}')
    assert json.loads(result.payload) == [
        spec.function_name,
        "$LATEST",
        f"arn:aws:lambda:{REGION}:{spec.account_id}:function:{spec.function_name}",
        "128",
        result.request_id,
        f"/aws/lambda/{spec.function_name}",
        executor.last(spec).log_stream,
        True,
        1,
        True,
    ]


def test_environment_variables(executor: RunningExecutor) -> None:
    spec = function(executor, "exports.handler = async () => [process.env, process.cwd()]", environment={"MINE": "yes"})
    environment, directory = json.loads(executor.invoke(spec).payload)
    assert directory == "/var/task"
    assert environment["MINE"] == "yes"
    assert environment["AWS_EXECUTION_ENV"] == f"AWS_Lambda_{spec.runtime}"
    assert environment["_HANDLER"] == "index.handler"
    assert "/opt/nodejs/node_modules" in environment["NODE_PATH"]
    assert not [name for name in environment if "HEARTH" in name or name in ("HOME", "PWD")]


def test_console(executor: RunningExecutor) -> None:
    spec = function(
        executor,
        """
        exports.handler = async () => {
            console.log("a\\nb", {c: 1}); console.info("i"); console.warn("w"); console.error("e"); console.debug("d");
            process.stdout.write("raw\\n");
        };
        """,
    )
    request = executor.invoke(spec).request_id
    lines = executor.messages(spec)[1:7]
    for line, (level, text) in zip(
        lines, [("INFO", "a\nb { c: 1 }"), ("INFO", "i"), ("WARN", "w"), ("ERROR", "e"), ("DEBUG", "d")], strict=False
    ):
        assert re.fullmatch(rf"{STAMP}\t{request}\t{level}\t{re.escape(text)}\n", line), line
    assert lines[5] == "raw\n"


@pytest.mark.parametrize(
    "body",
    [
        "async () => { throw new TypeError('bad'); }",
        "() => { throw new TypeError('bad'); }",
        "(event, context, callback) => callback(new TypeError('bad'))",
        "(event, context) => context.fail(new TypeError('bad'))",
    ],
    ids=["async", "sync", "callback", "fail"],
)
def test_errors(executor: RunningExecutor, body: str) -> None:
    spec = function(executor, f"exports.handler = {body};", runtime=CALLBACKS)
    result = executor.invoke(spec)
    payload = json.loads(result.payload)
    assert (result.function_error, payload["errorType"], payload["errorMessage"]) == ("Unhandled", "TypeError", "bad")
    assert payload["trace"][0] == "TypeError: bad"
    assert "/var/task/index.js:1:" in payload["trace"][1]
    line = executor.messages(spec)[1]
    match = re.fullmatch(rf"{STAMP}\t{result.request_id}\tERROR\tInvoke Error \t(\{{.*\}})\n", line, re.DOTALL)
    assert match is not None, line
    assert json.loads(match[1]) == {"errorType": "TypeError", "errorMessage": "bad", "stack": payload["trace"]}
    assert executor.invoke(spec).init_ms is None


def test_something_thrown_that_is_no_error(executor: RunningExecutor) -> None:
    result = executor.invoke(function(executor, "exports.handler = async () => { throw 'text'; }"))
    assert json.loads(result.payload) == {"errorType": "string", "errorMessage": "text", "trace": []}


@pytest.mark.parametrize(
    ("files", "handler", "kind", "message"),
    [
        ({"index.js": ""}, "nope.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'nope'"),
        (
            {"index.js": "require('x99')"},
            "index.handler",
            "Runtime.ImportModuleError",
            "Error: Cannot find module 'x99'",
        ),
        ({"index.js": ""}, "index.nope", "Runtime.HandlerNotFound", "index.nope is undefined or not exported"),
        ({"index.js": "exports.n = 1"}, "index.n", "Runtime.HandlerNotFound", "index.n is not a function"),
        ({"index.js": "("}, "index.handler", "Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected"),
        ({"index.mjs": "("}, "index.handler", "Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected"),
        ({"index.js": ""}, "index", "Runtime.MalformedHandlerName", "Bad handler"),
        (
            {"index.js": ""},
            "../a.b",
            "Runtime.MalformedHandlerName",
            "'../a.b' is not a valid handler name. Use absolute",
        ),
        ({"index.mjs": "import 'x99'"}, "index.handler", "Error", "Cannot find package 'x99' imported from /var/task/"),
        ({"index.js": "throw new RangeError('r')"}, "index.handler", "RangeError", "r"),
    ],
)
def test_init_failures(executor: RunningExecutor, files: dict[str, str], handler: str, kind: str, message: str) -> None:
    spec = function(executor, files, handler=handler)
    result = executor.invoke(spec)
    payload = json.loads(result.payload)
    assert (result.function_error, payload["errorType"]) == ("Unhandled", kind)
    assert payload["errorMessage"].startswith(message)
    lines = executor.messages(spec)
    assert re.match(rf"{STAMP}\tundefined\tERROR\tUncaught Exception \t\{{", lines[0])
    assert "Phase: init\tStatus: error\tError Type: " + known(kind) in lines[1]
    assert lines[-1].endswith(f"Status: error\tError Type: {known(kind)}\t\n")
    assert executor.last(spec).outcome == Outcome.INIT_ERROR


def test_the_trace_of_a_syntax_error_before_node_24(executor: RunningExecutor) -> None:
    payload = json.loads(executor.invoke(function(executor, "(", runtime=CALLBACKS)).payload)
    assert payload["trace"][0] == "Runtime.UserCodeSyntaxError: SyntaxError: Unexpected end of input"


def test_exit_codes(executor: RunningExecutor) -> None:
    spec = function(executor, "exports.handler = async (event) => process.exit(event)")
    for code, text in (
        (0, "Runtime exited without providing a reason"),
        (3, "Runtime exited with error: exit status 3"),
    ):
        result = executor.invoke(spec, code)
        assert json.loads(result.payload) == {
            "errorType": "Runtime.ExitError",
            "errorMessage": f"RequestId: {result.request_id} Error: {text}",
        }


def test_an_uncaught_exception_ends_the_environment(executor: RunningExecutor) -> None:
    source = "exports.handler = async () => { setTimeout(() => { throw new Error('late'); }, 5); await new Promise(() => {}); }"
    spec = function(executor, source)
    result = executor.invoke(spec)
    assert (result.error_type, json.loads(result.payload)["errorMessage"]) == ("Error", "late")
    assert "ERROR\tUncaught Exception \t{" in executor.messages(spec)[1]
    assert executor.invoke(spec).init_ms is not None


def test_an_unhandled_rejection(executor: RunningExecutor) -> None:
    source = "exports.handler = async () => { Promise.reject(new Error('lost')); await new Promise((r) => setTimeout(r, 500)); }"
    spec = function(executor, source)
    result = executor.invoke(spec)
    assert result.error_type == "Runtime.UnhandledPromiseRejection"
    assert json.loads(result.payload)["errorMessage"] == "Error: lost"
    line = next(message for message in executor.messages(spec) if "\tUnhandled Promise Rejection \t" in message)
    shown = json.loads(line.rpartition("\t")[2])
    assert list(shown) == ["errorType", "errorMessage", "reason", "promise", "stack"]
    assert (shown["reason"]["errorMessage"], shown["promise"]) == ("lost", {})
    logged = replace(spec, key="json", log_format="JSON")
    executor.invoke(logged)
    assert '"errorType":"UnhandledPromiseRejection"' in "".join(executor.messages(logged))


def test_errors_within_errors_are_logged(executor: RunningExecutor) -> None:
    source = "exports.handler = async () => { throw Object.assign(new Error('out'), { list: [new TypeError('in')] }); }"
    spec = function(executor, source)
    executor.invoke(spec)
    line = next(message for message in executor.messages(spec) if "\tInvoke Error \t" in message)
    (inner,) = json.loads(line.rpartition("\t")[2])["list"]
    assert (inner["errorType"], inner["errorMessage"], inner["stack"][0]) == ("TypeError", "in", "TypeError: in")


def test_timeout(executor: RunningExecutor) -> None:
    source = "exports.handler = async () => { console.log('in'); for (;;); }"
    spec = function(executor, source, timeout_s=1)
    assert executor.invoke(spec).error_type == "Sandbox.Timedout"
    assert executor.messages(spec)[1].endswith("\tin\n")


def test_out_of_memory(executor: RunningExecutor) -> None:
    source = """
        exports.handler = async () => {
            const kept = [];
            for (;;) { kept.push(Buffer.alloc(1 << 20, 1)); await new Promise((resolve) => setImmediate(resolve)); }
        };
        """
    assert executor.invoke(function(executor, source, timeout_s=20)).error_type == "Runtime.OutOfMemory"


def test_a_callback_waits_for_the_event_loop_unless_told_not_to(executor: RunningExecutor) -> None:
    source = """
        exports.handler = (event, context, callback) => {
            context.callbackWaitsForEmptyEventLoop = event;
            setTimeout(() => console.log("later"), 200);
            callback(null, "answer");
        };
        """
    spec = function(executor, source, runtime=CALLBACKS)
    waits = executor.invoke(spec, True)
    assert (waits.payload, b"later" in waits.log_tail) == (b'"answer"', True)
    goes = executor.invoke(function(executor, source, runtime=CALLBACKS), False)
    assert (goes.payload, b"later" in goes.log_tail) == (b'"answer"', False)


def test_what_handlers_are_methods_of_before_node_24(executor: RunningExecutor) -> None:
    source = """
        const handler = async function (event) {
            if (event) throw new Error("here");
            return this.constructor.name;
        };
        module.exports = { handler };
        """
    spec = function(executor, source, runtime=CALLBACKS)
    assert executor.invoke(spec).payload == b'"Runtime"'
    assert json.loads(executor.invoke(spec, 1).payload)["trace"][1].startswith("    at Runtime.handler (/var/task/")


def test_a_response_that_cannot_be_serialised(executor: RunningExecutor) -> None:
    result = executor.invoke(function(executor, "exports.handler = async () => { const a = {}; a.a = a; return a; }"))
    payload = json.loads(result.payload)
    kind = "Runtime.JSONStringifyError" if NODES[-1] == "nodejs24.x" else "Error"
    assert (payload["errorType"], payload["errorMessage"]) == (kind, "Unable to stringify response body")


def test_the_largest_response_and_one_more(executor: RunningExecutor) -> None:
    spec = function(executor, "exports.handler = async (event) => 'x'.repeat(event)")
    largest = 6 * 1024 * 1024 + 100
    assert len(executor.invoke(spec, largest - 2).payload) == largest
    assert executor.invoke(spec, largest - 1).error_type == "Function.ResponseSizeTooLarge"


def test_much_output_comes_whole(executor: RunningExecutor) -> None:
    source = (
        "exports.handler = async () => { process.stdout; for (let i = 0; i < 3000; i++) console.log('x'.repeat(100)); }"
    )
    spec = function(executor, source, timeout_s=20)
    assert executor.invoke(spec).function_error == ""
    assert len([message for message in executor.messages(spec) if message.endswith("x\n")]) == 3000
