"""The end of an environment: asked for by us, or come by itself."""

from typing import TYPE_CHECKING

from functions.execution.loop import Loop
from functions.execution.outcome import KILLED, OOM, Ended
from functions.execution.runtime_api.runtime import RuntimeApi
from functions.execution.states import State

if TYPE_CHECKING:
    from functions.execution.environment import Environment


class Ending:
    """`reason`: why it was killed, empty while it was not. `oom_before`: how many the kernel had killed in its cgroup
    for want of memory before it was of this function."""

    __slots__ = ("_cause", "_environment", "_loop", "oom_before", "reason", "told")

    def __init__(self, loop: Loop, environment: "Environment") -> None:
        self._loop = loop
        self._environment = environment
        self.reason = ""
        self.oom_before = 0
        self.told: Ended | None = None
        self._cause: Ended | None = None  # of a kill whose reason says too little

    def begin(self, reason: str, ended: Ended | None = None) -> None:
        """The transition to DEAD follows when the kernel says that the processes are gone: at once, or when its
        extensions have come to their end. Whoever waits for an answer hears of it before that."""
        environment = self._environment
        if environment.state is State.DEAD or self.reason:
            return
        self.reason = reason
        self._cause = ended
        if environment.sandbox is None:
            return
        if environment.companions.shut_down(reason, self._destroy):
            environment.freeze(False)
            self._loop.soon(lambda: self._tell(ended or Ended(KILLED, reason)))
        else:
            self._destroy()

    def _destroy(self) -> None:
        if self._environment.sandbox is not None:
            self._environment.sandbox.kill()
            self._environment.freeze(False)

    def runtime_ended(self, status: int) -> bool:
        """The runtime has, and its sandbox is held. True when that was the end of it anyway."""
        self._environment.drain_logs()  # what the pipes hold; others may write on
        self._drain_stream()
        if self.reason:
            return True
        self.begin("ended", Ended(status, self._out_of_memory(status)))
        return False

    def exited(self, _events: int) -> None:
        """Its processes are gone."""
        environment = self._environment
        sandbox, stream = environment.sandbox, environment.stream
        assert sandbox is not None
        self._loop.forget(sandbox.pidfd)
        status = sandbox.reap()
        environment.companions.close()
        while environment.logs.drain():
            pass
        self._drain_stream()
        reason = self.reason or self._out_of_memory(status)
        environment.move(State.DEAD)
        if stream is not None:
            stream.close()
        self._tell(self._cause or Ended(status, reason))
        if environment.logs.lines and environment.on_leftover is not None:
            environment.on_leftover(environment)
        environment.sandbox = environment.memory = None
        environment.factory.recycle(sandbox)

    def _drain_stream(self) -> None:
        environment = self._environment
        stream = environment.stream
        if stream is not None and (environment.on_chunk is not None or isinstance(stream, RuntimeApi)):
            stream.drain()

    def _out_of_memory(self, status: int) -> str:
        sandbox = self._environment.sandbox
        if status == KILLED and sandbox is not None and sandbox.group.oom_kills() > self.oom_before:
            return OOM
        return ""

    def _tell(self, ended: Ended) -> None:
        """To whoever waits: it reads the last of the log and the peak now."""
        if self.told is not None:
            return
        self.told = ended
        environment = self._environment
        waiting, environment.waiting = environment.waiting, None
        if waiting is not None:
            waiting.set(ended)
        environment.debts.forgive()
        environment.companions.ended(ended)
