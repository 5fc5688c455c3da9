"""A hostile handler and the network: nothing of the machine can be reached."""

import secrets
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.execution.running import RunningExecutor

pytestmark = pytest.mark.sandbox


@pytest.fixture
def tcp() -> Iterator[int]:
    """A port that the machine itself answers on."""
    with closing(socket.create_server(("0.0.0.0", 0))) as server:
        port = server.getsockname()[1]
        socket.create_connection(("127.0.0.1", port), 1).close()
        yield port


def test_the_machines_ports_cannot_be_reached(executor: RunningExecutor, tcp: int) -> None:
    source = """
        import errno, socket
        def handler(event, context):
            answers = []
            for address in event[1]:
                try:
                    socket.create_connection((address, event[0]), 2).close()
                    answers.append("connected")
                except OSError as error:
                    answers.append(errno.errorcode.get(error.errno, str(error)))
            return answers
        """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        own = probe.getsockname()[0]
    addresses = ["127.0.0.1", "localhost", own, "169.254.169.254", "8.8.8.8", "10.0.0.1"]
    assert set(executor.run(source, [tcp, addresses], timeout_s=20)) <= {"ECONNREFUSED", "ENETUNREACH"}


def test_abstract_sockets_of_the_machine_cannot_be_reached(executor: RunningExecutor) -> None:
    name = "\0hearth-test-" + secrets.token_hex(8)
    source = """
        import errno, socket
        def handler(event, context):
            with socket.socket(socket.AF_UNIX) as client:
                try:
                    client.connect(event)
                    return "connected"
                except OSError as error:
                    return errno.errorcode[error.errno]
        """
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(name)
        assert executor.run(source, name) == "ECONNREFUSED"


def test_unix_sockets_of_the_machine_cannot_be_reached(executor: RunningExecutor) -> None:
    source = "import os\ndef handler(event, context):\n    return os.path.exists(event)"
    lane = executor.directory / "lane.sock"
    assert Path(lane).exists()
    assert executor.run(source, str(lane)) is False


def test_only_loopback_is_there_and_works(executor: RunningExecutor) -> None:
    source = """
        import socket
        def handler(event, context):
            with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), 2):
                return [name for _, name in socket.if_nameindex()]
        """
    assert executor.run(source) == ["lo"]


def test_two_sandboxes_do_not_share_loopback(executor: RunningExecutor) -> None:
    source = """
        import socket
        server = socket.create_server(("127.0.0.1", 7777))
        def handler(event, context):
            return "bound"
        """
    assert executor.run(source) == "bound"
    assert executor.run(source) == "bound"
