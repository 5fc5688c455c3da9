"""Runtimes that start with their function, since it sets what their process reads once: options, wrapper scripts."""

import json
import ssl

import pytest

from functions.execution.runtimes import discovery
from functions.execution.spec import FunctionSpec
from tests.execution.running import PYTHON, RunningExecutor

pytestmark = pytest.mark.sandbox
NODES = [each for each in discovery.found() if each.family == "node"]
RUBIES = [each for each in discovery.found() if each.family == "ruby"]
WRAPPER = """#!/bin/sh
export WRAPPED="$*"
exec "$@"
"""


def wrapped(executor: RunningExecutor, **changes: object) -> dict[str, object]:
    variables = {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap"}
    return {"layers": executor.deploy({"bootstrap": WRAPPER}), "environment": variables, "timeout_s": 20, **changes}


def twice(executor: RunningExecutor, spec: FunctionSpec) -> object:
    """What the function answers, after a cold and after a warm invocation."""
    results = [executor.invoke(spec, {}) for _ in range(2)]
    assert [result.init_ms is None for result in results] == [False, True]
    assert results[0].payload == results[1].payload, executor.messages(spec)
    return json.loads(results[0].payload)


def test_python_in_a_wrapper(executor: RunningExecutor) -> None:
    source = """
        import os, sys
        def handler(event, context):
            print("said")
            return [os.environ["WRAPPED"], sys.path[0], open("app.py").read().count("WRAPPED")]
        """
    spec = executor.function(source, **wrapped(executor))
    program = f"/var/lang/{discovery.installed()[PYTHON].program}"
    assert twice(executor, spec) == [f"{program} -B /var/runtime/bootstrap.py", "/var/task", 2]
    assert executor.messages(spec)[1] == "said\n"


def test_python_with_its_own_options(executor: RunningExecutor) -> None:
    variables = {"PYTHONHASHSEED": "7", "PYTHONPATH": "/opt/own"}
    source = "import sys, boto3\nfrom mine import A\ndef handler(event, context):\n    return [hash('a'), A]"
    layers = executor.deploy({"own/mine.py": "A = 'from the path'"})
    specs = [executor.function(source, environment=variables, layers=layers) for _ in range(2)]
    first, second = (twice(executor, spec) for spec in specs)
    assert first == second
    assert "from the path" in str(first)


@pytest.mark.skipif(not NODES, reason="no Node.js on this machine")
def test_node_options_and_certificates(executor: RunningExecutor) -> None:
    source = """
        const extra = require("tls").getCACertificates?.("extra").length ?? 1; // since Node.js 22
        exports.handler = async () => [globalThis.before, process.execArgv, extra];
        """
    files = {
        "index.js": source,
        "before.js": "globalThis.before = process.cwd()",
        "ca.pem": ssl.DER_cert_to_PEM_cert(ssl.create_default_context().get_ca_certs(binary_form=True)[0]),
    }
    variables = {"NODE_OPTIONS": "--require /var/task/before.js", "NODE_EXTRA_CA_CERTS": "/var/task/ca.pem"}
    runtime = NODES[-1].runtime
    spec = executor.function(files, runtime=runtime, handler="index.handler", environment=variables)
    assert twice(executor, spec) == ["/var/task", [], 1]
    options = wrapped(executor, runtime=runtime, handler="index.handler")
    spec = executor.function({"index.js": "exports.handler = async () => process.env.WRAPPED"}, **options)
    assert twice(executor, spec) == "/var/lang/bin/node /var/runtime/bootstrap.cjs"


@pytest.mark.skipif(not RUBIES, reason="no Ruby on this machine")
def test_ruby_in_a_wrapper(executor: RunningExecutor) -> None:
    source = "def handler(event:, context:) = [ENV['WRAPPED'].split.last, File.exist?('app.rb')]"
    options = wrapped(executor, runtime="ruby3.3", stand_in=RUBIES[0].runtime)
    assert twice(executor, executor.function({"app.rb": source}, **options)) == ["/var/runtime/bootstrap.rb", True]


@pytest.mark.skipif(not discovery.of_family("java"), reason="no Java with a compiler on this machine")
def test_java_in_a_wrapper(executor: RunningExecutor, java_code: str) -> None:
    options = wrapped(executor, runtime=discovery.of_family("java")[0].runtime, memory_mb=256)
    spec = executor.function("", **options, handler="shop.Handlers::wrapped", code=java_code)
    assert str(twice(executor, spec)).startswith("/var/lang/bin/java -Xmx217m ")


def test_a_wrapper_that_is_not_there(executor: RunningExecutor) -> None:
    source = "def handler(event, context):\n    return 1"
    result = executor.invoke(executor.function(source, environment={"AWS_LAMBDA_EXEC_WRAPPER": "/opt/nope"}))
    assert json.loads(result.payload)["errorMessage"].endswith("Runtime exited with error: exit status 127")
