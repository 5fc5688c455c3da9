"""The process: executors that bring sandboxes, and what all sandboxes share."""

import argparse
import json
import logging
import os
import resource
import socket
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from functions.execution.forwarder.door import Door
from functions.execution.loop import Loop
from functions.execution.sandbox import syscalls as sc

SWEEP_SECONDS = 5.0
NOBODY = 65_534


class Forwarder:
    """`upstream`: URL of the front door. `connections`: most at once for all sandboxes of the node."""

    def __init__(self, path: Path, upstream: str, connections: int) -> None:
        self.loop = Loop()
        self.doors: set[Door] = set()
        self.waiting: set[Door] = set()  # for a connection to end
        self.busy = 0  # connections
        self.sent = 0  # bytes of these
        self.connections = connections
        where = urlsplit(upstream)
        found = socket.getaddrinfo(where.hostname, where.port or 80, type=socket.SOCK_STREAM)[0]
        self.family, self.address = found[0], found[4]
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        mask = os.umask(0o177)
        try:
            self._socket.bind(str(path))
        finally:
            os.umask(mask)
        self._socket.listen(16)
        self.loop.watch(self._socket.fileno(), self._executor_came)
        self.loop.later(SWEEP_SECONDS, self._sweep)

    def has_room(self, door: Door) -> bool:
        """Room for one connection more. A sandbox that has few gets it at the cost of the one that has most."""
        if self.busy < self.connections:
            return True
        greedy = max(self.doors, key=lambda each: len(each.connections))
        if len(greedy.connections) <= len(door.connections) + 1:
            return False
        min(greedy.connections, key=lambda each: each.heard).close()
        return True

    def cut_off(self) -> None:
        """End the request that holds most, of the sandbox that holds most."""
        greedy = max(self.doors, key=lambda each: each.sent)
        max(greedy.connections, key=lambda each: each.sent).close()

    def freed(self, sent: int) -> None:
        """A connection has ended, which had sent so much."""
        self.busy -= 1
        self.sent -= sent
        waiting, self.waiting = self.waiting, set()
        for door in waiting:
            door.open_again()

    def _executor_came(self, _events: int) -> None:
        try:
            channel, _ = self._socket.accept()
        except OSError:
            return
        doors: dict[int, Door] = {}
        self.loop.watch(channel.fileno(), lambda _events: self._told(channel, doors))

    def _told(self, channel: socket.socket, doors: dict[int, Door]) -> None:
        try:
            data, fds, _, _ = socket.recv_fds(channel, 4096, 1, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            data, fds = b"", []
        if not data:
            self.loop.forget(channel.fileno())
            channel.close()
            for door in doors.values():
                self._shut(door)
            return
        message = json.loads(data)
        old = doors.pop(message.get("open", message.get("close")), None)
        if old is not None:
            self._shut(old)
        if fds:
            door = doors[message["open"]] = Door(self, socket.socket(fileno=fds[0]))
            self.doors.add(door)

    def _shut(self, door: Door) -> None:
        self.doors.discard(door)
        door.close()

    def _sweep(self) -> None:
        self.loop.later(SWEEP_SECONDS, self._sweep)
        now = time.monotonic()
        for door in list(self.doors):
            for connection in [each for each in door.connections if each.is_stale(now)]:
                connection.close()


def become_nobody() -> None:
    """Keep what is open and nothing else. As an ordinary user: no new rights."""
    parent = os.getppid()
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        sc.prctl(sc.PR_SET_PDEATHSIG, sc.SIGKILL)  # a change of the user id clears it
        if os.getppid() != parent:
            sys.exit(1)
    sc.prctl(sc.PR_SET_NO_NEW_PRIVS, 1)
    os.chdir("/")


def main() -> None:
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s", level="INFO")
    parser = argparse.ArgumentParser(prog="forwarder")
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--connections", type=int, default=128)
    options = parser.parse_args()
    forwarder = Forwarder(options.socket, options.upstream, options.connections)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    become_nobody()
    os.nice(5)  # a flood takes processor time from nobody else
    print(json.dumps({"ready": True}), flush=True)  # noqa: T201
    forwarder.loop.run()


if __name__ == "__main__":
    main()
