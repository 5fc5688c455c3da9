"""An edge in a thread of the test's process, before a web server that each test scripts byte by byte."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from console.edge.server import Server
from console.launch.family import listen
from functions.execution.loop import Loop

Script = Callable[[socket.socket, bytes], object]
PATIENCE = 20  # seconds, for what must come


@dataclass
class Upstream:
    """`script` gets each connection and the head of its request; the connection is closed after it."""

    path: Path
    script: Script | None = None
    heads: list[bytes] = field(default_factory=list)
    listening: socket.socket | None = None

    def open(self) -> None:
        self.path.unlink(missing_ok=True)
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(str(self.path))
        self.listening.listen(128)
        threading.Thread(target=self._serve, args=(self.listening,), daemon=True).start()

    def close(self) -> None:
        if self.listening is not None:
            self.listening.shutdown(socket.SHUT_RDWR)
            self.listening.close()
            self.listening = None

    def _serve(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        with connection:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                piece = connection.recv(1)
                if not piece:
                    return
                head += piece
            self.heads.append(head)
            assert self.script is not None
            self.script(connection, head)


@dataclass
class Edge:
    port: int
    upstream: Upstream

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Edge]:
    loop = Loop()
    listening = listen("127.0.0.1", 0)
    upstream = Upstream(tmp_path / "web.sock")
    upstream.open()
    server = Server(loop, listening, str(upstream.path), 100)
    bell = os.eventfd(0)
    loop.watch(bell, lambda _events: server.drain(loop.stop))
    thread = threading.Thread(target=loop.run)
    thread.start()
    yield Edge(listening.getsockname()[1], upstream)
    os.eventfd_write(bell, 1)
    thread.join(PATIENCE)
    os.close(bell)
    assert not thread.is_alive()
    upstream.close()


def read(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        piece = connection.recv(length - len(data))
        if not piece:
            raise AssertionError(f"ended after {data!r}")
        data += piece
    return data


def read_all(connection: socket.socket) -> bytes:
    data = b""
    while piece := connection.recv(65536):
        data += piece
    return data


def answers(body: bytes, head: bytes = b"") -> Script:
    """A plain answer to each request, with or without a body of its own."""

    def script(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%s" % (len(body), head, body))
        connection.recv(1)  # until the edge hangs up

    return script
