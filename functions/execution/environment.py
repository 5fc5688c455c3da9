"""An execution environment: one sandbox that runs one runtime process, for one function version, one call at a time.

Its life is the state machine of `states.py`. The sandbox is hostile: nothing it sends is believed beyond "this is the
answer to what I asked"; a frame that no state expects kills it.
"""

import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

from functions.execution.debts import Debts
from functions.execution.ending import Ending
from functions.execution.events import Event
from functions.execution.extensions.companions import Companions
from functions.execution.journal import Journal
from functions.execution.logs import PIPE_BYTES, LogBuffer
from functions.execution.loop import Loop, Promise
from functions.execution.memory import Memory
from functions.execution.outcome import (
    KILLED,
    MAX_BODY,
    MAX_HEAD,
    MAX_RESPONSE,
    OOM,
    REFUSED,
    Answer,
    Ended,
    Outcome,
)
from functions.execution.runtime_api.runtime import RuntimeApi
from functions.execution.runtime_api.server import ADDRESS
from functions.execution.runtimes import start
from functions.execution.sandbox.factory import TMP_MB, Factory, Sandbox
from functions.execution.sandbox.place import Placer
from functions.execution.sandbox.restore import Copy
from functions.execution.sessions import LIFE_SECONDS
from functions.execution.spec import EGRESS, FunctionSpec
from functions.execution.states import TRANSITIONS, IllegalTransition, State
from functions.execution.stream import Head, Stream

# An environment that has waited so long in the pool gets its API: one that is needed at once when it is needed.
LISTEN_SECONDS = 0.05
SOON_SECONDS = 0.05  # what takes longer lets others go first
# What runs then still ends within the life of its credentials.
RETIRE_SECONDS = LIFE_SECONDS - 3600.0


