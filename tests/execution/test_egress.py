"""Functions that are given a network: what they reach of an internet made for the test, and what they do not."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.execution.sandbox.network import filters, slirp
from functions.execution.spec import EGRESS, LaneError
from tests.execution import internet
from tests.execution.running import PROJECT, RunningExecutor, eventually, is_root
from tests.processes import alive, command, namespace

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(not is_root(), reason="the internet of these tests takes root to make"),
    pytest.mark.skipif(slirp.program() is None, reason="needs the Debian package slirp4netns"),
]
REACH = """
    import socket, urllib.request
    def reach(address, port, timeout=3):
        try:
            socket.create_connection((address, port), timeout).close()
            return ""
        except OSError as error:
            return str(error)
"""
# Everything that is tried at once, in threads: a refusal may be a silence.
ALL = (
    REACH
    + """
    from concurrent.futures import ThreadPoolExecutor
    def handler(event, context):
        with ThreadPoolExecutor(20) as pool:
            return list(pool.map(lambda each: reach(*each), event))
"""
)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExecutor]:
    running = start(tmp_path_factory.mktemp("egress"))
    yield running
    assert running.stop() == 0


def start(directory: Path) -> RunningExecutor:
    prefix = (sys.executable, "-m", "tests.execution.internet", str(directory / "reached"))
    return RunningExecutor.start(directory, "--egress", prefix=prefix)


def test_only_what_is_public_is_reached(machine: RunningExecutor) -> None:
    assert machine.isolation["no_egress"] == ""
    targets = json.loads((machine.directory / "reached").read_text())
    assert len(targets) == 2 + len(internet.PRIVATE) + len(internet.MACHINE)  # all is there for the machine itself
    more = [("10.0.2.2", internet.SERVICE), ("10.211.0.1", 80), ("127.0.0.1", internet.SERVICE), ("0.0.0.0", 80)]
    answers = machine.run(ALL, [*targets, *more], network=EGRESS, timeout_s=20)
    reached = [target for target, error in zip(targets, answers, strict=False) if not error]
    assert reached == [[internet.PUBLIC, internet.HTTP]]
    assert all(answers[len(targets) :])


def test_names_are_resolved_and_pages_read(machine: RunningExecutor) -> None:
    """By the machine's resolver, which has a private address that is refused itself."""
    source = """
        import urllib.request
        def handler(event, context):
            return urllib.request.urlopen("http://example.test/", timeout=5).read().decode()
        """
    assert machine.run(source, network=EGRESS) == f"hello {internet.MACHINE[0]}"


def test_without_it_there_is_no_network(machine: RunningExecutor) -> None:
    source = REACH + f"\n    def handler(event, context):\n        return reach('{internet.PUBLIC}', 80)"
    assert "unreachable" in machine.run(source)
    names = "import socket\ndef handler(event, context):\n    return [name for _, name in socket.if_nameindex()]"
    assert machine.run(names) == ["lo"]
    assert machine.run(names, network=EGRESS) == ["lo", "eth0"]


def test_an_address_that_the_machine_gets_later_is_refused(machine: RunningExecutor) -> None:
    address = "198.51.100.9"
    command = (
        "import os, socket, sys\n"
        "from functions.execution.sandbox import syscalls as sc\n"
        "from functions.execution.sandbox.network import netlink\n"
        "sc.setns(os.open(f'/proc/{sys.argv[1]}/ns/net', os.O_RDONLY), sc.CLONE_NEWNET)\n"
        "netlink.request(netlink.open_socket(), netlink.address(2, sys.argv[2]))\n"
        "socket.create_connection((sys.argv[2], int(sys.argv[3])), 3)\n"  # it is there
    )
    arguments = [str(machine.process.pid), address, str(internet.SERVICE)]
    subprocess.run([sys.executable, "-c", command, *arguments], cwd=PROJECT, check=True)
    eventually(lambda: machine.run(ALL, [(address, internet.SERVICE)], network=EGRESS) != [""])


def test_functions_do_not_reach_each_other(machine: RunningExecutor) -> None:
    source = (
        REACH
        + """
    import fcntl, os, struct, threading
    server = socket.create_server(("0.0.0.0", 7000))
    def serve():
        while True:
            server.accept()[0].close()
    threading.Thread(target=serve, daemon=True).start()
    def own():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            return socket.inet_ntoa(fcntl.ioctl(probe, 0x8915, struct.pack("256s", b"eth0"))[20:24])
    def handler(event, context):
        return [own(), [reach(each, 7000, 1) for each in event]]
    """
    )
    first, second = (machine.function(source, network=EGRESS) for _ in range(2))
    one, _ = json.loads(machine.invoke(first, []).payload)
    two, (to_itself, to_first) = json.loads(machine.invoke(second, ["127.0.0.1", one]).payload)
    assert one != two
    assert to_itself == ""
    assert to_first


