"""The Java runtime: kinds of handlers, JSON and classes, jars and layers, log lines, failures with AWS's payloads."""

import json
import zipfile
from pathlib import Path

import pytest

from functions.execution.runtimes import discovery, java
from functions.execution.runtimes.interpreter import Interpreter
from functions.execution.spec import FunctionSpec
from monitoring.report import Outcome
from tests.execution.running import RunningExecutor

JAVAS = discovery.of_family("java")
pytestmark = [pytest.mark.sandbox, pytest.mark.skipif(not JAVAS, reason="no Java with a compiler on this machine")]


def function(executor: RunningExecutor, code: str, handler: str, **changes: object) -> FunctionSpec:
    values = {"runtime": JAVAS[0].runtime, "handler": handler, "memory_mb": 256, "timeout_s": 30, **changes}
    return executor.function("", **values, code=code)


@pytest.mark.parametrize("found", JAVAS, ids=lambda found: found.runtime)
def test_every_java_of_this_machine(executor: RunningExecutor, java_code: str, found: Interpreter) -> None:
    spec = function(executor, java_code, "shop.Handlers::map", runtime=found.runtime)
    for calls in (1, 2):
        event = {"ü": [1, None, 2.5, {"a": True}], "big": 2**40}
        result = executor.invoke(spec, event)
        answer = {"event": event, "calls": calls, "release": found.release}
        assert json.loads(result.payload) == answer, "".join(executor.messages(spec))


@pytest.mark.parametrize(
    ("handler", "event", "answer"),
    [
        ("shop.Handlers::text", "straße", "STRASSE"),
        ("shop.Handlers::sum", [1, "2", 3], 6),
        ("shop.Handlers::nothing", {}, None),
        ("shop.Interfaces$Objects", [{"id": "x", "lines": {"price": "1.5"}}], "x1.5"),
        ("shop.Interfaces$Streams", {"as": ["it", "is"]}, {"as": ["it", "is"]}),
    ],
)
def test_kinds_of_handlers(
    executor: RunningExecutor, java_code: str, handler: str, event: object, answer: object
) -> None:
    result = executor.invoke(function(executor, java_code, handler), event)
    assert json.loads(result.payload) == answer, result.log_tail


def test_classes_of_data(executor: RunningExecutor, java_code: str) -> None:
    order = {
        "id": 'a"\\\n\U0001f600',
        "kind": "WHOLESALE",
        "lines": [{"price": 1.5, "count": 2}, {"price": 4}],
        "codes": {"RETAIL": [2, 1]},
        "exact": 0.1234567890123456789,
        "at": 1700000000.5,
        "due": 1700000000123,
        "key": "8e4f1d3e-0e5c-4d5b-9a51-1d9a5b7f8c11",
        "paid": True,
        "data": "AQID",
        "page": {"first": {"price": 7.5, "count": 1}},
        "numbers": [1, 2],
        "unknown": {"left": "out"},
    }
    expected = {**order, "total": 7.0, "lines": [{"price": 1.5, "count": 2}, {"price": 4.0, "count": 1}]}
    del expected["unknown"]
    for handler, answer in (
        ("shop.Handlers::order", expected),
        ("shop.Interfaces$Inherited", expected | {"total": 0.0}),
    ):
        assert json.loads(executor.invoke(function(executor, java_code, handler), order).payload) == answer


def test_context_environment_and_heap(executor: RunningExecutor, java_code: str) -> None:
    variables = {"MINE": "j\u00e4", "JAVA_TOOL_OPTIONS": "-Dmine=option"}
    spec = function(executor, java_code, "shop.Handlers::context", environment=variables, memory_mb=512)
    result = executor.invoke(spec, client_context='{"custom": {"a": "b"}}')
    *values, heap, leaks = json.loads(result.payload)
    assert values == [
        spec.function_name,
        "$LATEST",
        f"arn:aws:lambda:eu-west-1:{spec.account_id}:function:{spec.function_name}",
        512,
        result.request_id,
        f"/aws/lambda/{spec.function_name}",
        executor.last(spec).log_stream,
        "b",
        True,
        None,
        "UTF-8",
        "j\u00e4",
        f"AWS_Lambda_{spec.runtime}",
        "option",
        "data",
    ]
    assert 400 <= heap <= 435
    assert leaks == 0


def test_jars_of_the_package_and_of_layers(executor: RunningExecutor, java_classes: Path) -> None:
    """The package's jar may have AWS's interfaces in it, as the build tools make it."""
    for place, name in (("code/jar/lib", "shop/Interfaces"), ("code/jar-layer/java/lib", "shop/Order")):
        directory = executor.directory / place
        directory.mkdir(parents=True)
        with zipfile.ZipFile(directory / "some.jar", "w") as jar:
            for path in java_classes.glob(f"{name}*.class"):
                jar.write(path, path.relative_to(java_classes))
            own = java.place(executor.directory / "run")
            for path in own.glob("com/**/*.class"):
                jar.write(path, path.relative_to(own))
    spec = function(executor, "jar", "shop.Interfaces$Inherited", layers="jar-layer")
    assert json.loads(executor.invoke(spec, {"id": "from jars"}).payload)["id"] == "from jars"


