"""The extensions of one environment: started, registered, told of events, waited for.

External ones are programs in /opt/extensions and run beside the runtime; internal ones are threads of the runtime that
registered by the same API. Init is over when all have asked for their first event, an invocation when the runtime is
done and all that were told of it ask again.
Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
"""

import json
import os
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from functions.execution import events
from functions.execution.extensions.extension import Extension, State
from functions.execution.logs import LogBuffer
from functions.execution.loop import Loop
from functions.execution.runtime_api.exchange import Exchange
from functions.execution.sandbox.factory import Factory, Process, Sandbox
from functions.execution.signals import ending

DIRECTORY = "/opt/extensions"
MOST = 10  # in one environment, of both kinds
INVOKE, SHUTDOWN = "INVOKE", "SHUTDOWN"
EVENTS = (INVOKE, SHUTDOWN)
# What a runtime has and its extensions do not get; nor variables that begin with an underscore.
EXCLUDED = ("AWS_XRAY_CONTEXT_MISSING",)


def programs(layers: str | None) -> list[str]:
    """The names of the extensions in a tree of layers, which is seen at /opt."""
    if layers is None:
        return []
    try:
        with os.scandir(f"{layers}/extensions") as entries:
            return sorted(entry.name for entry in entries if not entry.is_dir(follow_symlinks=False))
    except OSError:
        return []


