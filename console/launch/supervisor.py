"""Keeps a family of processes alive, and leaves none behind.

Each child has a session of its own (Ctrl-C reaches only the supervisor, which ends them in order), writes to a log file
of its own, and is killed by the kernel if the supervisor dies without a word. The supervisor is a subreaper: what a
killed child leaves behind becomes its child, and is ended before the child is started again.
"""

import ctypes
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
LOG_BYTES = 10 * 1024 * 1024


@dataclass
class Child:
    name: str
    command: list[str]
    log: Path
    environment: dict[str, str] = field(default_factory=dict)
    inherits: tuple[int, ...] = ()  # descriptors
    socket: Path | None = None  # that it makes, and does not when one is left of a predecessor that was killed
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    pause: float = 0.0
    restarts: int = 0


class Supervisor:
    def __init__(self, stop_seconds: float = 25.0) -> None:
        """`stop_seconds`: how long a child that is told to end may take before it is killed."""
        self.stop_seconds = stop_seconds
        self.children: list[Child] = []
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def start(self, child: Child) -> None:
        """Start a child now, and again whenever it dies until `stop`."""
        self.children.append(child)
        self._spawn(child)

    def watch_once(self) -> list[str]:
        """Look after everybody once: returns a line for each thing that happened."""
        news = []
        now = time.monotonic()
        for child in self.children:
            if child.process is None:
                if now >= child.start_again_at:
                    self._spawn(child)
                    news.append(f"{child.name} was started again")
                continue
            code = child.process.poll()
            if code is None:
                continue
            child.process = None
            child.restarts += 1
            # A child that dies at once must not eat the machine: 0.1 s, doubled up to 5 s.
            child.pause = 0.1 if now - child.started_at > 10 else min(max(child.pause, 0.05) * 2, 5.0)
            child.start_again_at = now + child.pause
            news.append(f"{child.name} ended with {_describe(code)}; see {child.log}")
        self._end_orphans()
        return news

    def stop(self) -> None:
        """End everybody, the last started first, and wait until all are gone."""
        for child in reversed(self.children):
            process = child.process
            if process is None:
                continue
            process.terminate()
            try:
                process.wait(self.stop_seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            child.process = None
        deadline = time.monotonic() + 2
        while self._end_orphans() and time.monotonic() < deadline:
            time.sleep(0.02)

    def _spawn(self, child: Child) -> None:
        if child.log.exists() and child.log.stat().st_size > LOG_BYTES:
            child.log.replace(child.log.with_suffix(".log.1"))
        if child.socket is not None:
            child.socket.unlink(missing_ok=True)
        with child.log.open("ab") as log:
            child.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *child.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **child.environment},
                pass_fds=child.inherits,
                start_new_session=True,
            )
        child.started_at = time.monotonic()

    def _end_orphans(self) -> int:
        """Kill and reap processes that a dead child left to us. Returns how many there were."""
        known = {child.process.pid for child in self.children if child.process is not None}
        orphans = [pid for pid in _children_of(os.getpid()) if pid not in known]
        for pid in orphans:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, os.WNOHANG)
            except (ProcessLookupError, ChildProcessError):
                continue  # gone by itself
        return len(orphans)


def _children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _describe(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"status {code}"