class Environment:
    """Made by `Pools`; `on_change(self)` is called after every transition."""

    __slots__ = (
        "_asked_at",
        "_deferred",
        "_leaving",
        "_loop",
        "awaits_restore",
        "companions",
        "deadline",
        "debts",
        "ending",
        "factory",
        "frozen",
        "idle_since",
        "is_template",
        "journal",
        "log_stream",
        "logs",
        "memory",
        "on_change",
        "on_chunk",
        "on_leftover",
        "provisioned",
        "retire_at",
        "sandbox",
        "spec",
        "started",
        "state",
        "stream",
        "waiting",
    )

    def __init__(self, loop: Loop, factory: Factory, on_change: Callable[["Environment"], None]) -> None:
        self._loop = loop
        self.factory = factory
        self.on_change = on_change
        self.state = State.STARTING
        self.spec: FunctionSpec | None = None
        self.log_stream = ""
        self.frozen = False
        self.provisioned = False  # initialised ahead, and to stay
        self.is_template = False  # of a snapshot: initialised, and serves no invocation
        self.awaits_restore = False  # initialised ahead, and handed over to an invocation
        self.idle_since = 0.0
        self.started = time.monotonic()
        self.retire_at = 0.0  # when the credentials that it was given come to their end, monotonic
        self.deadline = 0.0  # of what it does now, monotonic
        self._asked_at = 0.0  # when that began
        self._deferred = False
        self.sandbox: Sandbox | None = None
        self.stream: Stream | RuntimeApi | None = None
        self.waiting: Promise[Outcome] | None = None
        self._leaving = False  # to be drained when its init is over
        self.ending = Ending(loop, self)
        self.memory: Memory | None = None  # as long as there is a sandbox
        self.on_chunk: Callable[[Head, bytes], None] | None = None  # of the invocation that runs
        self.on_leftover: Callable[[Environment], None] | None = None  # what it logged after its last invocation
        self.logs = LogBuffer(-1)
        self.debts = Debts(loop)
        self.companions = Companions(loop, self)
        self.journal: Journal | None = None  # None: what happens is told by lines of text in the log, to nobody else
        factory.create(self._created)

    # --- life ---

    def move(self, state: State) -> None:
        if state not in TRANSITIONS[self.state]:
            raise IllegalTransition(f"{self.state.value} to {state.value}")
        self.state = state
        self.on_change(self)

    def kill(self, reason: str, ended: Ended | None = None) -> None:
        """End it: see `Ending.begin`."""
        self.ending.begin(reason, ended)

    def fail(self, kind: str, text: str) -> None:
        """One of its extensions failed."""
        self.kill("extension", Ended(KILLED, "extension", (kind, text)))

    @property
    def usable(self) -> bool:
        """Whether it can serve: READY or IDLE, and not about to die."""
        return self.state in (State.READY, State.IDLE) and not self.ending.reason

    @property
    def is_dead(self) -> bool:
        return self.state is State.DEAD

    def drain(self) -> None:
        """Serve no further invocation. What runs or is promised to one comes to its end."""
        if self.state is State.BUSY:
            self.move(State.DRAINING)
        elif self.state is State.INITIALISING:
            self._leaving = True
        elif self.state is not State.DRAINING:
            self.kill("stop")

    @property
    def awaits_init(self) -> bool:
        """Whether there is something to be done before it can serve."""
        return self.state is State.READY or self.awaits_restore

    @property
    def is_copy(self) -> bool:
        """Whether it was made by a template, with the handler imported."""
        return isinstance(self.sandbox, Copy)

    def freeze(self, frozen: bool) -> None:
        if frozen and self.ending.reason:
            return  # it has its end to see to
        if self.frozen is not frozen and self.sandbox is not None:
            self.frozen = frozen
            self.sandbox.group.freeze(frozen)

    def pause(self, paused: bool) -> None:
        """Leave what the runtime sends unread, so that it waits; or read on."""
        if self.stream is not None:
            self.stream.pause(paused)

    def belong(self, spec: FunctionSpec, log_stream: str, layers: str | None) -> None:
        """From now on what it logs is of this function. Before `initialise`, once. `layers`: the tree of /opt."""
        self.log_stream = log_stream
        self.journal = self.companions.belong(spec, layers)

    def drain_logs(self) -> int:
        """Read what was printed. The bytes, of the one that printed most."""
        size = self.logs.drain()
        return max(size, self.companions.extensions.drain()) if self.companions.any else size

    def emit(self, event: Event) -> None:
        """Tell what the platform has to say of it."""
        if self.journal is not None:
            self.journal.emit(event)
        elif text := event.text():
            self.logs.add(text)

    # --- work ---

    async def initialise(
        self, placer: Placer, spec: FunctionSpec, trees: Mapping[str, str], assignment: dict[str, Any], limit_s: float
    ) -> Outcome:
        """Become an environment of `spec`; after an answer without error, `complete` makes it IDLE.

        OSError when there is no such code."""
        assert self.sandbox is not None
        self.move(State.INITIALISING)
        self.spec = spec
        own = time.monotonic() + RETIRE_SECONDS
        self.retire_at = min(own, self.sandbox.retire_at) if isinstance(self.sandbox, Copy) else own
        self.ending.oom_before = self.sandbox.group.oom_kills()  # the group may have served others
        self.sandbox.group.limit(spec.memory_mb, spec.ephemeral_mb, spec.vcpu_mb)
        if spec.network == EGRESS:
            self.deadline = time.monotonic() + limit_s
            await self.factory.egress.attach(self.sandbox)
            if self.sandbox is None or self.ending.reason:
                raise ProcessLookupError
        if not self.is_copy:  # which has all of its template's
            size = spec.ephemeral_mb if spec.ephemeral_mb != TMP_MB else None
            self.sandbox.tmp = placer.place(self.sandbox.pidfd, trees, size)
        if self.factory.is_late:
            interpreter = self.factory.interpreter
            assignment["command"] = start.command(interpreter, spec.handler, spec.memory_mb, spec.environment)
            assignment["inherits"] = interpreter.family in start.FRAMES
        speaks_http = isinstance(self.stream, RuntimeApi)
        if not speaks_http:
            self.companions.listen()
        self.deadline = time.monotonic() + limit_s
        if self.companions.names:
            is_there = not speaks_http and not self.factory.is_late
            if ended := await self.companions.launch(assignment["environment"], is_there):
                return ended
        outcome = await self._ask({"op": "assign", **assignment}, b"", self.deadline - time.monotonic())
        if isinstance(outcome, Answer) and "error" in outcome.head:
            self.kill("init")
        return outcome

    async def restore(self, assignment: dict[str, Any], limit_s: float) -> Outcome:
        """Go on after an init that was ahead: what is left are variables and hooks. Then as after `initialise`."""
        self.awaits_restore = False
        self.freeze(False)
        self.move(State.INITIALISING)
        if self._deferred:
            self._defer(False)
        outcome = await self._ask({"op": "assign", **assignment}, b"", limit_s)
        if isinstance(outcome, Answer) and "error" in outcome.head:
            self.kill("init")
        return outcome

    async def complete(self) -> Ended | None:
        """The runtime is initialised: IDLE when the extensions are, too. How it ended instead, if it did."""
        if self.companions.any and (ended := await self.companions.ready()):
            return ended
        self.companions.end_init()
        if self.sandbox is not None:
            self.sandbox.group.hold()
        self.idle_since = time.monotonic()
        self.move(State.IDLE)
        return None

    async def invoke(self, head: Head, body: bytes, limit_s: float) -> Outcome:
        """Run one invocation. The environment is IDLE after an answer, else dead or on its way there."""
        self.freeze(False)
        self.move(State.BUSY)
        if self._leaving:
            self.drain()
        assert self.sandbox is not None
        if self._deferred:
            self._defer(False)
        assert self.memory is not None
        self.memory.begin()
        if self.companions.any:
            self.companions.invoke(head)
        return await self._ask(head, body, limit_s)

    def finish(self) -> None:
        """The invocation's books, or those of its init, are closed: free for the next one."""
        self.on_chunk = None
        self.pause(False)
        if self.state is State.BUSY and not self.ending.reason:
            self.idle_since = time.monotonic()
            self.move(State.IDLE)
        elif self.state is State.DRAINING or self._leaving:
            self.kill("stop")

    def oversee(self, now: float) -> bool:
        """While it works: deadline, memory, log. True when it prints so much that the next look should come soon."""
        much = self.drain_logs() > PIPE_BYTES // 2 and not self.logs.dropping
        if now >= self.deadline:
            self.kill("timeout")
        elif self.memory is not None and self.spec is not None and self.memory.is_over(self.spec.memory_mb):
            self.kill(OOM)
        elif now - self._asked_at > SOON_SECONDS and not self._deferred:
            self._defer(True)
        return much

    def _defer(self, deferred: bool) -> None:
        """Whether it stands behind those who have just begun."""
        self._deferred = deferred
        if self.sandbox is not None:
            self.sandbox.group.defer(deferred)

    async def _ask(self, head: Head, body: bytes, limit_s: float) -> Outcome:
        assert self.stream is not None
        assert self.sandbox is not None
        self._asked_at = time.monotonic()
        self.deadline = self._asked_at + limit_s
        self.waiting = Promise(self._loop)
        self.stream.send(head, body)
        return await self.waiting

    def held_mb(self) -> int:
        return self.memory.held_mb() if self.memory is not None else 0

    def peak_mb(self) -> int:
        return self.memory.peak_mb() if self.memory is not None else 0

    # --- what happens to it ---

    def _created(self, sandbox: Sandbox | None) -> None:
        if sandbox is None:
            self.ending.reason = self.ending.reason or "create"
            self.move(State.DEAD)
            return
        self.sandbox, self.memory = sandbox, Memory(sandbox)
        self.logs = LogBuffer(sandbox.log)
        self._loop.watch(sandbox.pidfd, self.ending.exited)
        self.stream = self._connect(sandbox)
        if self.ending.reason:
            sandbox.kill()

    def _connect(self, sandbox: Sandbox) -> Stream | RuntimeApi:
        """The way to the runtime: frames of our own bootstraps, or the Runtime API for those of others."""
        if self.factory.interpreter.family in start.FRAMES:
            return Stream(self._loop, sandbox.control, self.on_frame, self.on_close, MAX_HEAD, MAX_BODY)

        def listen() -> socket.socket:
            return self.factory.networks.listen(sandbox.pidfd, ADDRESS)

        return RuntimeApi(self._loop, sandbox.control, listen, self, MAX_HEAD, MAX_RESPONSE)

    def on_frame(self, head: Head, body: bytes) -> None:
        op = head.get("op")
        if self.state is State.STARTING and op == "ready" and self.sandbox is not None:
            self.factory.endpoint.offer(self.sandbox)
            if isinstance(self.stream, RuntimeApi) and self.stream.server is not None:
                self.stream.server.routes.append(self.companions.routes)
            else:
                self._loop.later(LISTEN_SECONDS, self.companions.listen)
            self.move(State.READY)
            return
        waiting = self.waiting
        if self.ending.reason in REFUSED:
            return
        if op == "chunk" and self.on_chunk is not None and waiting is not None:
            self.on_chunk(head, body)
            return
        if self.ending.reason:
            return  # an answer that comes too late: what waits hears of the end
        expected = "init" if self.state is State.INITIALISING else "done"
        if waiting is None or waiting.done or op != expected:
            self.kill("protocol")
            return
        self.waiting = None
        waiting.set(Answer(head, body))

    def on_close(self) -> None:
        """The control channel ended. Usually the process is ending too, and its status is what counts."""
        if self.state is State.IDLE:
            self.kill("protocol")
        elif self.state not in (State.DEAD, State.BUSY, State.DRAINING, State.INITIALISING):
            self._loop.later(1.0, lambda: self.kill("protocol"))
