"""The heart of a node: its executor's pulse to Redis, and Redis's grants back, every second and whenever needed.

Two threads. One beats: each second, and when another node wants it (`grants.CHANNEL`). The other carries: it reads a
pulse from the executor, has it noted and the node announced, and brings back what was granted. An executor that hangs
sends no pulse, so its node is not announced any more, and what it holds may go to others.
"""

import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import redis

from functions.execution.lane import LaneClient, encode_frame, read_frame
from functions.invoke import grants, nodes
from functions.invoke.nodes import Node

log = logging.getLogger(__name__)

BEAT_SECONDS = 1.0
CONNECT_AGAIN_SECONDS = 0.05
INVENTORY = ("draining", "running", "cores", "warm")


class Heart:
    def __init__(self, node: Callable[[], Node], on_drain: Callable[[bool], None] = lambda _: None) -> None:
        """`node` says what is announced besides the pulse. `on_drain` is told, on a thread of the heart, when the
        executor begins to take nothing new, and when it takes invocations again."""
        self._node = node
        self._on_drain = on_drain
        self._draining = False
        self._stopping = threading.Event()
        self._connection: socket.socket | None = None
        self._writing = threading.Lock()
        self._threads = [
            threading.Thread(target=self._beat, name="heart-beat", daemon=True),
            threading.Thread(target=self._carry, name="heart-carry", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """The node is gone, and what it held is free. To be called when its executor has ended."""
        self._stopping.set()
        connection = self._connection
        if connection is not None:
            _hang_up(connection)
        for thread in self._threads:
            thread.join(5)
        try:
            nodes.retire(self._node())
            grants.leave(self._node().id)
        except redis.RedisError as error:
            log.warning("the node could not be retired: %s", error)

    # --- beating ---

    def _beat(self) -> None:
        while not self._stopping.is_set():
            try:
                with nodes.broker().pubsub(ignore_subscribe_messages=True) as heard:  # type: ignore[no-untyped-call]
                    heard.subscribe(grants.CHANNEL)
                    while not self._stopping.is_set():
                        self._send({"op": "beat"})
                        self._wait(heard)
            except redis.RedisError as error:
                log.warning("the broker is away: %s", error)
                # The executor goes on with what it was granted, and hears of it.
                self._send({"op": "beat"})
                self._stopping.wait(BEAT_SECONDS)

    def _wait(self, heard: Any) -> None:
        """A second, or until another node wants something. What came meanwhile is one wish."""
        own = self._node().id.encode()
        message = heard.get_message(timeout=BEAT_SECONDS)
        while message is not None and message["data"] == own:
            message = heard.get_message(timeout=BEAT_SECONDS)
        while message is not None:
            message = heard.get_message(timeout=0)

    def _send(self, head: dict[str, Any]) -> None:
        connection = self._connection
        if connection is not None:
            try:
                with self._writing:
                    connection.sendall(encode_frame(head))
            except OSError:
                _hang_up(connection)  # who reads it connects again

    # --- carrying ---

    def _carry(self) -> None:
        while not self._stopping.is_set():
            try:
                connection = LaneClient(self._node().address).connect()
            except OSError:
                self._stopping.wait(CONNECT_AGAIN_SECONDS)
                continue
            self._connection = connection
            try:
                self._send({"op": "drain", "draining": self._draining} if self._draining else {"op": "beat"})
                while not self._stopping.is_set():
                    self._carried(read_frame(connection)[0])
            except (OSError, ValueError):
                log.debug("the executor hung up")
            finally:
                self._connection = None
                connection.close()
            self._stopping.wait(CONNECT_AGAIN_SECONDS)

    def _carried(self, pulse: dict[str, Any]) -> None:
        if pulse["status"] != "pulse":
            self._send({"op": "beat"})
            return
        node = self._node()
        node = replace(node, facts={**node.facts, **{name: pulse[name] for name in INVENTORY}})
        try:
            answer = grants.exchange(node, pulse)
        except redis.RedisError as error:
            log.warning("the coordinator is away, going on with what was granted: %s", error)
            heard = isinstance(error, redis.TimeoutError)  # perhaps
            self._send({"op": "grants", "away": True, "restore": not heard})
        else:
            self._send({"op": "grants", "alone": answer.alone, "scopes": answer.scopes})
        if pulse["draining"] != self._draining:
            self._draining = pulse["draining"]
            self._on_drain(self._draining)


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        log.debug("it was closed already")
