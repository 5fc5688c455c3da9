"""The lane over TCP: open to those who know the nodes' secret, and to nobody else."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from functions.execution import handshake
from functions.execution.lane import LaneClient, encode_frame
from functions.execution.spec import InvocationRequest, LaneError, NodeUnavailable
from tests.execution.running import RunningExecutor, eventually
from tests.family import free_port

pytestmark = pytest.mark.sandbox
SECRET = b"a secret of the nodes"
STATUS = encode_frame({"op": "status"})


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningExecutor, str]]:
    address = f"127.0.0.1:{free_port()}"
    environment = {**os.environ, "HEARTH_NODE_SECRET": SECRET.decode()}
    directory: Path = tmp_path_factory.mktemp("door")
    running = RunningExecutor.start(directory, "--listen", address, env=environment)
    yield running, address
    assert running.stop() == 0


def knock(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=10)


def test_a_client_that_knows_the_secret_invokes(node: tuple[RunningExecutor, str]) -> None:
    running, address = node
    spec = running.function("import os\ndef handler(event, context):\n    return [event, sorted(os.environ)]")
    with closing(LaneClient(address, SECRET)) as lane:
        request = InvocationRequest("00000000-0000-0000-0000-000000000001", spec, "arn")
        answers = [lane.invoke(request, b'"by TCP"').payload for _ in range(2)]
    assert answers[0] == answers[1]
    assert b'"by TCP"' in answers[0]
    assert b"HEARTH" not in answers[0]


def test_a_client_with_another_secret_gets_nothing(node: tuple[RunningExecutor, str]) -> None:
    for secret in (b"", b"another secret of the nodes"):
        with closing(LaneClient(node[1], secret)) as lane, pytest.raises(NodeUnavailable, match="HEARTH_NODE_SECRET"):
            lane.status()


def test_frames_without_a_proof_are_never_read(node: tuple[RunningExecutor, str]) -> None:
    with knock(node[1]) as stranger:
        assert len(stranger.recv(64)) == handshake.RANDOM
        stranger.sendall((STATUS * 9)[: handshake.RANDOM + handshake.PROOF])
        assert stranger.recv(64) == b""
    assert node[0].client.status()["status"] == "ok"


def test_a_proof_cannot_be_used_again(node: tuple[RunningExecutor, str]) -> None:
    with knock(node[1]) as first, knock(node[1]) as second:
        ours = bytes(handshake.RANDOM)
        said = ours + handshake.proof(SECRET, b"client", first.recv(64), ours)
        second.recv(64)
        second.sendall(said)
        assert second.recv(64) == b""
        first.sendall(said)
        assert len(first.recv(64)) == handshake.PROOF


def test_strangers_that_say_nothing_keep_nobody_out_for_long(node: tuple[RunningExecutor, str]) -> None:
    strangers = [knock(node[1]) for _ in range(handshake.MOST_STRANGERS)]
    for each in strangers:
        each.recv(64)
    with knock(node[1]) as late:
        assert late.recv(64) == b""
    for each in strangers:
        each.close()
    assert eventually(lambda: status(node[1])) == "ok"  # once the node has seen that they left


def status(address: str) -> str:
    with closing(LaneClient(address, SECRET)) as lane, suppress(LaneError):
        return str(lane.status()["status"])
    return ""


def test_an_impostor_is_found_out() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(bytes(handshake.RANDOM + handshake.PROOF))
        with pytest.raises(PermissionError, match="does not know"):
            handshake.introduce(ours, SECRET)