def test_code_cannot_change_its_network(machine: RunningExecutor) -> None:
    """Neither its address, nor routes, nor with packets of its own making."""
    source = """
        import errno, fcntl, socket, struct
        def attempt(call):
            try:
                call()
                return "done"
            except OSError as error:
                return errno.errorcode[error.errno]
        def handler(event, context):
            probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            address = struct.pack("16sH2s4s8x", b"eth0", socket.AF_INET, b"", socket.inet_aton("10.0.2.3"))
            return [
                attempt(lambda: fcntl.ioctl(probe, 0x8916, address)),
                attempt(lambda: fcntl.ioctl(probe, 0x8914, struct.pack("16sH14x", b"eth0", 0))),
                attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)),
                attempt(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)),
            ]
        """
    assert set(machine.run(source, network=EGRESS)) <= {"EPERM", "EACCES", "EAFNOSUPPORT"}


def test_slirp4netns_is_started_again(machine: RunningExecutor) -> None:
    source = REACH + f"\n    def handler(event, context):\n        return reach('{internet.PUBLIC}', 80, 1)"
    spec = machine.function(source, network=EGRESS)
    assert machine.invoke(spec).payload == b'""'
    before = slirp_of(machine)
    os.kill(before, signal.SIGKILL)
    assert eventually(lambda: slirp_of(machine) not in (0, before))
    eventually(lambda: machine.invoke(spec).payload == b'""')


def test_another_router_takes_over(machine: RunningExecutor) -> None:
    """What was connected to the one before ends with it."""
    source = REACH + f"\n    def handler(event, context):\n        return reach('{internet.PUBLIC}', 80, 1)"
    spec = machine.function(source, network=EGRESS)
    assert machine.invoke(spec).payload == b'""'
    own = command(machine.process.pid)

    def routers() -> list[int]:
        return [pid for pid in machine.pids() if command(pid) == own]

    eventually(lambda: len(routers()) == 1)  # what is just being started looks the same for a moment
    (router,) = routers()
    stream = machine.last(spec).log_stream
    os.kill(router, signal.SIGKILL)

    def works() -> bool:
        try:
            return machine.invoke(spec).payload == b'""' and machine.last(spec).log_stream != stream
        except LaneError:  # none is there
            return False

    eventually(works)


def test_nothing_stays_when_the_executor_is_killed(tmp_path: Path) -> None:
    running = start(tmp_path)
    spec = running.function(ALL, network=EGRESS)
    assert running.invoke(spec, [(internet.PUBLIC, 80)]).payload == b'[""]'
    processes = [*running.pids(), slirp_of(running)]
    namespaces = {namespace(pid, "net") for pid in processes} - {""}
    everything = [int(each.name) for each in Path("/proc").glob("[0-9]*")]
    holders = [pid for pid in everything if namespace(pid, "net") in namespaces]
    running.process.kill()
    running.process.wait()
    eventually(lambda: not any(alive(pid) for pid in processes))
    eventually(lambda: not namespaces & {namespace(pid, "net") for pid in holders})
    assert "nsfs" not in Path("/proc/self/mountinfo").read_text()  # nothing else keeps a namespace
    running.client.close()
    assert running.process.stdout is not None
    running.process.stdout.close()


def test_a_machine_without_the_tools_says_which(tmp_path: Path) -> None:
    running = RunningExecutor.start(tmp_path, "--egress", env={**os.environ, "PATH": str(tmp_path)})
    try:
        assert "slirp4netns" in running.isolation["no_egress"]
        assert "slirp4netns" in running.isolation["summary"]
        spec = running.function("def handler(event, context):\n    return 1", network=EGRESS)
        with pytest.raises(Exception, match="slirp4netns"):
            running.invoke(spec)
        assert running.run("def handler(event, context):\n    return 1") == 1
    finally:
        running.stop()


def test_the_rules_name_every_network_that_is_not_public() -> None:
    import ipaddress

    refused = [ipaddress.ip_network(each) for each in filters.REFUSED]
    for text in ("10.1.2.3", "172.31.255.255", "192.168.0.1", "169.254.169.254", "127.0.0.1", "100.100.0.1", "0.0.0.1"):
        assert any(ipaddress.ip_address(text) in network for network in refused), text


def slirp_of(running: RunningExecutor) -> int:
    program = str(slirp.program())
    return next((pid for pid in running.pids() if command(pid).startswith(program)), 0)
