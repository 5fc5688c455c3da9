# ruff: noqa: E501 (programs in strings)
"""Extensions from strings of source, for tests."""

import shutil
import textwrap
from pathlib import Path

from tests.execution.running import RunningExecutor

# What most of them begin with: `request(method, path, body, headers)` answers status, headers and the body.
PRELUDE = """\
#!/usr/bin/python3
import http.client, json, os, socket, sys, threading, time

def request(method, path, body=None, **headers):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body)
    connection.request(method, path, data, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer.status, dict(answer.headers), answer.read().decode()

def register(name, *events):
    status, headers, body = request("POST", "/2020-01-01/extension/register", {"events": events}, Lambda_Extension_Name=name)
    assert status == 200, body
    return headers["Lambda-Extension-Identifier"]

def following(me):
    return json.loads(request("GET", "/2020-01-01/extension/event/next", Lambda_Extension_Identifier=me)[2])

NAME = os.path.basename(sys.argv[0])
"""


def layer(executor: RunningExecutor, **programs: str | Path) -> str:
    """A tree for /opt with extensions of these names: files, or what follows the prelude."""
    sources = {
        name: str(source) if isinstance(source, Path) else PRELUDE + textwrap.dedent(source)
        for name, source in programs.items()
    }
    tree = executor.deploy({f"extensions/{name}": source for name, source in sources.items()})
    for name, source in programs.items():
        file = executor.directory / "code" / tree / "extensions" / name
        if isinstance(source, Path):
            shutil.copy(source, file)
        file.chmod(0o755)
    return tree
