"""Custom runtimes: what a package brings as `bootstrap`, by the Lambda Runtime API, and what goes wrong with it."""

import json
import shutil
import textwrap

import pytest

from functions.execution.spec import FunctionSpec
from monitoring.report import Kind, Outcome, Report
from tests.execution.custom import function, in_python, scripted
from tests.execution.running import ACCOUNT, REGION, RunningExecutor, eventually

pytestmark = pytest.mark.sandbox
# The way of AWS's tutorial.
SHELL = """#!/bin/sh
set -eu
. "./$(echo "$_HANDLER" | cut -d. -f1).sh"
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
while true; do
    headers=$(mktemp)
    event=$(curl -sS -LD "$headers" "$api/invocation/next")
    id=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$headers" | tr -d '[:space:]' | cut -d: -f2)
    response=$($(echo "$_HANDLER" | cut -d. -f2) "$event")
    curl -sS -o /dev/null "$api/invocation/$id/response" -d "$response"
done
"""


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl on this machine")
@pytest.mark.parametrize("runtime", ["provided.al2", "provided.al2023"])
def test_a_shell_script(executor: RunningExecutor, runtime: str) -> None:
    handler = 'handler() { echo "got $1" >&2; env >&2; printf \'{"echo": %s}\' "$1"; }'
    spec = function(
        executor, {"bootstrap": SHELL, "function.sh": handler}, runtime=runtime, environment={"MINE": "x y"}
    )
    results = [executor.invoke(spec, n) for n in (1, "zwei")]
    assert [json.loads(result.payload) for result in results] == [{"echo": 1}, {"echo": "zwei"}]
    assert [result.init_ms is None for result in results] == [False, True]
    messages = executor.messages(spec)
    assert 'got "zwei"\n' in messages
    assert {"MINE=x y\n", "_HANDLER=function.handler\n", "AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001\n"} <= set(messages)
    assert not [message for message in messages if message.startswith(("AWS_EXECUTION_ENV", "HEARTH"))]


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ({}, "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"),
        ({"bootstrap": "no mode"}, "fork/exec /var/task/bootstrap: permission denied"),
        ({"bootstrap": "#!/no/such/shell\n"}, "fork/exec /var/task/bootstrap: no such file or directory"),
    ],
)
def test_nothing_to_start(executor: RunningExecutor, files: dict[str, str], text: str) -> None:
    spec = function(executor, {"other": "", **files})
    result = executor.invoke(spec)
    assert json.loads(result.payload) == {
        "errorType": "Runtime.InvalidEntrypoint",
        "errorMessage": f"RequestId: {result.request_id} Error: {text}",
    }
    assert executor.last(spec).outcome == Outcome.INIT_ERROR
    assert f"RequestId: {result.request_id} Error: {text}\nRuntime.InvalidEntrypoint\n" in executor.messages(spec)


# --- what an invocation brings ---


def test_headers(executor: RunningExecutor) -> None:
    spec = scripted(executor, timeout_s=7)
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"
    identity = {"cognitoIdentityId": "eu-west-1:i", "cognitoIdentityPoolId": "eu-west-1:p"}
    code = "head['left'] = int(head['Lambda-Runtime-Deadline-Ms']) / 1000 - time.time(); respond(head)"
    result = executor.invoke(spec, code, client_context='{"custom":{"a":"\u00fc"}}', trace_id=trace, cognito=identity)
    head = json.loads(result.payload)
    assert 5 < head.pop("left") <= 7
    del head["Lambda-Runtime-Deadline-Ms"], head["Content-Length"]
    assert head == {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": result.request_id,
        "Lambda-Runtime-Invoked-Function-Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{spec.function_name}",
        "Lambda-Runtime-Trace-Id": trace,
        "Lambda-Runtime-Client-Context": '{"custom":{"a":"\u00fc"}}'.encode().decode("latin-1"),
        "Lambda-Runtime-Cognito-Identity": json.dumps(identity, separators=(",", ":")),
    }


def test_errors(executor: RunningExecutor) -> None:
    spec = scripted(executor)
    payload = {"errorMessage": "bad", "errorType": "Own", "more": 1}
    code = f"respond({payload}, 'error', {{'Lambda-Runtime-Function-Error-Type': 'Runtime.Own'}})"
    for _ in range(2):
        result = executor.invoke(spec, code)
        assert (result.function_error, json.loads(result.payload)) == ("Unhandled", payload)
    report = executor.last(spec)
    assert (report.outcome, report.error_type, report.error_message) == (Outcome.ERROR, "Runtime.Own", "bad")
    assert not any("exited" in message for message in executor.messages(spec))


