"""Sockets that belong to a sandbox's network and are held by the executor, made by entering that network for a moment.

A socket stays in the network namespace it was made in, whoever holds it: what listens on 127.0.0.1:9001 here is
reached by the processes of that sandbox and by nobody else. A socket also keeps the namespace: close it when the
sandbox has died.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from functions.execution.sandbox import syscalls as sc

BACKLOG = 64


class Networks:
    """The way into the networks of sandboxes, and back. For the executor's only thread."""

    def __init__(self) -> None:
        self._home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    @contextmanager
    def inside(self, pidfd: int) -> Iterator[None]:
        """The block's sockets are the sandbox's. Some 50 us. ProcessLookupError when it is gone."""
        sc.setns(pidfd, sc.CLONE_NEWNET)
        try:
            yield
        finally:
            try:
                sc.setns(self._home, sc.CLONE_NEWNET)
            except OSError:
                os._exit(70)  # stuck in a sandbox's network: nothing sane can follow

    def listen(self, pidfd: int, address: tuple[str, int]) -> socket.socket:
        """A listening TCP socket in the sandbox, not blocking. OSError when the address is taken."""
        with self.inside(pidfd):
            listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
        return listener
