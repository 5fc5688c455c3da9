"""Who may use the router, as the executor sees it."""

import errno
import json
import logging
import os
import socket
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from functions.execution.loop import Loop, Promise
from functions.execution.sandbox.network import filters, process

if TYPE_CHECKING:
    from functions.execution.sandbox.factory import Sandbox

NUMBERS = range(2, 8192)  # 10.211.0.2 to 10.211.31.255: more than an executor has sandboxes
AT_ONCE = 32  # asked of the router
ATTEMPTS = 8
RETRY_SECONDS = 1.0
OFF = "HEARTH_NETWORK is off"
logger = logging.getLogger(__name__)


class NoEgress(OSError):
    """This node has no network for functions."""


class Egress:
    """`why` says why there is none here; it is empty where there is one. Not wanted, it is not tried."""

    def __init__(self, loop: Loop, run: Path, wanted: bool) -> None:
        self._loop = loop
        self._free = deque(NUMBERS)
        self._sandboxes: dict[int, Sandbox] = {}  # by number
        self._numbers: dict[int, int] = {}  # by pid of the sandbox
        self._waiting: deque[int] = deque()  # numbers to ask for
        self._asked: dict[int, Promise[int]] = {}  # what the router will answer, by number: an errno
        self._in_flight = 0
        self._channel: socket.socket | None = None
        self._pid = 0
        self.resolver = run / "resolv.conf"  # what sandboxes that have a network are shown
        self.why = "" if wanted else OFF
        if wanted:
            self._start().setblocking(True)
            self._answered(0)

    async def attach(self, sandbox: "Sandbox") -> None:
        """Connect a sandbox that has not run code of a function yet. Raises OSError."""
        for _ in range(ATTEMPTS):
            if self.why or self._channel is None:
                raise NoEgress(f"This worker node has no network for functions: {self.why}")
            number = self._free.popleft()
            answer = self._asked[number] = Promise(self._loop)
            self._sandboxes[number] = sandbox
            self._numbers[sandbox.pid] = number
            self._waiting.append(number)
            self._ask()
            refused = await answer
            if sandbox.pidfd < 0:
                refused = errno.ESRCH
            if not refused:
                return
            self._release(number)
            if refused == errno.ESRCH:
                raise ProcessLookupError
            if refused != errno.EEXIST:  # of a sandbox that died just now
                raise OSError(refused, os.strerror(refused))
        raise NoEgress("no network interface could be made")

    def detach(self, sandbox: "Sandbox") -> None:
        """It is dead. Its interface goes with its namespace, some time after, so its number is used again last."""
        number = self._numbers.pop(sandbox.pid, None)
        if number is not None and number not in self._asked:
            self._release(number)

    def close(self) -> None:
        if self._channel is not None:
            self._loop.forget(self._channel.fileno())
            self._channel.close()
            self._channel = None
            os.waitpid(self._pid, 0)

    def _start(self) -> socket.socket:
        self._pid, self._channel = process.fork()
        self._loop.watch(self._channel.fileno(), self._answered)
        return self._channel

    def _ask(self) -> None:
        while self._waiting and self._in_flight < AT_ONCE:
            number = self._waiting.popleft()
            sandbox = self._sandboxes[number]
            if self._channel is None or sandbox.pidfd < 0:
                self._asked.pop(number).set(errno.ESRCH)
                continue
            self._in_flight += 1
            address = f"10.211.{number >> 8}.{number & 255}"
            try:
                process.ask(self._channel, number, address, sandbox.pid, sandbox.pidfd)
            except OSError:
                self._lost()

    def _answered(self, _events: int) -> None:
        assert self._channel is not None
        try:
            said = self._channel.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        if not said:
            self._lost()
            return
        answer = json.loads(said)
        if "why" in answer:
            self._began(answer["why"])
            return
        if answer["errno"] not in (0, errno.EEXIST, errno.ESRCH):
            logger.error("no network for a sandbox: %s", answer["error"])
        self._in_flight -= 1
        self._asked.pop(answer["number"]).set(answer["errno"])
        self._ask()

    def _began(self, why: str) -> None:
        assert self._channel is not None
        self.why = why
        if why:
            self.close()
            return
        self._channel.setblocking(False)
        new = self.resolver.with_name(f"resolv.conf.{os.getpid()}")  # there may be other nodes, which show it now
        new.write_text(f"nameserver {filters.RESOLVER}\n")
        new.chmod(0o644)
        new.replace(self.resolver)

    def _lost(self) -> None:
        """The router is gone, and with it every interface: what had one ends, and another router is started."""
        self.close()
        self.why = "its router ended, another is being started"
        logger.error("the router of functions has ended")
        self._in_flight = 0
        self._waiting.clear()
        asked, self._asked = self._asked, {}
        for promise in asked.values():
            promise.set(errno.ENETDOWN)
        for sandbox in self._sandboxes.values():
            sandbox.kill()
        self._loop.later(RETRY_SECONDS, self._start_again)

    def _start_again(self) -> None:
        self._start()

    def _release(self, number: int) -> None:
        sandbox = self._sandboxes.pop(number)
        if self._numbers.get(sandbox.pid) == number:
            del self._numbers[sandbox.pid]
        self._free.append(number)
