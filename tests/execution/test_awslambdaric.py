"""AWS's own Python client on the Runtime API, and what it answers beside what our bootstrap answers.

Each case runs twice: on the runtime, through our bootstrap, and as a custom runtime, through `awslambdaric`.
"""

import json
import re
import sys
from typing import Any

import pytest

from tests.execution.pairs import Pair
from tests.execution.python_client import PYTHONS, through_awslambdaric
from tests.execution.running import PYTHON, RunningExecutor

pytestmark = pytest.mark.sandbox

HANDLER = """
import collections, decimal, enum, json, logging, os, sys

class Broken(Exception):
    pass

class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no text")

Point = collections.namedtuple("Point", "x y")

def deep(n):
    if n:
        return deep(n - 1)
    raise Broken("at the bottom\\nof it")

def chained():
    try:
        {}["key"]
    except KeyError as error:
        raise Broken("after") from error

RESULTS = {
    "none": lambda: None,
    "unicode": lambda: {"\\u00fc": "\\u20ac \\U0001f600 \\u2028 \\x7f"},
    "floats": lambda: [1.0, 1e100, -0.0, 0.1, 1 << 70],
    "nan": lambda: [float("nan"), float("inf"), -float("inf")],
    "decimals": lambda: [decimal.Decimal("1.10"), decimal.Decimal("1E+3"), decimal.Decimal("NaN")],
    "tuple": lambda: (1, (2, "x")),
    "named tuple": lambda: {"point": Point(1, 2)},
    "keys": lambda: {1: "int", None: "none", True: "true", 1.5: "float"},
    "bytes": lambda: b"bytes",
    "empty bytes": lambda: b"",
    "empty text": lambda: "",
    "surrogate": lambda: "\\ud800",
    "nested": lambda: [[[[{}]]]],
    "set": lambda: {1, 2},
    "bytes inside": lambda: [b"x"],
    "object": lambda: [object],
    "tuple key": lambda: {(1, 2): 3},
    "exception": lambda: [ValueError("x")],
    "circle": lambda: circle(),
    "generator": lambda: (n for n in "ab"),
    "enum": lambda: enum.IntEnum("Colour", "RED").RED,
    "raises": lambda: deep(3),
    "raises without text": lambda: exec("raise ValueError()"),
    "raises text": lambda: json.loads("{not json"),
    "raises unicode": lambda: exec("raise Broken('\\u00fc \\U0001f600')", globals()),
    "raises chained": chained,
    "raises a key": lambda: {}["missing"],
    "raises recursion": lambda: recursion(),
    "raises base": lambda: exec("raise GeneratorExit('base')"),
}

def circle():
    values = []
    values.append(values)
    return values

def recursion():
    return recursion()

def handler(event, context):
    if isinstance(event, dict) and "result" in event:
        return RESULTS[event["result"]]()
    if isinstance(event, dict) and event.get("exit", "") != "":
        print("leaving")
        sys.exit(event["exit"])
    if event == "log":
        print("printed", {"a": 1})
        print("two\\nlines")
        print("to stderr", file=sys.stderr)
        sys.stdout.write("no newline")
        sys.stdout.flush()
        logging.warning("a warning\\nof two lines")
        logging.getLogger("named").error("an error %s", 1)
        logging.info("not shown")
        try:
            1 / 0
        except ZeroDivisionError:
            logging.exception("caught")
        context.log("by the context\\n")
        return None
    if event == "context":
        client = context.client_context
        return [
            sorted(name for name in dir(context) if not name.startswith("_")),
            client and [client.custom, client.env, client.client and client.client.app_title],
            context.identity.cognito_identity_id, context.tenant_id,
            context.function_name[:8], context.function_version, context.memory_limit_in_mb,
            context.invoked_function_arn[:20], type(context.get_remaining_time_in_millis()).__name__,
            repr(context).count("="), os.environ.get("_X_AMZN_TRACE_ID"), repr(client).count("custom="),
        ]
    return {"event": event}
"""


