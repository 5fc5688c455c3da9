"""Who may come in by TCP: both ends prove that they know the nodes' shared secret, and neither sends it.

    server    32 random bytes
    client    32 random bytes, then HMAC-SHA256(secret, "client" + both)
    server    HMAC-SHA256(secret, "server" + both); frames follow (`lane.py`), in the clear

A client that does not prove it in time is hung up on; what it sent was never looked at as a frame.
"""

import hmac
import os
import socket
from collections.abc import Callable

from functions.execution.loop import Loop

RANDOM, PROOF = 32, 32
PATIENCE_SECONDS = 5.0
MOST_STRANGERS = 64  # that have not proved themselves yet
LEAST_SECRET = 16  # bytes


def proof(secret: bytes, role: bytes, theirs: bytes, ours: bytes) -> bytes:
    """`theirs` are the server's random bytes, `ours` the client's."""
    return hmac.digest(secret, role + theirs + ours, "sha256")


def introduce(connection: socket.socket, secret: bytes) -> None:
    """The client's part, on a blocking socket. Raises OSError when the other end does not know the secret."""
    theirs, ours = _read(connection, RANDOM), os.urandom(RANDOM)
    connection.sendall(ours + proof(secret, b"client", theirs, ours))
    if not hmac.compare_digest(_read(connection, PROOF), proof(secret, b"server", theirs, ours)):
        raise PermissionError("the other end does not know the nodes' secret")


def _read(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        piece = connection.recv(length - len(data))
        if not piece:
            raise ConnectionResetError("the other end hung up: do both have the same HEARTH_NODE_SECRET?")
        data += piece
    return data


class Door:
    """Listens on TCP; connections that prove themselves are handed on, non-blocking."""

    def __init__(
        self, loop: Loop, address: tuple[str, int], secret: bytes, admit: Callable[[socket.socket], None]
    ) -> None:
        """Raises OSError when the address cannot be used."""
        if len(secret) < LEAST_SECRET:
            raise ValueError("no lane over TCP without a secret")
        self._loop = loop
        self._secret = secret
        self._admit = admit
        self._strangers: set[_Stranger] = set()
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._socket = socket.create_server(address, family=family, backlog=256)
        self._socket.setblocking(False)
        loop.watch(self._socket.fileno(), self._knock)

    def close(self) -> None:
        if self._socket.fileno() >= 0:
            self._loop.forget(self._socket.fileno())
            self._socket.close()
            for stranger in list(self._strangers):
                stranger.leave()

    def _knock(self, _events: int) -> None:
        try:
            connection, _ = self._socket.accept()
        except OSError:
            return
        if len(self._strangers) >= MOST_STRANGERS:
            connection.close()
            return
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        keep_alive(connection)
        self._strangers.add(_Stranger(self._loop, connection, self._secret, self._known))

    def _known(self, stranger: "_Stranger", welcome: bool) -> None:
        self._strangers.discard(stranger)
        if welcome:
            self._admit(stranger.connection)


def keep_alive(connection: socket.socket) -> None:
    """A machine that goes without a word is noticed within some twenty seconds."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in ((socket.TCP_KEEPIDLE, 5), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 3)):
        connection.setsockopt(socket.IPPROTO_TCP, option, value)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 20_000)


class _Stranger:
    def __init__(
        self, loop: Loop, connection: socket.socket, secret: bytes, known: Callable[["_Stranger", bool], None]
    ) -> None:
        self.connection = connection
        self._loop = loop
        self._secret = secret
        self._known = known
        self._said = b""
        self._challenge = os.urandom(RANDOM)
        self._timer = loop.later(PATIENCE_SECONDS, self.leave)
        loop.watch(connection.fileno(), self._ready)
        self._send(self._challenge)

    def leave(self) -> None:
        if self.connection.fileno() >= 0:
            self._end(False)
            self.connection.close()

    def _ready(self, _events: int) -> None:
        try:
            piece = self.connection.recv(RANDOM + PROOF - len(self._said))
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        self._said += piece
        if not piece:
            self.leave()
        elif len(self._said) == RANDOM + PROOF:
            self._judge(self._said[:RANDOM], self._said[RANDOM:])

    def _judge(self, ours: bytes, proved: bytes) -> None:
        if not hmac.compare_digest(proved, proof(self._secret, b"client", self._challenge, ours)):
            self.leave()
        elif self._send(proof(self._secret, b"server", self._challenge, ours)):
            self._end(True)

    def _send(self, data: bytes) -> bool:
        """So few bytes fit into the socket's buffer, or the other end is no client."""
        try:
            if self.connection.send(data, socket.MSG_NOSIGNAL) == len(data):
                return True
        except OSError:
            pass
        self._loop.soon(self.leave)
        return False

    def _end(self, welcome: bool) -> None:
        self._timer.cancel()
        self._loop.forget(self.connection.fileno())
        self._known(self, welcome)
