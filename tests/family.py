"""A real Hearth for tests: the processes that `make run` starts, on a free port and a directory of their own."""

import base64
import io
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests import workers
from tests.gate import let_go
from tests.processes import children, command

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 120.0


# None that the kernel gives to a connection before the family has it, and none that another process of tests tries.
PORTS = itertools.cycle(range(20_000 + 1000 * workers.NUMBER + os.getpid() % 900, 21_000 + 1000 * workers.NUMBER))


def free_port() -> int:
    for port in PORTS:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError


def zip_of(files: dict[str, str | bytes]) -> bytes:
    """A deployment package holding `files`, the same bytes each time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            script = content[:2] in ("#!", b"#!")
            entry.external_attr = (0o755 if script else 0o644) << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def wait_for(what: str, probe: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The first true answer of `probe`, asked again and again."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = probe()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {seconds:.0f} s")


@dataclass
class RunningHearth:
    data: Path
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    credentials: dict[str, str]

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def role(self) -> str:
        return f"arn:aws:iam::{self.credentials['account_id']}:role/lambda-role"

    @property
    def images(self) -> Path:
        """What HEARTH_IMAGES names, for tests that share the family."""
        return self.data / "images"

    def client(self, service: str, **config: Any) -> Any:
        """A boto3 client that talks to this instance; it does not retry, so that every error is seen."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=self.credentials["region"],
            aws_access_key_id=self.credentials["access_key_id"],
            aws_secret_access_key=self.credentials["secret_access_key"],
            config=Config(retries={"total_max_attempts": 1}, read_timeout=120, **config),
        )

    def environment(self) -> dict[str, str]:
        """For the AWS CLI."""
        return {
            **os.environ,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.credentials["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": self.credentials["secret_access_key"],
            "AWS_DEFAULT_REGION": self.credentials["region"],
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }

    def deploy(self, name: str, code: str, **members: Any) -> dict[str, Any]:
        """Create a Python function of one file whose handler is `app.handler`, and wait until it is active."""
        client = self.client("lambda")
        runtime = f"python3.{sys.version_info.minor}"
        request = {"Runtime": runtime, "Handler": "app.handler", "Role": self.role, "Timeout": 10, **members}
        request.setdefault("Code", {"ZipFile": zip_of({"app.py": code})})
        client.create_function(FunctionName=name, **request)
        client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
        answer: dict[str, Any] = client.get_function_configuration(FunctionName=name)
        return answer

    def let_go(self, name: str, gate: str = "go") -> None:
        """Of the invocations of a function those that wait at a gate (`tests.gate`)."""
        sha256 = self.client("lambda").get_function_configuration(FunctionName=name)["CodeSha256"]
        let_go(self.data / "code" / base64.b64decode(sha256).hex(), gate)

    def public_url(self, name: str) -> str:
        """A new URL of a function that anybody may call."""
        client = self.client("lambda")
        url: str = client.create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"]
        everybody = {"FunctionName": name, "Principal": "*"}
        of_url = {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"}
        client.add_permission(StatementId="url", **everybody, **of_url)
        client.add_permission(
            StatementId="function", Action="lambda:InvokeFunction", InvokedViaFunctionUrl=True, **everybody
        )
        return url

    def pids(self) -> dict[str, int]:
        """The supervised processes by name."""
        found: dict[str, int] = {}
        for pid in children(self.process.pid):
            said = command(pid)
            for name, mark in (
                ("redis", "redis"),
                ("web", "granian"),
                ("edge", "console.edge"),
                ("beat", " beat "),
                ("worker", " worker "),
            ):
                if mark in said:
                    found.setdefault(name, pid)
        return found

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


def start(data: Path, **environment: str) -> RunningHearth:
    """Start a family on `data` and wait until it is healthy."""
    port = int(environment.get("HEARTH_PORT") or free_port())
    data.mkdir(parents=True, exist_ok=True)
    log = data / "launch.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "console.launch"],
            cwd=ROOT,
            env={**os.environ, "HEARTH_DATA": str(data), **environment, "HEARTH_PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )

    def is_ready() -> bool:
        if process.poll() is not None:
            raise AssertionError(f"the family ended with status {process.returncode}:\n{log.read_text()}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                return answer.status == 200 and (data / "credentials.json").exists()
        except (urllib.error.HTTPError, OSError):
            return False

    try:
        wait_for("the family", is_ready, START_SECONDS)
    except AssertionError as error:
        process.terminate()
        process.wait(30)
        logs = "\n".join(f"--- {path}\n{path.read_text()[-2000:]}" for path in sorted((data / "logs").glob("*.log")))
        raise AssertionError(f"{error}\n{log.read_text()}\n{logs}") from None
    credentials = json.loads((data / "credentials.json").read_text())
    return RunningHearth(data, port, process, log, credentials)