def test_an_error_of_the_init(executor: RunningExecutor) -> None:
    source = """
        import http.client, os
        api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
        kind = {"Lambda-Runtime-Function-Error-Type": "Runtime.NoModule"}
        api.request("POST", "/2018-06-01/runtime/init/error", '{"errorMessage":"m","errorType":"t"}', kind)
        assert api.getresponse().status == 202
        """
    spec = in_python(executor, source)
    result = executor.invoke(spec)
    assert json.loads(result.payload) == {"errorMessage": "m", "errorType": "t"}
    assert (executor.last(spec).outcome, executor.last(spec).error_type) == (Outcome.INIT_ERROR, "Runtime.NoModule")
    assert "Phase: init\tStatus: error\tError Type: Runtime.NoModule\n" in executor.messages(spec)[0]


@pytest.mark.parametrize(("end", "text"), [("exit 3", "exit status 3"), ("kill -11 $$", "signal: segmentation fault")])
def test_a_bootstrap_that_ends_before_it_asks(executor: RunningExecutor, end: str, text: str) -> None:
    spec = function(executor, {"bootstrap": f"#!/bin/sh\n{end}\n"})
    result = executor.invoke(spec)
    message = f"RequestId: {result.request_id} Error: Runtime exited with error: {text}"
    assert json.loads(result.payload) == {"errorType": "Runtime.ExitError", "errorMessage": message}


# --- the end of an invocation ---


def books(executor: RunningExecutor, spec: FunctionSpec) -> list[Report]:
    return [report for report in executor.reports(spec) if report.kind == Kind.INVOCATION]


def test_what_a_runtime_does_after_its_response(executor: RunningExecutor) -> None:
    """The caller has the answer; the invocation, its log and its environment go on until the next one is asked for."""
    spec = scripted(executor)
    code = "respond('early'); say('late'); time.sleep(0.3); say('later')"
    assert executor.invoke(spec, code, want_tail=False).payload == b'"early"'
    assert books(executor, spec) == []
    second = executor.invoke(spec, "respond('second')", want_tail=False)  # the first environment is not free yet
    assert second.init_ms is not None
    first = eventually(lambda: [report for report in books(executor, spec) if report.duration_ms >= 300])[0]
    assert (first.outcome, first.response) == (Outcome.SUCCESS, '"early"')
    reports = [report for report in executor.reports(spec) if report.request_id == first.request_id]
    assert [text for report in reports for _, text in report.lines][1:3] == ["late\n", "later\n"]
    with_tail = executor.invoke(spec, "respond('told'); time.sleep(0.1); say('at the end')")
    assert (with_tail.payload, b"at the end\nEND" in with_tail.log_tail) == (b'"told"', True)


@pytest.mark.parametrize(
    ("what", "outcome", "status"),
    [
        ("sys.exit(0)", Outcome.CRASH, "error\tError Type: Runtime.ExitError"),
        ("time.sleep(9)", Outcome.TIMEOUT, "timeout"),
    ],
)
def test_a_runtime_that_answers_and_does_not_come_back(
    executor: RunningExecutor, what: str, outcome: Outcome, status: str
) -> None:
    spec = scripted(executor, timeout_s=1)
    result = executor.invoke(spec, f"respond('early'); {what}", want_tail=False)
    assert (result.payload, result.function_error) == (b'"early"', "")
    report = eventually(lambda: books(executor, spec))[-1]
    assert (report.outcome, report.response) == (outcome, '"early"')
    assert report.lines[-1][1].endswith(f"Status: {status}\t\n")
    assert executor.invoke(spec, "respond('new')").init_ms is not None


def test_timeout_and_crash(executor: RunningExecutor) -> None:
    assert executor.invoke(scripted(executor, timeout_s=1), "time.sleep(60)").error_type == "Sandbox.Timedout"
    spec = scripted(executor, timeout_s=30)
    for code, kind in (
        ("os.abort()", "Runtime.ExitError"),
        ("api.putrequest('POST', ROOT + f'invocation/{request}/response'); api.putheader('Content-Length', '9'); "
         "api.endheaders(b'[1'); os._exit(1)", "Runtime.ExitError"),
        ("api.putrequest('POST', ROOT + f'invocation/{request}/response'); api.putheader('Content-Length', '9'); "
         "api.endheaders(b'[1'); api.close()", "Runtime.TruncatedResponse"),
        ("respond('x' * (6 * 1024 * 1024 + 100))", "Function.ResponseSizeTooLarge"),
    ):  # fmt: skip
        result = executor.invoke(spec, code)
        assert (result.function_error, result.error_type) == ("Unhandled", kind)
    assert executor.invoke(spec, "respond('well')").payload == b'"well"'


def test_forged_answers(executor: RunningExecutor) -> None:
    spec = scripted(executor)
    other = "11111111-2222-3333-4444-555555555555"
    code = f"""if True:
        real, request = request, {other!r}
        answers = [respond(1)[0], respond(1, 'error')[0], respond(1, '../../init/error')[0]]
        request = real
        answers += [respond(answers)[0], respond(0)[0], respond(0, 'error')[0]]
        say(*answers)
    """
    assert json.loads(executor.invoke(spec, textwrap.dedent(code)).payload) == [400, 400, 404]
    assert "400 400 404 202 403 403\n" in executor.messages(spec)
    assert executor.invoke(spec, "respond('well')").payload == b'"well"'
