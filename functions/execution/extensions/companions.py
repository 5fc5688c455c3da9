"""All that is beside the runtime of one environment: the APIs for extensions, the extensions, their subscriptions.

An environment without extensions pays for this with a listening socket, made while it waits in the pool. With
extensions it ends in three steps: the runtime gets SIGTERM, then the external ones that asked for it are told of the
SHUTDOWN, and what is left when the time is over is killed.
Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-shutdown
"""

import signal
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from functions.execution.extensions.extension import Extension, State
from functions.execution.extensions.hold import Hold
from functions.execution.extensions.registry import SHUTDOWN, Extensions, programs
from functions.execution.extensions.routes import ExtensionsApi
from functions.execution.journal import Journal
from functions.execution.loop import Loop, Promise
from functions.execution.runtime_api.routes import Routes
from functions.execution.runtime_api.server import ADDRESS, Server
from functions.execution.spec import FunctionSpec
from functions.execution.stream import Head
from functions.execution.telemetry.routes import TelemetryApi

if TYPE_CHECKING:
    from functions.execution.environment import Environment
    from functions.execution.outcome import Ended

# Of a shutdown, with external extensions and with internal ones only; and the runtime's part of the first.
SECONDS, INTERNAL_SECONDS, RUNTIME_SHARE = 2.0, 0.5, 0.3
READ_SECONDS = 0.02
SPINDOWN = ("stop", "reaped", "evicted")  # an environment's end that is nobody's fault


