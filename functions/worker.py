"""What makes a Celery worker a worker node: a bootstep that owns the executor and the ingester.

Both are processes of their own. They are started with the worker, started again when they die, ended with it, and
killed by the kernel should the worker die without a word. The node is announced to the web processes while its executor
serves (`functions.invoke.heart`). A worker that is told to end takes nothing new from that moment on, neither from the
lane nor from the queue, and ends when what runs has ended.
"""

import fcntl
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from celery import bootsteps
from django.conf import settings
from django.db import DatabaseError, close_old_connections

from functions.execution.spec import LaneError
from functions.invoke import nodes
from functions.invoke.heart import Heart
from functions.limits import limits

log = logging.getLogger(__name__)

PROVISION_SECONDS = 0.25
GRACE_SECONDS = 5.0  # to end, after the time for what runs


def session_key() -> Path:
    """A file with the key of temporary credentials, for the executor: a command line can be read by others."""
    path: Path = settings.HEARTH_RUN / "session-key"
    new = path.with_name(f"session-key.{os.getpid()}")  # there may be other nodes, which read it now
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(settings.HEARTH_SESSION_KEY)
    new.replace(path)
    return path


# The kernel kills the child when the thread that started it ends, whatever ended it.
TETHER = ("setpriv", "--pdeathsig", "KILL", "--")


