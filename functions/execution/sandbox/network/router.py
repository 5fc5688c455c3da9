"""The router: a network namespace of the executor's, through which the traffic of sandboxes leaves the machine.

As root it is a namespace made for this. Rootless it is the executor's own, which `holder.py` has made and given
slirp4netns, since only a process outside has a network to share.
"""

import errno
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from functions.execution.sandbox import holder
from functions.execution.sandbox import syscalls as sc
from functions.execution.sandbox.network import filters, netlink, slirp

GATEWAY = "10.211.0.1"
LOOPBACK = 1  # interface index
FIRST_INDEX = 1000  # of the interfaces to sandboxes
THEIRS = 2  # index of the other end


class Router:
    """Raises OSError or filters.Missing where there cannot be one; the message says why."""

    def __init__(self) -> None:
        filters.library()
        self._home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self._own = -1
        within = holder.inside()
        self._machine = netlink.open_socket(netlink.ADDRESSES) if within is None else within.machine()
        self.slirp: subprocess.Popen[bytes] | None = None
        if within is None:
            sc.unshare(sc.CLONE_NEWNET)
            self._own = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            sc.setns(self._home, sc.CLONE_NEWNET)
            self.slirp = slirp.start(*self._namespace(), pass_fds=(self._own,))
        with self._inside():
            socket.if_nametoindex(slirp.TAP)
            self._links = netlink.open_socket()
            filters.load(filters.RULES)
            netlink.request(self._links, netlink.up(LOOPBACK), netlink.address(LOOPBACK, GATEWAY))
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
            Path("/proc/sys/net/ipv4/icmp_ratelimit").write_text("0")  # a refusal is said each time
            for name, seconds in filters.REMEMBERED.items():
                with suppress(FileNotFoundError):  # older kernels hide them from who is root in a namespace only
                    Path(f"/proc/sys/net/netfilter/nf_conntrack_{name}").write_text(str(seconds))
        self.refuse_machine()

    def connect_again(self) -> None:
        """Start slirp4netns once more, after it has died."""
        self.slirp = slirp.launch(*self._namespace(), pass_fds=(self._own,))

    def _namespace(self) -> tuple[str, str]:
        return "--netns-type=path", f"/proc/self/fd/{self._own}"

    @property
    def machine(self) -> int:
        """A descriptor that is ready when the machine's addresses have changed: then `refuse_machine`."""
        return self._machine.fileno()

    def refuse_machine(self) -> None:
        """Let nobody reach the machine at any of its addresses."""
        while True:
            try:
                self._machine.recv(65536, socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != errno.ENOBUFS:  # so many changes that some were not told
                    raise
        commands = filters.machine(netlink.addresses(self._machine))
        with self._inside():
            filters.load(commands)

    def plug(self, number: int, address: str, pid: int, theirs: socket.socket) -> None:
        """Connect the sandbox of a process. `theirs` is a netlink socket of it. Some 0.5 ms. OSError: it is dying, or
        the interface of that number is still there."""
        index = FIRST_INDEX + number
        netlink.request(
            self._links, netlink.veth(f"v{number}", index, "eth0", THEIRS, pid), netlink.route(index, address)
        )
        to_all = netlink.route(THEIRS, "0.0.0.0", 0, GATEWAY)  # noqa: S104
        netlink.request(theirs, netlink.up(THEIRS), netlink.address(THEIRS, address), to_all)

    @contextmanager
    def _inside(self) -> Iterator[None]:
        if self._own < 0:
            yield
            return
        sc.setns(self._own, sc.CLONE_NEWNET)
        try:
            yield
        finally:
            try:
                sc.setns(self._home, sc.CLONE_NEWNET)
            except OSError:
                os._exit(70)  # nothing that follows would be in the right network