def pair_of(executor: RunningExecutor, source: str, runtime: str = PYTHON, **changes: Any) -> Pair:
    ours = executor.function(source, runtime=runtime, **changes)
    return Pair(executor, ours, through_awslambdaric(executor, source, runtime, **changes))


@pytest.fixture(scope="module")
def pair(executor: RunningExecutor) -> Pair:
    return pair_of(executor, HANDLER)


@pytest.mark.parametrize("runtime", [runtime for runtime in PYTHONS if runtime != PYTHON])
def test_every_python_of_this_machine(executor: RunningExecutor, runtime: str) -> None:
    pair = pair_of(executor, HANDLER, runtime)
    payload, error = pair.same({"n": [1, None, "\u00fc"]})
    assert (json.loads(payload), error) == ({"event": {"n": [1, None, "\u00fc"]}}, "")
    for result in ("raises", "decimals"):
        pair.same({"result": result})
    pair.same("log")
    if PYTHONS[runtime].release not in ("3.8", "3.9"):  # the last clients for these are old
        pair.log_the_same()


@pytest.mark.parametrize("result", re.findall(r'^    "([a-z ]+)": ', HANDLER, re.MULTILINE))
def test_results(pair: Pair, result: str) -> None:
    if result == "surrogate" and sys.version_info >= (3, 12):
        pytest.skip("AWS's client dies of it")
    pair.same({"result": result})


@pytest.mark.parametrize("event", [None, 0, "", [], {"\u00fc": "\U0001f600"}, "x" * 6_000_000])
def test_events(pair: Pair, event: Any) -> None:
    pair.same(event)


@pytest.mark.parametrize("payload", [b"\xff", b'"\\ud800"', b" [1] ", b'{"a":1,"a":2}'])
def test_strange_events(pair: Pair, payload: bytes) -> None:
    pair.same(payload=payload)


def test_a_response_that_is_too_large(pair: Pair) -> None:
    payload, error = pair.same("x" * (6 * 1024 * 1024 + 100))
    assert (payload["errorType"], error) == ("Function.ResponseSizeTooLarge", "Unhandled")
    pair.same("still there")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"client_context": '{"custom": {"k": "\u00fc"}, "env": {"e": 1}, "client": {"app_title": "t"}}'},
        {"client_context": "{}"},
        {"client_context": '{"client": {}}'},
        {"trace_id": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"},
    ],
)
def test_context(pair: Pair, changes: dict[str, Any]) -> None:
    pair.same("context", **changes)


def test_logs(executor: RunningExecutor) -> None:
    pair = pair_of(executor, HANDLER)
    for event in ("log", {"result": "raises"}, {"result": "raises without text"}, {"result": "set"}):
        pair.same(event)
    assert "a warningof two lines" in pair.log_the_same()


@pytest.mark.parametrize("code", [0, 77, "text", 300])
def test_exits(executor: RunningExecutor, code: Any) -> None:
    pair = pair_of(executor, HANDLER)
    pair.same({"exit": code})
    pair.log_the_same()


@pytest.mark.parametrize(
    ("source", "handler"),
    [
        ("def handler(event, context): return 1", "app.missing"),
        ("def handler(event, context): return 1", "missing.handler"),
        ("def handler(event, context): return 1", "sys.exit"),
        ("def handler(event, context): return 1", "app"),
        ("def handler(event, context): return 1", "a/b.handler"),
        ("import no_such_module", "app.handler"),
        ("from json import no_such_name", "app.handler"),
        ("def handler(:\n    pass", "app.handler"),
        ("class Own(Exception): pass\ndef f(): raise Own()\nf()", "app.handler"),
        ("import sys\nsys.exit(3)", "app.handler"),
        ("import os\nos._exit(0)", "app.handler"),
    ],
)
def test_inits(executor: RunningExecutor, source: str, handler: str) -> None:
    pair = pair_of(executor, source, handler=handler)
    pair.same()
    pair.log_the_same()
