"""The network: nothing of the machine can be reached."""

import secrets
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.attacks.attacking import Attacker

pytestmark = pytest.mark.sandbox


@pytest.fixture
def port() -> Iterator[int]:
    """One that the machine itself answers on, at every address."""
    with closing(socket.create_server(("0.0.0.0", 0))) as server:
        number = server.getsockname()[1]
        socket.create_connection(("127.0.0.1", number), 1).close()
        yield number


def test_the_machines_ports_cannot_be_reached(attacker: Attacker, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        own = probe.getsockname()[0]
    addresses = ["127.0.0.1", "localhost", "0.0.0.0", "::1", own, "169.254.169.254", "8.8.8.8", "10.0.0.1", "fe80::1"]
    answers = attacker.run("network.connect", addresses, [port], timeout_s=20)
    assert set(answers.values()) <= {"ECONNREFUSED", "ENETUNREACH", "EADDRNOTAVAIL", "EINVAL"}, answers


def test_datagrams_do_not_leave(attacker: Attacker) -> None:
    answers = attacker.run("network.send_datagrams", ["8.8.8.8", "224.0.0.251", "255.255.255.255", "ff02::1"])
    assert set(answers.values()) <= {"ENETUNREACH", "EADDRNOTAVAIL"}, answers


def test_abstract_sockets_of_the_machine_cannot_be_reached(attacker: Attacker) -> None:
    name = "\0hearth-test-" + secrets.token_hex(8)
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(name)
        server.listen()
        client.connect(name)
        assert attacker.run("network.abstract", name) == "ECONNREFUSED"


def test_unix_sockets_of_the_machine_cannot_be_reached(attacker: Attacker) -> None:
    lane = attacker.executor.directory / "lane.sock"
    assert lane.exists()
    assert attacker.run("files.exist", [str(lane)]) == {str(lane): False}


def test_only_loopback_is_there_and_works(attacker: Attacker) -> None:
    assert attacker.run("network.interfaces") == ["lo"]


def test_addresses_cannot_be_changed(attacker: Attacker) -> None:
    assert attacker.run("network.change_addresses") == "EPERM"


def test_two_sandboxes_do_not_share_loopback(attacker: Attacker) -> None:
    for name in ("one", "two"):
        assert attacker.run("network.bind", 7777, environment={"loopback": name}) == "bound"
