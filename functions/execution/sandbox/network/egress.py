"""Who may use the router, as the executor sees it: addresses, and the slirp4netns that has to live."""

import errno
import logging
import os
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from functions.execution.loop import Loop
from functions.execution.sandbox.listen import Networks
from functions.execution.sandbox.network import filters, netlink
from functions.execution.sandbox.network.router import Router

if TYPE_CHECKING:
    from functions.execution.sandbox.factory import Sandbox

NUMBERS = range(2, 8192)  # 10.211.0.2 to 10.211.31.255: more than an executor has sandboxes
RETRY_SECONDS = 1.0
TOOLS = "it takes the Debian packages slirp4netns and libnftables1"
OFF = "HEARTH_NETWORK is off"
logger = logging.getLogger(__name__)


class NoEgress(OSError):
    """This node has no network for functions."""


class Egress:
    """`why` says why there is none here; it is empty where there is one. Not wanted, it is not tried."""

    def __init__(self, loop: Loop, networks: Networks, run: Path, wanted: bool) -> None:
        self._loop = loop
        self._networks = networks
        self._router: Router | None = None
        self._free = deque(NUMBERS)
        self._used: dict[int, int] = {}  # number by pid of the sandbox
        self.resolver = run / "resolv.conf"  # what sandboxes that have a network are shown
        self.why = "" if wanted else OFF
        if wanted:
            try:
                self._start()
            except filters.Missing:
                self.why = TOOLS
            except FileNotFoundError as error:
                self.why = TOOLS if "slirp4netns" in str(error) else str(error)
            except OSError as error:
                self.why = str(error)

    def attach(self, sandbox: "Sandbox") -> None:
        """Connect a sandbox that has not run code of a function yet. Raises OSError."""
        if self._router is None:
            raise NoEgress(f"This worker node has no network for functions: {self.why}")
        with self._networks.inside(sandbox.pidfd):
            theirs = netlink.open_socket()
        with theirs:
            for _ in range(8):
                number = self._free.popleft()
                try:
                    self._router.plug(number, f"10.211.{number >> 8}.{number & 255}", sandbox.pid, theirs)
                except OSError as error:
                    self._free.append(number)
                    if error.errno != errno.EEXIST:  # of a sandbox that died just now
                        raise
                else:
                    self._used[sandbox.pid] = number
                    return
        raise NoEgress("no network interface could be made")

    def detach(self, sandbox: "Sandbox") -> None:
        """It is dead. Its interface goes with its namespace, some time after, so its number is used again last."""
        number = self._used.pop(sandbox.pid, None)
        if number is not None:
            self._free.append(number)

    def close(self) -> None:
        if self._router is not None:
            self._loop.forget(self._router.machine)
            self._router.close()
            self._router = None

    def _start(self) -> None:
        router = Router()
        new = self.resolver.with_name(f"resolv.conf.{os.getpid()}")  # there may be other nodes, which show it now
        new.write_text(f"nameserver {filters.RESOLVER}\n")
        new.chmod(0o644)
        new.replace(self.resolver)
        self._router = router
        self._loop.watch(router.machine, lambda _events: router.refuse_machine())
        self._watch()

    def _watch(self) -> None:
        """See to it that slirp4netns lives; rootless, the process that started it does."""
        if self._router is None or self._router.slirp is None:
            return
        pidfd = os.pidfd_open(self._router.slirp.pid)

        def ended(_events: int) -> None:
            self._loop.forget(pidfd)
            os.close(pidfd)
            if self._router is not None and self._router.slirp is not None:
                logger.error("slirp4netns ended with status %s and is started again", self._router.slirp.wait())
                self._loop.later(RETRY_SECONDS, self._again)

        self._loop.watch(pidfd, ended)

    def _again(self) -> None:
        if self._router is None:
            return
        try:
            self._router.connect_again()
        except OSError as error:
            logger.error("functions have no network: %s", error)
            self._loop.later(RETRY_SECONDS, self._again)
        else:
            self._watch()
