"""Functions on a custom runtime for tests: packages with a `bootstrap`, and one whose events say what it does."""

import textwrap

from functions.execution.spec import FunctionSpec
from tests.execution.python_client import PYTHONS, interpreter_layer
from tests.execution.running import PYTHON, RunningExecutor

# A runtime in a few lines that does what an event tells.
PYTHON_RUNTIME = """
import base64, http.client, json, os, socket, sys, time

ROOT = "/2018-06-01/runtime/"
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

def ask(method, path, body=None, headers={}, **more):
    api.request(method, ROOT + path, body, headers, **more)
    answer = api.getresponse()
    return answer.status, dict(answer.headers), answer.read().decode()

def say(*words):
    print(*words, flush=True)

def respond(value, kind="response", headers={}):
    return ask("POST", f"invocation/{request}/{kind}", json.dumps(value), headers)

def begin():
    api.putrequest("POST", f"{ROOT}invocation/{request}/response")
    for header in (("Lambda-Runtime-Function-Response-Mode", "streaming"), ("Transfer-Encoding", "chunked"),
                   ("Content-Type", "text/own")):
        api.putheader(*header)
    api.endheaders()

def write(data):
    api.send(b"%x\\r\\n%s\\r\\n" % (len(data), data))

def end(kind=b"", error=b""):
    api.send(b"0\\r\\n")
    if kind:
        api.send(b"Lambda-Runtime-Function-Error-Type: " + kind + b"\\r\\n")
        api.send(b"Lambda-Runtime-Function-Error-Body: " + base64.b64encode(error) + b"\\r\\n")
    api.send(b"\\r\\n")
    api.getresponse().read()

while True:
    _, head, event = ask("GET", "invocation/next")
    request, event = head["Lambda-Runtime-Aws-Request-Id"], json.loads(event)
    exec(event)
"""


def function(executor: RunningExecutor, files: dict[str, str], **changes: object) -> FunctionSpec:
    return executor.function(files, **{"runtime": "provided.al2023", "handler": "function.handler", **changes})


def scripted(executor: RunningExecutor, **changes: object) -> FunctionSpec:
    """A function whose events are Python: what its runtime does with the invocation."""
    return in_python(executor, PYTHON_RUNTIME, **changes)


def in_python(executor: RunningExecutor, source: str, **changes: object) -> FunctionSpec:
    """A function whose bootstrap is a Python program."""
    files = {"bootstrap": f"#!/opt/{PYTHONS[PYTHON].program}\n" + textwrap.dedent(source)}
    return function(executor, files, **{"layers": interpreter_layer(executor, PYTHON), **changes})
