"""AWS's own Node.js client on the Runtime API, and what it answers beside what our bootstrap answers.

The client has no binary packages: `make ric` builds it once, as `make test` does, where there is a C++ compiler.
"""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from functions.execution.runtimes.discovery import installed
from tests.execution.pairs import Pair
from tests.execution.running import RunningExecutor

CLIENT = Path(__file__).parents[1] / "clients" / "aws-lambda-ric" / "node_modules"
# This client is the runtime of Node.js 24.
RUNTIME = next((name for name, each in installed().items() if each.family == "node" and int(each.release) >= 24), "")
pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(not (CLIENT / "aws-lambda-ric" / "rapid-client.node").exists(), reason="`make ric` was not run"),
    pytest.mark.skipif(not RUNTIME, reason="no Node.js 24 on this machine"),
]

HANDLER = """
class Own extends Error { constructor(m) { super(m); this.name = "Own"; this.code = "E_OWN"; this.extra = { a: 1 }; } }
const cases = {
    none: () => undefined,
    null: () => null,
    unicode: () => ({ "\\u00fc": "\\u20ac \\u{1f600} \\u2028 \\x7f" }),
    numbers: () => [1.0, 1e100, -0, 0.1, NaN, Infinity],
    date: () => new Date(0),
    buffer: () => Buffer.from("x"),
    map: () => new Map([[1, 2]]),
    json: () => ({ toJSON: () => "j" }),
    surrogate: () => "\\ud800",
    empty: () => "",
    array: () => [undefined, () => 1],
    promise: () => ({ p: Promise.resolve(1) }),
    bigint: () => 1n,
    circle: () => { const a = {}; a.a = a; return a; },
    raise: () => { throw new RangeError("at the\\nbottom"); },
    own: () => { throw new Own("own \\u00fc \\x7f"); },
    cause: () => { throw new Error("outer", { cause: new Error("inner") }); },
    aggregate: () => Promise.any([Promise.reject(new Error("x"))]),
    wordless: () => { throw new Error(); },
    nameless: () => { const e = new Error("x"); e.name = ""; throw e; },
    text: () => { throw "text"; },
    nothing: () => { throw null; },
    missing: () => { throw undefined; },
    object: () => { throw { a: 1 }; },
    number: () => { throw 5; },
    like: () => { throw { name: "N", message: "m", stack: "s" }; },
    exit: () => process.exit(3),
    end: () => process.exit(0),
};
exports.handler = async (event, context) => {
    if (event?.result) return cases[event.result]();
    if (event === "log") {
        console.log("a\\nb", { c: 1 }); console.info("i"); console.warn("w"); console.error("e"); console.debug("d");
        console.log("%s and %d %j %o", "x", 1, { a: 1 }, [1]); console.log(); console.log(undefined, null, 1n);
        process.stdout.write("raw\\n"); process.stderr.write("raw error\\n");
        return;
    }
    if (event === "context") return [
        Object.keys(context).sort(), context.clientContext, context.identity, context.functionName.slice(0, 8),
        context.memoryLimitInMB, process.env._X_AMZN_TRACE_ID, typeof context.getRemainingTimeInMillis(),
        context.tenantId, context.xRayTraceId, context.functionVersion, context.invokedFunctionArn.slice(0, 20),
    ];
    return event;
};
"""


def pair_of(executor: RunningExecutor, files: dict[str, str], handler: str = "index.handler") -> Pair:
    interpreter = installed()[RUNTIME]
    layer = executor.directory / "code" / f"interpreter-{RUNTIME}"
    if not layer.is_symlink():
        layer.symlink_to(interpreter.root)
    bootstrap = f"""#!/bin/sh
export AWS_EXECUTION_ENV=AWS_Lambda_{RUNTIME}
exec /opt/{interpreter.program} /var/task/node_modules/aws-lambda-ric/index.mjs "$_HANDLER"
"""
    theirs = executor.function(
        {**files, "bootstrap": bootstrap}, runtime="provided.al2023", layers=layer.name, handler=handler
    )
    modules = executor.directory / "code" / theirs.code / "node_modules"
    if not modules.exists():
        for name in ("aws-lambda-ric", "@aws"):
            shutil.copytree(CLIENT / name, modules / name)
    return Pair(executor, executor.function(files, runtime=RUNTIME, handler=handler), theirs)


def own_part(payload: Any) -> Any:
    """A failure without what the clients' own frames add to the stack."""
    if isinstance(payload, dict) and "trace" in payload:
        trace = payload["trace"]
        ends = [at for at, line in enumerate(trace) if "bootstrap.cjs" in line or "aws-lambda-ric" in line]
        payload["trace"] = [line for line in trace[: ends[0] if ends else None] if "node:internal" not in line]
    return payload


def same(pair: Pair, event: Any = None, **changes: Any) -> Any:
    (ours, our_error), (theirs, their_error) = pair.answers(event, **changes)
    assert (own_part(ours), our_error) == (own_part(theirs), their_error)
    return ours


@pytest.fixture(scope="module")
def pair(executor: RunningExecutor) -> Pair:
    return pair_of(executor, {"index.js": HANDLER})


@pytest.mark.parametrize("result", re.findall(r"^    (\w+): \(\) =>", HANDLER, re.MULTILINE))
def test_results(pair: Pair, result: str) -> None:
    same(pair, {"result": result})


def test_events(pair: Pair) -> None:
    events: list[Any] = [None, 0, "", [], {"\u00fc": "\U0001f600"}, "x" * 6_000_000]
    for event in events:
        same(pair, event)
    same(pair, payload=b'"\\ud800"')
    assert same(pair, "x" * (6 * 1024 * 1024 + 100))["errorType"] == "Function.ResponseSizeTooLarge"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"client_context": '{"custom": {"k": "\u00fc"}, "env": {}}'},
        {"client_context": "{}"},
        {"trace_id": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"},
        {"cognito": {"cognitoIdentityId": "i", "cognitoIdentityPoolId": "p"}},
    ],
)
def test_context(pair: Pair, changes: dict[str, Any]) -> None:
    same(pair, "context", **changes)


def test_logs(executor: RunningExecutor) -> None:
    pair = pair_of(executor, {"index.js": HANDLER})
    same(pair, "log")
    assert "%" not in pair.log_the_same()


@pytest.mark.parametrize(
    ("files", "handler"),
    [
        ({"index.js": "exports.handler = () => 5"}, "index.handler"),
        ({"index.mjs": "export const handler = async (event) => [event]"}, "index.handler"),
        ({"a/index.js": "exports.x = { y: async () => 5 }"}, "a/index.x.y"),
        ({"index.js": "exports.handler = (event, context, callback) => callback(null, 1)"}, "index.handler"),
        ({"index.js": ""}, "index.nope"),
        ({"index.js": "exports.n = 1"}, "index.n"),
        ({"index.js": "("}, "index.handler"),
        ({"index.mjs": "("}, "index.handler"),
        ({"index.js": ""}, "index"),
        ({"index.js": "throw new RangeError('r')"}, "index.handler"),
        ({"index.js": "process.exit(4)"}, "index.handler"),
    ],
)
def test_inits(executor: RunningExecutor, files: dict[str, str], handler: str) -> None:
    same(pair_of(executor, files, handler))
