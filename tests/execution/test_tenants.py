"""Tenant isolation on a node: no environment serves two tenants."""

import json
from dataclasses import replace
from typing import Any

import pytest

from functions.execution.runtimes.discovery import installed
from functions.execution.spec import FunctionSpec
from tests.execution.running import RunningExecutor

pytestmark = pytest.mark.sandbox
PYTHON = """
count = []
def handler(event, context):
    count.append(1)
    return [context.tenant_id, context.log_stream_name, len(count)]
"""
NODE = """
let count = 0;
exports.handler = async (event, context) => [context.tenantId ?? null, context.logStreamName, ++count];
"""
NODES = [runtime for runtime in installed() if runtime.startswith("nodejs")]


def call(executor: RunningExecutor, spec: FunctionSpec, tenant: str) -> Any:
    return json.loads(executor.invoke(spec, tenant_id=tenant).payload)


@pytest.mark.parametrize("runtime", ["python", "node"])
def test_an_environment_serves_one_tenant(executor: RunningExecutor, runtime: str) -> None:
    if runtime == "python":
        spec = executor.function(PYTHON, tenant_isolation=True)
    else:
        spec = executor.function({"index.js": NODE}, runtime=NODES[0], handler="index.handler", tenant_isolation=True)
    blue, first, _ = call(executor, spec, "blue")
    green, second, _ = call(executor, spec, "green")
    assert (blue, green) == ("blue", "green")
    assert first != second
    assert call(executor, spec, "blue") == ["blue", first, 2]
    assert call(executor, spec, "green") == ["green", second, 2]


def test_without_isolation_there_is_no_tenant(executor: RunningExecutor) -> None:
    assert json.loads(executor.invoke(executor.function(PYTHON)).payload)[0] is None


def test_new_code_ends_the_environments_of_all_tenants(executor: RunningExecutor) -> None:
    old = executor.function(PYTHON, tenant_isolation=True)
    streams = {tenant: call(executor, old, tenant)[1] for tenant in ("blue", "green")}
    new = replace(executor.function(PYTHON, tenant_isolation=True), function_name=old.function_name)
    for tenant, stream in streams.items():
        _, other, count = call(executor, new, tenant)
        assert (other != stream, count) == (True, 1)
