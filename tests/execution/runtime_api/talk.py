"""A Runtime API without a sandbox: real sockets of this machine, an engine that only notes what it is told."""

import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from functions.execution.debts import Debts
from functions.execution.lane import HEAD
from functions.execution.loop import Loop
from functions.execution.runtime_api.runtime import RuntimeApi
from functions.execution.stream import Head

LIMIT = 6 * 1024 * 1024 + 100
RUNTIME = "/2018-06-01/runtime"
NEXT = f"{RUNTIME}/invocation/next"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Engine:
    """What the API tells."""

    frames: list[tuple[Head, bytes]] = field(default_factory=list)
    debts: Debts = field(init=False)
    hung_up: int = 0

    def on_frame(self, head: Head, body: bytes) -> None:
        self.frames.append((head, body))

    def on_close(self) -> None:
        self.hung_up += 1


class Talk:
    """Everything happens in one thread: the loop turns while a client waits."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.engine = Engine()
        self.engine.debts = Debts(self.loop)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.address = self.listener.getsockname()
        self.listener.setblocking(False)
        ours, self.process = socket.socketpair()
        self.api = RuntimeApi(self.loop, ours, lambda: self.listener, self.engine, 65_536, LIMIT)
        self.clients: list[socket.socket] = []
        self.come: dict[socket.socket, bytearray] = {}  # bytes of answers
        text = b'{"op":"ready"}'
        self.process.sendall(HEAD.pack(len(text), 0) + text)
        self.until(lambda: self.engine.frames)
        self.api.send({"op": "assign", "handler": "h", "environment": {}})
        self.process.close()
        self.engine.frames.clear()

    def close(self) -> None:
        self.api.close()
        for client in self.clients:
            client.close()

    def until(self, what: Callable[[], object], seconds: float = 30.0) -> None:
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, "did not happen in time"
            self.turn(0)

    def turn(self, seconds: float = 0.002) -> None:
        self.loop.later(seconds, self.loop.stop)
        self.loop.run()

    # --- as a process in the sandbox ---

    def connect(self) -> socket.socket:
        client = socket.create_connection(self.address)
        client.setblocking(False)
        self.clients.append(client)
        return client

    def send(self, client: socket.socket, data: bytes) -> None:
        while data:
            try:
                data = data[client.send(data) :]
            except BlockingIOError:
                self.turn()

    def answer(self, client: socket.socket) -> Answer:
        """The next answer on a connection. Its end without one is status 0."""
        answers = self.come.setdefault(client, bytearray())
        ended = False
        while True:
            head, end, body = bytes(answers).partition(b"\r\n\r\n")
            lines = [line.partition(":") for line in head.decode().split("\r\n")]
            headers = {name.lower(): value.strip() for name, _, value in lines[1:]}
            length = int(headers.get("content-length", 0))
            if end and len(body) >= length:
                del answers[: len(head) + 4 + length]
                return Answer(int(lines[0][0].split()[1]), headers, body[:length])
            if ended:
                return Answer(0, {}, b"")
            ended = self._receive(client, answers)

    def _receive(self, client: socket.socket, answers: bytearray) -> bool:
        """Wait for more. True at the end."""
        more: bytes | None = None

        def came() -> bool:
            nonlocal more
            try:
                more = client.recv(1 << 20)
            except BlockingIOError:
                return False
            except ConnectionResetError:
                more = b""
            return True

        self.until(came)
        answers += more or b""
        return not more

    def ask(
        self, method: str, path: str, body: bytes = b"", client: socket.socket | None = None, **headers: str
    ) -> Answer:
        client = client or self.connect()
        self.request(client, method, path, body, **headers)
        return self.answer(client)

    def request(self, client: socket.socket, method: str, path: str, body: bytes = b"", **headers: str) -> None:
        given = {"Host": "127.0.0.1:9001", "Content-Length": str(len(body))}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value)
        self.send(client, f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body)

    def begin(self, request_id: str = "1", event: bytes = b"{}", **head: Any) -> Answer:
        """Ask for an invocation, and have one sent."""
        client = self.connect()
        self.next(client)
        self.api.send({"op": "invoke", "id": request_id, "deadline_ms": 1, "arn": "arn", **head}, event)
        return self.answer(client)

    def next(self, client: socket.socket) -> None:
        """Ask for an invocation, and see that the API knows."""
        before = len(self.api._waiting)
        self.request(client, "GET", NEXT)
        self.until(lambda: len(self.api._waiting) > before)

    @property
    def last(self) -> tuple[Head, bytes]:
        return self.engine.frames[-1]
