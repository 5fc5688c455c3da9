"""What a runtime process is told when it becomes an environment of a function."""

import secrets
import time

from functions.execution import image
from functions.execution.endpoint import Endpoint
from functions.execution.runtimes.table import RUNTIMES
from functions.execution.sandbox.root import LIBRARY_PATH
from functions.execution.spec import FunctionSpec


def stream_name(version: str) -> str:
    return f"{time.strftime('%Y/%m/%d')}/[{version}]{secrets.token_hex(16)}"


def assignment(
    spec: FunctionSpec, log_stream: str, endpoint: Endpoint, initialization: str = "on-demand"
) -> dict[str, object]:
    """What a runtime process is told when it becomes an environment of `spec`."""
    variables = function_environment(spec, log_stream, endpoint, initialization)
    if spec.image:
        return {"environment": variables, **image.orders(spec)}
    return {"handler": spec.handler, "environment": variables}


def function_environment(
    spec: FunctionSpec, log_stream: str, endpoint: Endpoint, initialization: str
) -> dict[str, str]:
    """The variables of the runtime process: the user's own, then those that AWS sets and nobody may override."""
    address, credentials = endpoint.variables(spec)
    variables = {**(image.variables(spec) if spec.image else runtime_variables(spec)), **address}
    variables |= spec.environment
    variables |= {
        "AWS_REGION": spec.region,
        "AWS_DEFAULT_REGION": spec.region,
        "AWS_LAMBDA_FUNCTION_NAME": spec.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_INITIALIZATION_TYPE": initialization,
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        **credentials,
    }
    if not spec.image:
        variables["_HANDLER"] = spec.handler
        if RUNTIMES[spec.runtime].family != "custom":
            variables["AWS_EXECUTION_ENV"] = RUNTIMES[spec.runtime].execution_env
    if spec.log_format == "JSON":
        variables |= {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": spec.application_log_level}
    return variables


def runtime_variables(spec: FunctionSpec) -> dict[str, str]:
    """What the function may set otherwise."""
    runtime = RUNTIMES[spec.runtime]
    variables = {
        "LANG": "en_US.UTF-8",
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "LD_LIBRARY_PATH": LIBRARY_PATH,
        "TZ": ":UTC",
    }
    if runtime.family == "custom":
        variables["PATH"] = variables["PATH"].partition(":")[2]
        variables["LD_LIBRARY_PATH"] = LIBRARY_PATH.partition(":")[2]
    elif runtime.family == "python":
        variables["PYTHONPATH"] = "/var/runtime"
    elif runtime.family == "node":
        major = runtime.version
        variables["NODE_PATH"] = (
            f"/opt/nodejs/node{major}/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task"
        )
    elif runtime.family == "ruby":
        variables["RUBYLIB"] = "/var/task:/var/runtime/lib:/opt/ruby/lib"
        abi = f"{runtime.version}.0"
        variables["GEM_PATH"] = f"/var/task/vendor/bundle/ruby/{abi}:/opt/ruby/gems/{abi}"
    elif runtime.family == "dotnet":
        variables["DOTNET_ROOT"] = "/var/lang"
    return variables
