"""The serving end of the lane: connections from web processes and Celery threads, of this machine or of others.

The socket is only open to our own user, and TCP to those who know the nodes' secret; what comes over them is trusted,
but may end at any byte. An invocation whose client has gone runs to its end all the same.
"""

import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from functions.execution.caller import Caller
from functions.execution.engine import Engine
from functions.execution.handshake import Door
from functions.execution.lane import MAX_BODY, MAX_HEADER, decode_head
from functions.execution.loop import Loop
from functions.execution.spec import FunctionSpec
from functions.execution.stream import Head, Stream


class Server:
    def __init__(
        self,
        loop: Loop,
        engine: Engine,
        path: Path,
        status: Callable[[], dict[str, Any]],
        tcp: tuple[str, int] | None = None,
        secret: bytes = b"",
    ) -> None:
        """`tcp`: host and port to listen on as well. Raises OSError when they cannot be used."""
        self._loop = loop
        self._engine = engine
        self._path = path
        self._status = status
        self._streams: set[Stream] = set()
        self.in_flight = 0
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        mask = os.umask(0o177)
        try:
            self._socket.bind(str(path))
        finally:
            os.umask(mask)
        self._socket.listen(1024)
        loop.watch(self._socket.fileno(), self._accept)
        self._door = Door(loop, tcp, secret, self._admit) if tcp is not None else None

    def close(self) -> None:
        """Take no new connection. Those that are open stay for the answers under way."""
        if self._door is not None:
            self._door.close()
        if self._socket.fileno() >= 0:
            self._loop.forget(self._socket.fileno())
            self._socket.close()
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()

    def hang_up(self) -> None:
        for stream in list(self._streams):
            stream.close()

    def _accept(self, _events: int) -> None:
        try:
            connection, _ = self._socket.accept()
        except OSError:
            return
        self._admit(connection)

    def _admit(self, connection: socket.socket) -> None:
        client = Client(self)
        client.stream = Stream(self._loop, connection, client.received, client.gone, MAX_HEADER, MAX_BODY)
        self._streams.add(client.stream)

    async def serve(self, stream: Stream, head: Head, body: bytes) -> None:
        engine = self._engine
        if engine.draining:
            stream.send({"status": "draining"})
            return
        spec = engine.know(head["spec"]) if "spec" in head else engine.specs.get(head["key"])
        if spec is None:
            stream.send({"status": "need-spec"})
            return
        caller = Caller(stream, "stream" in head)
        self.in_flight += 1
        try:
            await engine.invoke(spec, head, body, caller)
        except Exception as error:
            caller.answer({"status": "failed", "message": f"the engine failed: {type(error).__name__}"})
            raise
        finally:
            self.in_flight -= 1

    def forget(self, stream: Stream) -> None:
        self._streams.discard(stream)

    def status(self) -> dict[str, Any]:
        return {"status": "ok", "in_flight": self.in_flight, **self._status()}

    def start(self, stream: Stream, head: Head, body: bytes) -> None:
        match head.get("op"):
            case "invoke":
                self._loop.start(self.serve(stream, head, body))
            case "status":
                stream.send(self.status())
            case "recycle":
                ended = self._engine.pools.recycle(head["function"], head["log_stream"])
                stream.send({"status": "ok", "ended": ended})
            case "provision":
                wanted = [(FunctionSpec.from_wire(each["spec"]), each["count"]) for each in decode_head(body)["wanted"]]
                self._engine.provisioned.want((spec, count) for spec, count in wanted if count)
                self._engine.snapshots.want(spec for spec, _ in wanted)
                stream.send({"status": "ok"})
            case "beat":
                self._engine.membership.beat(stream)
            case "grants":
                self._engine.membership.told(head)
            case "drain":
                self._engine.membership.drain(head["draining"])
                stream.send({"status": "ok"})
            case "provisioned":
                stream.send({"status": "ok", "versions": self._engine.provisioned.of(head["function"])})
            case op:
                stream.send({"status": "failed", "message": f"unknown operation {op!r}"})


class Client:
    """One connection."""

    __slots__ = ("server", "stream")

    def __init__(self, server: Server) -> None:
        self.server = server
        self.stream: Stream

    def received(self, head: Head, body: bytes) -> None:
        self.server.start(self.stream, head, body)

    def gone(self) -> None:
        self.server.forget(self.stream)