class Child:
    """One process that must run. `keep` runs on a thread of its own: that thread is the parent in the kernel's eyes."""

    def __init__(self, name: str, command: list[str], on_ready: Callable[[dict[str, Any]], None] | None = None) -> None:
        self.name = name
        self.command = command
        self.on_ready = on_ready
        self.process: subprocess.Popen[bytes] | None = None
        self.ready = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"keep-{name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def terminate(self) -> None:
        """Tell it to end, and start it no more."""
        self._stopping.set()
        process = self.process
        if process is not None and process.poll() is None:
            process.terminate()

    def stop(self, seconds: float) -> None:
        """Wait for its end, and kill it when that takes too long."""
        if not self._stopping.is_set():
            self.terminate()
        process = self.process
        if process is not None and process.poll() is None:
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
        self._thread.join(5)

    def _keep(self) -> None:
        pause = 0.1
        while not self._stopping.is_set():
            started = time.monotonic()
            self.process = subprocess.Popen([*TETHER, *self.command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            self._listen(self.process)
            code = self.process.wait()
            self.ready.clear()
            if self._stopping.is_set():
                return
            log.error("%s ended with status %s and is started again", self.name, code)
            # A process that dies at once must not eat the machine.
            pause = 0.1 if time.monotonic() - started > 10 else min(pause * 2, 5.0)
            self._stopping.wait(pause)

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        """Read the child's standard output to its end. A JSON object with `ready` says that it serves."""
        assert process.stdout is not None
        for line in process.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                log.info("%s: %s", self.name, line.decode(errors="replace").rstrip())
                continue
            if isinstance(message, dict) and message.get("ready"):
                if self.on_ready is not None:
                    self.on_ready(message)
                self.ready.set()


class NodeStep(bootsteps.StartStopStep):
    """The bootstep. See console.celery."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        run = settings.HEARTH_RUN
        self.node = nodes.own()
        self._lock = _lock(Path(self.node.address).with_suffix(".lock"))
        self._worker = worker
        forwarder = self.node.address.removesuffix(".sock") + ".forward"
        self.executor = Child(
            "executor",
            [
                *(sys.executable, "-m", "functions.execution.executor", "--member"),
                *("--socket", self.node.address),
                *("--code", str(settings.HEARTH_CODE)),
                *("--spool", str(settings.HEARTH_SPOOL)),
                *("--run", str(run)),
                *("--pool", str(settings.HEARTH_POOL_SIZE)),
                *("--idle", str(settings.HEARTH_IDLE_SECONDS)),
                *("--cpu", settings.HEARTH_CPU),
                *("--environments", str(settings.HEARTH_NODE_ENVIRONMENTS)),
                *("--memory-mb", str(settings.HEARTH_NODE_MEMORY_MB)),
                *("--reserve-mb", str(settings.HEARTH_NODE_RESERVE_MB)),
                *("--node", self.node.id),
                *("--drain", str(settings.HEARTH_DRAIN_SECONDS)),
                *("--rate", str(limits().requests_per_concurrency)),
                *("--forwarder", forwarder, "--session-key", str(session_key())),
                *(("--egress",) if settings.HEARTH_NETWORK != "off" else ()),
                *(("--listen", settings.HEARTH_NODE_ADDRESS) if settings.HEARTH_NODE_ADDRESS else ()),
            ],
            on_ready=self._executor_ready,
        )
        # The other half is for calls from outside.
        half = settings.HEARTH_WEB_WORKERS * settings.HEARTH_WEB_THREADS // 2
        self.forwarder = Child(
            "forwarder",
            [
                *(sys.executable, "-m", "functions.execution.forwarder"),
                *("--socket", forwarder, "--upstream", settings.HEARTH_ENDPOINT, "--connections", str(max(half, 1))),
            ],
        )
        self.ingester = Child("ingester", [sys.executable, str(settings.BASE_DIR / "manage.py"), "ingest"])
        self._stopping = threading.Event()
        self._heart = Heart(lambda: self.node, self._drain)
        self._provisioner = threading.Thread(target=self._provision, name="provision", daemon=True)

    def start(self, parent: Any) -> None:
        self.forwarder.start()
        self.executor.start()
        self.ingester.start()
        self._heart.start()
        self._provisioner.start()

    def close(self, parent: Any) -> None:
        """Before the worker stops taking messages: from now on nothing new runs here."""
        self._stopping.set()
        nodes.resting.set()
        self.executor.terminate()

    def stop(self, parent: Any) -> None:
        give_up_at = time.monotonic() + settings.HEARTH_DRAIN_SECONDS
        self._stopping.set()
        self.executor.stop(settings.HEARTH_DRAIN_SECONDS + GRACE_SECONDS)
        self.forwarder.stop(GRACE_SECONDS)
        self._heart.stop()
        self._let_go(give_up_at)
        # Last: it writes what the executor still reported.
        self.ingester.stop(GRACE_SECONDS)

    terminate = stop

    def _let_go(self, give_up_at: float) -> None:
        """Events that this worker's threads have run on other nodes: after their time they go back to the queue."""
        from functions.invoke.lanes import lanes
        from functions.invoke.leases import renewer  # it has models, and Celery makes steps before they load

        while renewer.running and time.monotonic() < give_up_at:
            time.sleep(0.05)
        lanes().cut()

    def _executor_ready(self, message: dict[str, Any]) -> None:
        self.node = replace(self.node, facts={**self.node.facts, "isolation": message.get("isolation", {})})

    def _drain(self, draining: bool) -> None:
        """The executor takes nothing new, or takes it again: the same holds for messages."""
        if self._stopping.is_set():
            return
        (nodes.resting.set if draining else nodes.resting.clear)()
        log.warning("the node is %s", "being drained: nothing new is run here" if draining else "in service again")
        consumer = self._worker.consumer
        change = consumer.cancel_task_queue if draining else consumer.add_task_queue
        consumer.call_soon(change, settings.CELERY_TASK_DEFAULT_QUEUE)

    def _provision(self) -> None:
        """Tell the executor what shall stand initialised, at its start and after every change."""
        from functions.invoke.provisioning import Reconciler  # it has models, and Celery makes steps before they load

        reconciler = Reconciler(self.node.address)
        while not self._stopping.wait(PROVISION_SECONDS):
            process = self.executor.process
            if process is None or not self.executor.ready.is_set():
                continue
            close_old_connections()
            try:
                reconciler.turn(process.pid)
            except (LaneError, DatabaseError) as error:
                log.warning("provisioned concurrency was not brought up to date: %s", error)
            except Exception:  # the next turn may find things well again
                log.exception("provisioned concurrency was not brought up to date")


def _lock(path: Path) -> IO[bytes]:
    """Held for as long as the worker lives. A second node of one name would take the first one's place."""
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SystemExit("hearth: this worker node is running already; set HEARTH_NODE to start another") from None
    return file
