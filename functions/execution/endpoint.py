"""The account's own endpoint inside every sandbox, as the executor sees it: who gets it, and with what credentials.

A sandbox that becomes ready gets a socket that listens on its loopback; the node's forwarder (`forwarder/`), a
process of its own, serves it. Should that end, sandboxes get new sockets as soon as the next one takes them.
"""

import array
import json
import logging
import socket
from typing import TYPE_CHECKING

from functions.execution import sessions
from functions.execution.loop import Loop
from functions.execution.sandbox.listen import Networks
from functions.execution.spec import FunctionSpec

if TYPE_CHECKING:
    from functions.execution.sandbox.factory import Sandbox

PORT = 9002  # beside the Runtime API's 9001
URL = f"http://127.0.0.1:{PORT}"
RETRY_SECONDS = 0.5
logger = logging.getLogger(__name__)


class Endpoint:
    """`path`: the forwarder's socket; empty for none, and then this does nothing. `key`: what credentials are signed
    with; empty for none."""

    def __init__(self, loop: Loop, networks: Networks, path: str = "", key: bytes = b"") -> None:
        self._loop = loop
        self._networks = networks
        self._path = path
        self._key = key
        self._channel: socket.socket | None = None
        self._open: dict[int, Sandbox] = {}
        if path:
            self._connect()

    def offer(self, sandbox: "Sandbox") -> None:
        """To be called once its loopback device is up."""
        if self._path:
            self._open[sandbox.pid] = sandbox
            self._hand_over(sandbox)

    def withdraw(self, sandbox: "Sandbox") -> None:
        """Its processes are gone."""
        if self._open.pop(sandbox.pid, None) is not None:
            self._send({"close": sandbox.pid})

    def variables(self, spec: FunctionSpec) -> tuple[dict[str, str], dict[str, str]]:
        """Of the environment of a function: those that it may set otherwise, and those that it may not."""
        address = {"AWS_ENDPOINT_URL": URL} if self._path else {}
        if not (self._key and spec.role):
            return address, {}
        made = sessions.issue(self._key, spec.account_id, spec.role, spec.function_name)
        return address, {
            "AWS_ACCESS_KEY_ID": made.access_key_id,
            "AWS_SECRET_ACCESS_KEY": made.secret_access_key,
            "AWS_SESSION_TOKEN": made.session_token,
        }

    def close(self) -> None:
        self._path = ""
        self._lost()

    def _connect(self) -> None:
        if not self._path:
            return
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            channel.connect(self._path)
        except OSError:
            channel.close()
            self._loop.later(RETRY_SECONDS, self._connect)
            return
        self._channel = channel
        self._loop.watch(channel.fileno(), lambda _events: self._lost())  # it never says anything
        for sandbox in list(self._open.values()):
            self._hand_over(sandbox)

    def _hand_over(self, sandbox: "Sandbox") -> None:
        if self._channel is None:
            return
        try:
            listening = self._networks.listen(sandbox.pidfd, ("127.0.0.1", PORT))
        except OSError as error:
            logger.warning("no endpoint in sandbox %d: %s", sandbox.pid, error)
            return
        with listening:
            self._send({"open": sandbox.pid}, listening.fileno())

    def _send(self, message: dict[str, int], *fds: int) -> None:
        if self._channel is None:
            return
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        try:
            self._channel.sendmsg([json.dumps(message).encode()], rights, socket.MSG_NOSIGNAL | socket.MSG_DONTWAIT)
        except OSError as error:  # it is gone, or does not keep up: then it starts afresh
            logger.warning("the forwarder does not listen: %s", error)
            self._lost()

    def _lost(self) -> None:
        if self._channel is None:
            return
        self._loop.forget(self._channel.fileno())
        self._channel.close()
        self._channel = None
        if self._path:
            self._loop.later(RETRY_SECONDS, self._connect)
