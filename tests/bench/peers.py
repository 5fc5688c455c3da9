"""Others that run such functions on a machine, in the same run as Hearth: as ratios to it.

Installed into a directory of their own; one that cannot be installed is said, and left out. None of them isolates a
function, verifies a signature or writes a metric, and Hearth does all three.
"""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import boto3

from tests.bench.measure import Load, wrk, wrk_at
from tests.family import free_port, start, wait_for, zip_of

Row = tuple[str, str, str]  # what, required, measured
HANDLER = "def handler(event, context):\n    print('hello', event)\n    return event\n"
FRAMEWORK = """import functions_framework
@functions_framework.http
def handler(request):
    event = request.get_json()
    print("hello", event)
    return event
"""
SERVERLESS = """service: peer
configValidationMode: "off"
provider: {name: aws, runtime: python3.%d, stage: dev, region: us-east-1}
functions: {hello: {handler: app.handler}}
plugins: [serverless-offline]
"""
BODY = b'{"n": 1}'
JSON = {"Content-Type": "application/json"}
INVOCATIONS = "/2015-03-31/functions/{}/invocations"
PYTHON_PACKAGES = ("functions-framework==3.10.2", "ministack==1.5.33")
NODE_PACKAGES = ("serverless@3.40.0", "serverless-offline@13.10.1")
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}


@dataclass
class Peer:
    name: str
    command: list[str]
    path: str
    environment: dict[str, str] = field(default_factory=dict)


def measure(directory: Path) -> list[Row]:
    directory.mkdir()
    ours = _hearth(directory / "hearth")
    rows = [("Hearth: signed, isolated, logged", "", _text(ours))]
    for name, install in (("functions-framework", _framework), ("MiniStack", _ministack), ("serverless-offline", _sls)):
        scratch = directory / name
        scratch.mkdir()
        try:
            port = free_port()
            found = install(scratch, port)
            with _running(found, scratch, port):
                theirs = _load(found, port)
        except (subprocess.SubprocessError, OSError, AssertionError) as error:
            rows.append((name, "", f"not measured: {type(error).__name__}"))
        else:
            rows.append((name, "", f"{_text(theirs)}; {_ratio(ours, theirs)}"))
    return rows


def _hearth(directory: Path) -> tuple[Load, Load]:
    hearth = start(directory)
    try:
        hearth.deploy("hello", HANDLER)
        path = INVOCATIONS.format("hello")
        wrk(hearth, path, BODY, 16, 3)
        return wrk(hearth, path, BODY, 1, 5), wrk(hearth, path, BODY, 16, 5)
    finally:
        hearth.stop()


def _load(peer: Peer, port: int) -> tuple[Load, Load]:
    address = f"http://127.0.0.1:{port}{peer.path}"
    wrk_at(address, BODY, JSON, 4, 3)
    return wrk_at(address, BODY, JSON, 1, 5), wrk_at(address, BODY, JSON, 16, 5)


def _text(loads: tuple[Load, Load]) -> str:
    one, many = loads
    return f"1 client p50 {one.p50_ms:.2f} ms, {one.per_second:,.0f}/s; 16 clients {many.per_second:,.0f}/s"


def _ratio(ours: tuple[Load, Load], theirs: tuple[Load, Load]) -> str:
    quicker, more = theirs[0].p50_ms / ours[0].p50_ms, ours[1].per_second / theirs[1].per_second
    return f"Hearth answers in 1/{quicker:.2f} of the time and does {more:.2f} times as many"


@contextmanager
def _running(peer: Peer, directory: Path, port: int) -> Iterator[None]:
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            peer.command,
            cwd=directory,
            env={**os.environ, **peer.environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        if peer.name == "MiniStack":
            wait_for(peer.name, lambda: _create(port), 60)
        wait_for(peer.name, lambda: _answers(f"http://127.0.0.1:{port}{peer.path}"), 60)
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(address: str) -> bool:
    try:
        request = urllib.request.Request(address, BODY, JSON)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return bool(json.load(answer) == json.loads(BODY))
    except (OSError, ValueError):
        return False


def _create(port: int) -> bool:
    client = boto3.client("lambda", endpoint_url=f"http://127.0.0.1:{port}", **KEYS)
    try:
        client.create_function(
            FunctionName="hello",
            Runtime=f"python3.{sys.version_info.minor}",
            Handler="app.handler",
            Role="arn:aws:iam::000000000000:role/r",
            Code={"ZipFile": zip_of({"app.py": HANDLER})},
        )
    except Exception:  # noqa: BLE001 it does not serve yet
        return False
    return True


def _environment(directory: Path, *packages: str) -> Path:
    subprocess.run([sys.executable, "-m", "venv", directory / "venv"], check=True)
    programs = directory / "venv" / "bin"
    subprocess.run([programs / "pip", "install", "-q", *packages], check=True, capture_output=True, timeout=300)
    return programs


def _framework(directory: Path, port: int) -> Peer:
    programs = _environment(directory, PYTHON_PACKAGES[0])
    (directory / "main.py").write_text(FRAMEWORK)
    command = [str(programs / "functions-framework"), "--target", "handler", "--source", "main.py"]
    return Peer("functions-framework", [*command, "--host", "127.0.0.1", "--port", str(port)], "/")


def _ministack(directory: Path, port: int) -> Peer:
    programs = _environment(directory, PYTHON_PACKAGES[1])
    environment = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1"}
    return Peer("MiniStack", [str(programs / "ministack")], INVOCATIONS.format("hello"), environment)


def _sls(directory: Path, port: int) -> Peer:
    (directory / "package.json").write_text('{"private": true}')
    command = ["npm", "install", "--silent", "--no-audit", *NODE_PACKAGES]
    subprocess.run(command, cwd=directory, check=True, capture_output=True, timeout=300)
    (directory / "serverless.yml").write_text(SERVERLESS % sys.version_info.minor)
    (directory / "app.py").write_text(HANDLER)
    ports = ["--lambdaPort", str(port), "--httpPort", str(free_port()), "--albPort", str(free_port())]
    program = str(directory / "node_modules" / ".bin" / "serverless")
    environment = {"SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off"}
    command = [program, "offline", "start", "--host", "127.0.0.1", *ports]
    return Peer("serverless-offline", command, INVOCATIONS.format("peer-dev-hello"), environment)