def test_output(executor: RunningExecutor, java_code: str) -> None:
    spec = function(executor, java_code, "shop.Handlers::output")
    assert executor.invoke(spec).payload == b"null"
    assert executor.messages(spec)[1:5] == ["printed\n", "warned\n", "logged\nas one\n", "[DEBUG] fine\n"]
    assert executor.messages(spec)[5] == "[WARN] grave\n"


def test_output_of_format_json(executor: RunningExecutor, java_code: str) -> None:
    options = {"log_format": "JSON", "application_log_level": "INFO"}
    spec = function(executor, java_code, "shop.Handlers::output", **options)
    result = executor.invoke(spec)
    said = [json.loads(line) for line in executor.messages(spec) if '"level"' in line and '"message"' in line]
    expected = [("UNDEFINED", "logged\nas one"), ("WARN", "grave")]
    assert [(line["level"], line["message"], line["AWSRequestId"]) for line in said] == [
        (level, message, result.request_id) for level, message in expected
    ]
    failing = function(executor, java_code, "shop.Handlers::fails", **options)
    executor.invoke(failing, {"message": "outer"})
    [error] = [json.loads(line) for line in executor.messages(failing) if '"level":"ERROR"' in line]
    assert error["message"].startswith("outer: java.lang.UnsupportedOperationException\n")


def test_an_exception(executor: RunningExecutor, java_code: str) -> None:
    spec = function(executor, java_code, "shop.Handlers::fails")
    result = executor.invoke(spec, {"message": "outer"})
    payload = json.loads(result.payload)
    assert (result.function_error, payload["errorType"]) == ("Unhandled", "java.lang.UnsupportedOperationException")
    assert payload["errorMessage"] == "outer"
    assert payload["stackTrace"] == ["shop.Handlers.fails(Handlers.java:89)"]
    line = executor.messages(spec)[1]
    assert line.startswith(
        "outer: java.lang.UnsupportedOperationException\njava.lang.UnsupportedOperationException: outer\n"
    )
    assert "Caused by: java.lang.IllegalStateException: inner\n" in line
    assert executor.invoke(spec, {"message": "again"}).init_ms is None


@pytest.mark.parametrize(
    ("handler", "event", "payload"),
    [
        (
            "shop.Nope",
            1,
            {"errorMessage": "Class not found: shop.Nope", "errorType": "java.lang.ClassNotFoundException"},
        ),
        (
            "shop.Handlers::nope",
            1,
            {
                "errorMessage": "No public method named nope with appropriate method signature found on class "
                "shop.Handlers"
            },
        ),
        (
            "shop.Interfaces$Neither",
            1,
            {"errorMessage": "Class does not implement an appropriate handler interface: shop.Interfaces$Neither"},
        ),
        ("::", 1, {"errorMessage": "Invalid handler: `::'"}),
    ],
)
def test_handlers_that_are_not_there(
    executor: RunningExecutor, java_code: str, handler: str, event: object, payload: dict[str, str]
) -> None:
    result = executor.invoke(function(executor, java_code, handler), event)
    assert (result.function_error, json.loads(result.payload)) == ("Unhandled", payload)


def test_an_event_of_another_shape(executor: RunningExecutor, java_code: str) -> None:
    result = executor.invoke(function(executor, java_code, "shop.Handlers::order"), {"lines": [{"price": {}}]})
    payload = json.loads(result.payload)
    assert (payload["errorType"], payload["errorMessage"]) == (
        "java.lang.RuntimeException",
        "An error occurred during JSON parsing",
    )
    assert b"Caused by: java.lang.IllegalArgumentException: Cannot make double of an object" in result.log_tail


def test_a_constructor_that_fails_fails_init(executor: RunningExecutor, java_code: str) -> None:
    spec = function(executor, java_code, "shop.Interfaces$Broken")
    payload = json.loads(executor.invoke(spec).payload)
    assert payload == {"errorMessage": "not made", "errorType": "java.lang.IllegalStateException"}
    assert executor.last(spec).outcome == Outcome.INIT_ERROR


def test_limits(executor: RunningExecutor, java_code: str) -> None:
    assert (
        executor.invoke(function(executor, java_code, "shop.Handlers::endless", timeout_s=2)).error_type
        == "Sandbox.Timedout"
    )
    spec = function(executor, java_code, "shop.Handlers::eat", memory_mb=192)
    assert executor.invoke(spec).error_type in {"java.lang.OutOfMemoryError", "Runtime.OutOfMemory"}
    assert executor.invoke(spec).init_ms is not None  # neither leaves an environment
    left = executor.invoke(function(executor, java_code, "shop.Handlers::leave"), 3)
    assert json.loads(left.payload)["errorMessage"].endswith("Runtime exited with error: exit status 3")


def test_the_largest_response_and_one_more(executor: RunningExecutor, java_code: str) -> None:
    spec = function(executor, java_code, "shop.Handlers::large", memory_mb=1024)
    largest = 6 * 1024 * 1024 + 100
    assert len(executor.invoke(spec, largest - 2).payload) == largest
    assert executor.invoke(spec, largest - 1).error_type == "Function.ResponseSizeTooLarge"