class Extensions:
    """`on_settled` is called whenever all have registered, or all are ready; `on_idle` when one that was told of an
    invocation asks for the next event; `on_failure(type, text)` when one fails outside of a shutdown;
    `on_exit(extension)` when the process of one has ended. None of them after `close`.
    """

    def __init__(self, loop: Loop, keep: Callable[[int, list[str]], None]) -> None:
        """`keep` takes the lines that external ones print, with their time."""
        self._loop = loop
        self._keep = keep
        self.all: list[Extension] = []
        self.open = True  # for further internal ones, until init is over
        self.stopping = False
        self.on_settled: Callable[[], None] = lambda: None
        self.on_failure: Callable[[str, str], None] = lambda _kind, _text: None
        self.on_idle: Callable[[], None] = lambda: None
        self.farewell: dict[str, Any] | None = None  # what those are told that ask for an event from now on
        self.on_exit: Callable[[Extension], None] = lambda _: None

    # --- who there is ---

    def find(self, identifier: str) -> Extension | None:
        return next((each for each in self.all if each.identifier == identifier), None)

    def named(self, name: str) -> Extension | None:
        return next((each for each in self.all if each.name == name), None)

    @property
    def external(self) -> list[Extension]:
        return [each for each in self.all if not each.internal]

    # --- init ---

    def launch(self, factory: Factory, sandbox: Sandbox, names: list[str], variables: dict[str, str]) -> None:
        """Start the external ones. `on_failure` tells when one could not be."""
        shown = {name: value for name, value in variables.items() if not name.startswith("_") and name not in EXCLUDED}
        for name in names:
            extension = Extension(name, internal=False)
            self.all.append(extension)
            if len(self.all) > MOST:
                self._launch_failed(extension, "TooManyExtensions", f"Extension limit ({MOST}) reached")
                return
        for extension in self.all:
            factory.enter(
                sandbox,
                f"{DIRECTORY}/{extension.name}",
                shown,
                lambda process, extension=extension: self._started(extension, process),  # type: ignore[misc]
            )

    def _started(self, extension: Extension, process: Process | None) -> None:
        if process is None:
            self._launch_failed(extension, "UnknownError", "no process")
            return
        extension.process = process
        extension.logs = LogBuffer(process.log)
        extension.logs.on_lines = self._lines
        self._loop.watch(process.pidfd, lambda _events: self._exited(extension))

    def _lines(self, at_ms: int, texts: list[str]) -> list[str]:
        self._keep(at_ms, texts)
        return []

    def registered(self) -> bool:
        return all(each.state is not State.STARTED for each in self.all)

    def register(self, name: str, wanted: list[str]) -> Extension | tuple[str, str]:
        """The extension that asks for it, or the type and text of a refusal. Raises NotAllowed."""
        extension = self.named(name)
        internal = extension is None or extension.internal
        for each in wanted:
            if each not in EVENTS:
                return "Extension.InvalidEventType", f"{each}: ErrorInvalidEventType"
            if internal and each == SHUTDOWN:
                return "Extension.InvalidEventType", f"{each}: ShutdownEventNotSupportedForInternalExtension"
        if extension is None or extension.internal:
            if not self.open:
                return "Extension.RegistrationClosed", "Extension registration closed already"
            if extension is not None:
                return "Extension.InvalidExtensionState", "Extension with this name already registered"
            if len(self.all) >= MOST:
                return "Extension.TooManyExtensions", f"Extension limit ({MOST}) reached"
            extension = Extension(name, internal=True)
            self.all.append(extension)
        extension.move(State.REGISTERED)
        extension.events = list(dict.fromkeys(wanted))
        if self.registered():
            self.on_settled()
        return extension

    def is_ready(self) -> bool:
        return all(each.state is State.READY for each in self.all)

    def told(self) -> list[events.Extension]:
        return [events.Extension(each.name, each.state.value, each.events, each.error_type) for each in self.all]

    # --- events ---

    def wait(self, extension: Extension, exchange: Exchange) -> None:
        """It asks for its next event. Raises NotAllowed."""
        was_told = extension.state is State.RUNNING
        if extension.state is State.READY and extension.next is None:  # its connection broke: it asks again
            extension.state = State.REGISTERED
        extension.move(State.READY)
        extension.next = exchange

        def gone() -> None:
            if extension.next is exchange:
                extension.next = None

        exchange.on_gone = gone
        if self.farewell is not None:
            self.tell(self.farewell, [extension] if SHUTDOWN in extension.events else [])
            return
        if was_told:
            self.on_idle()
        if self.is_ready():
            self.on_settled()

    def invoke(self, deadline_ms: int, request_id: str, arn: str, trace: str) -> int:
        """Tell those that registered for it of an invocation. How many."""
        event: dict[str, Any] = {
            "eventType": INVOKE,
            "deadlineMs": deadline_ms,
            "requestId": request_id,
            "invokedFunctionArn": arn,
        }
        if trace:
            event["tracing"] = {"type": "X-Amzn-Trace-Id", "value": trace}
        return self.tell(event, [each for each in self.all if INVOKE in each.events])

    def tell(self, event: dict[str, Any], whom: list[Extension]) -> int:
        told = 0
        body = json.dumps(event, separators=(",", ":")).encode()
        for extension in whom:
            if extension.state is not State.READY:
                continue
            exchange, extension.next = extension.next, None
            if exchange is not None:
                extension.move(State.RUNNING)
                told += 1
                exchange.on_gone = None
                exchange.answer(200, body, (("Lambda-Extension-Event-Identifier", str(uuid4())),))
        return told

    def fail(self, extension: Extension, state: State, error_type: str) -> None:
        """It says that it failed; it is to end itself then. Raises NotAllowed."""
        extension.move(state)
        extension.error_type = error_type
        if extension.internal and not self.stopping:
            self.on_failure(f"Extension.{state.value}", error_type)

    # --- the end ---

    def drain(self) -> int:
        """Read what they printed. The bytes, of the one that printed most."""
        return max((each.logs.drain() for each in self.all if each.process is not None), default=0)

    def end_lines(self) -> None:
        for extension in self.all:
            extension.logs.end()

    def close(self) -> None:
        """The sandbox is dead, and all in it."""
        self.stopping = True
        self.drain()
        self.end_lines()
        for extension in self.all:
            self._reap(extension)
            if extension.process is not None:
                extension.process.close()
                extension.process = None

    def _launch_failed(self, extension: Extension, error_type: str, text: str) -> None:
        extension.move(State.LAUNCH_ERROR)
        extension.error_type = error_type
        if not self.stopping:
            self.on_failure("Extension.LaunchError", text)

    def _reap(self, extension: Extension) -> int:
        """The exit status of a process that has ended, as a shell gives it."""
        process = extension.process
        if process is None or process.pidfd < 0:
            return 0
        self._loop.forget(process.pidfd)
        result = os.waitid(os.P_PIDFD, process.pidfd, os.WEXITED | os.WNOHANG)
        os.close(process.pidfd)
        process.pidfd = -1
        if result is None:
            return 0
        return result.si_status if result.si_code == os.CLD_EXITED else 128 + result.si_status

    def _exited(self, extension: Extension) -> None:
        status = self._reap(extension)
        process, before = extension.process, extension.state
        assert process is not None
        extension.logs.drain()  # what the pipe holds; a child of it may write on
        extension.logs.end()
        try:
            why = os.read(process.failure, 4096).decode("utf-8", "replace")
        except BlockingIOError:
            why = ""
        process.close()
        extension.process = None
        if why and before is State.STARTED:
            text = f"fork/exec {DIRECTORY}/{extension.name}: {why}"
            self._launch_failed(extension, "PermissionDenied" if "permission" in why else "UnknownError", text)
        else:
            extension.move(State.EXITED)
            if not self.stopping:
                kind = before.value if before in (State.INIT_ERROR, State.EXIT_ERROR) else "Crash"
                self.on_failure(f"Extension.{kind}", ending(status) if status else "exit code 0")
        self.on_exit(extension)