class Companions:
    def __init__(self, loop: Loop, environment: "Environment") -> None:
        self._loop = loop
        self._environment = environment
        self._server: Server | None = None
        self._hold: Hold | None = None
        self._waiting: Promise[Ended | None] | None = None
        self._finish: Callable[[], None] = lambda: None  # of the shutdown
        self._reason = ""
        self._deadline = 0.0
        self._initialising = True
        self.ending = False  # a shutdown is under way
        self.names: list[str] = []  # of the external extensions that there are
        self.extensions = Extensions(loop, self._lines)
        self.extensions.on_settled = self._settled
        self.extensions.on_failure = environment.fail
        self.extensions.on_idle = environment.debts.paid
        self.extensions.on_exit = self._one_ended
        api = ExtensionsApi(lambda: environment.spec, lambda: self.extensions)
        telemetry = TelemetryApi(loop, api.identified, self._open_journal, self._connect, lambda: environment.frozen)
        self.routes = Routes({**api.routes(), **telemetry.routes()})

    # --- before and during init ---

    def listen(self) -> None:
        """Serve in a sandbox whose runtime does not speak HTTP itself. Again: nothing."""
        sandbox = self._environment.sandbox
        if self._server is None and sandbox is not None:
            try:
                listener = self._environment.factory.networks.listen(sandbox.pidfd, ADDRESS)
            except OSError:  # it has just died
                return
            self._server = Server(self._loop, listener, self.routes)

    def belong(self, spec: FunctionSpec, layers: str | None) -> Journal | None:
        """Look for its external extensions. The journal that they or its log need; None without need."""
        if layers is not None:
            self.names = programs(layers)
        if self.names or spec.log_format == "JSON":
            return Journal(spec, self._environment.logs)
        return None

    async def launch(self, variables: dict[str, str], held: bool) -> "Ended | None":
        """Start the external ones and wait until all have registered. How the environment ended, if it did.

        `held`: the runtime's process is there already, and its end shall not be that of the extensions.
        """
        sandbox = self._environment.sandbox
        assert sandbox is not None
        if held:
            self._keep()
        self.extensions.launch(self._environment.factory, sandbox, self.names, variables)
        return None if self.extensions.registered() else await self._wait()

    async def ready(self) -> "Ended | None":
        """Init of the runtime is over: wait until all ask for their first event."""
        if self.names and self._hold is None:
            self._keep()
        self.extensions.open = False
        return None if self.extensions.is_ready() else await self._wait()

    def end_init(self) -> None:
        """From now on nobody registers or subscribes any more."""
        self._initialising = self.extensions.open = False

    def _keep(self) -> Hold | None:
        sandbox = self._environment.sandbox
        assert sandbox is not None
        if self._environment.is_copy:
            return None  # there pid 1 is the runtime: nothing outlives it
        try:
            self._hold = Hold(self._loop, sandbox, self._runtime_ended)
        except OSError:  # it is ending: the environment is about to hear of it
            return None
        return self._hold

    # --- invocations ---

    @property
    def any(self) -> bool:
        return bool(self.extensions.all)

    def invoke(self, head: Head) -> None:
        """Tell of it those that asked for it. The invocation is over when they ask for the next event."""
        for _ in range(self.extensions.invoke(head["deadline_ms"], head["id"], head["arn"], head["trace"])):
            self._environment.debts.owe()

    def ended(self, ended: "Ended") -> None:
        """The environment has, or is about to."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.set(ended)

    async def _wait(self) -> "Ended | None":
        self._waiting = Promise(self._loop)
        return await self._waiting

    def _settled(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.set(None)

    # --- the end ---

    def shut_down(self, reason: str, finish: Callable[[], None]) -> bool:
        """End the environment in order, then call `finish`; at the latest when the time is over. False: nothing to wait
        for."""
        extensions = self.extensions
        extensions.stopping = True
        external = [each for each in extensions.external if each.lives]
        internal = any(each.internal for each in extensions.all)
        if not external and not internal:
            return False
        self._finish = finish
        self.ending = True
        self._reason = "spindown" if reason in SPINDOWN else "timeout" if reason == "timeout" else "failure"
        seconds = SECONDS if external else INTERNAL_SECONDS
        self._deadline = time.time() + seconds
        self._loop.later(seconds, self._over)
        self._read_on()
        if self._hold is not None and not self._hold.over:
            self._hold.signal(signal.SIGTERM)
            self._loop.later(seconds * RUNTIME_SHARE, self._runtime_must_end)
        elif external:
            self._tell_shutdown()
        elif self._hold is not None:
            self._loop.soon(self._over)
        else:  # internal ones only: nothing was held
            hold = self._keep()
            if hold is not None:
                hold.signal(signal.SIGTERM)
        return True

    def _read_on(self) -> None:
        """Nobody else reads what they print now, and a full pipe would hold them up."""
        if self.ending and not self._environment.is_dead:
            self._environment.drain_logs()
            self._loop.later(READ_SECONDS, self._read_on)

    def _runtime_must_end(self) -> None:
        if self._hold is not None:
            self._hold.signal(signal.SIGKILL)

    def _runtime_ended(self, status: int) -> None:
        if not self._environment.ending.runtime_ended(status):  # it began a shutdown, which goes on by itself
            return
        if any(each.lives for each in self.extensions.external):
            self._tell_shutdown()
        else:
            self._over()

    def _tell_shutdown(self) -> None:
        event = {"eventType": SHUTDOWN, "deadlineMs": int(self._deadline * 1000), "shutdownReason": self._reason}
        journal = self._environment.journal
        if journal is not None:
            journal.flush()
        told = []
        for each in self.extensions.external:
            if SHUTDOWN in each.events and each.state in (State.READY, State.RUNNING, State.REGISTERED):
                told.append(each)
            elif each.process is not None:
                each.process.signal(signal.SIGKILL)
        self.extensions.farewell = event
        self.extensions.tell(event, told)

    def _one_ended(self, _extension: Extension) -> None:
        if self.extensions.stopping and not any(each.lives for each in self.extensions.external):
            self._over()

    def _over(self) -> None:
        finish, self._finish = self._finish, lambda: None
        finish()

    def close(self) -> None:
        """The sandbox is dead."""
        self.extensions.close()
        if self._environment.journal is not None:
            self._environment.journal.close()
        if self._hold is not None:
            self._hold.close()
        if self._server is not None:
            self._server.close()

    # --- for the APIs ---

    def _lines(self, at_ms: int, texts: list[str]) -> None:
        journal = self._environment.journal
        assert journal is not None
        journal.extension_lines(at_ms, texts)

    def _open_journal(self) -> Journal | None:
        environment = self._environment
        if not self._initialising or environment.spec is None:
            return None
        if environment.journal is None:
            environment.journal = Journal(environment.spec, environment.logs)
        return environment.journal

    def _connect(self) -> socket.socket:
        sandbox = self._environment.sandbox
        if sandbox is None:
            raise ProcessLookupError("the sandbox is dead")
        with self._environment.factory.networks.inside(sandbox.pidfd):
            return socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
