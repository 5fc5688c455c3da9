# ruff: noqa: E501 (sources of functions in one line)
"""An ordinary user's executor: the same sandboxes, and what is missing is said."""

import http.server
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.execution.runtimes import discovery
from functions.execution.sandbox.network import slirp
from functions.execution.spec import EGRESS, FunctionSpec
from tests.execution import custom, test_images
from tests.execution import internet as world
from tests.execution.extensions.programs import layer
from tests.execution.internet import Page
from tests.execution.rootless import OPEN_PYTHON, USER, begin, project, skips
from tests.execution.running import PROJECT, RunningExecutor, eventually
from tests.execution.test_custom import SHELL
from tests.images.making import needs_busybox, shell
from tests.processes import alive, user_ids

pytestmark = [pytest.mark.sandbox, *skips]
NAME = "import socket\ndef handler(event, context):\n    return socket.gethostbyname('example.test')"
REACH_ALL = """
    import socket
    from concurrent.futures import ThreadPoolExecutor
    def reach(target):
        try:
            socket.create_connection(tuple(target), 3).close()
            return ""
        except OSError as error:
            return str(error)
    def handler(event, context):
        with ThreadPoolExecutor(20) as pool:
            return list(pool.map(reach, event))
"""


@pytest.fixture(scope="module")
def rootless() -> Iterator[RunningExecutor]:
    with project() as base:
        running = begin(base, "data")
        yield running
        assert running.stop() == 0


def function(executor: RunningExecutor, source: str, **changes: object) -> FunctionSpec:
    runtime = next(name for name in executor.client.status()["runtimes"] if name.startswith("python"))
    return executor.function(source, **{"runtime": runtime, **changes})


def test_what_is_missing_is_said(rootless: RunningExecutor) -> None:
    facts = rootless.isolation
    assert facts["cgroups"] is None
    assert any("cgroup" in text for text in facts["missing"])
    assert "missing" in facts["summary"]


def test_functions_run_in_the_same_box(rootless: RunningExecutor) -> None:
    source = """
        import os
        def status():
            return dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
        def handler(event, context):
            found = status()
            return [found["Uid"].split()[0], found["CapEff"], found["CapBnd"], found["NoNewPrivs"], found["Seccomp"],
                    os.getpid(), os.path.exists("/root"), os.path.exists("/etc/shadow"), sorted(os.listdir("/var/task"))]
        """
    result = rootless.invoke(function(rootless, source))
    none = "0" * 16
    assert json.loads(result.payload) == ["993", none, none, "1", "2", 2, False, False, ["app.py"]]


@pytest.mark.skipif(discovery.javac() is None, reason="no Java with a compiler on this machine")
def test_java_is_compiled_and_runs(rootless: RunningExecutor, java_classes: Path) -> None:
    shutil.copytree(java_classes, rootless.directory / "code/classes")
    runtime = discovery.of_family("java")[0].runtime
    spec = rootless.function(
        "", runtime=runtime, code="classes", handler="shop.Handlers::text", memory_mb=256, timeout_s=30
    )
    result = rootless.invoke(spec, "word")
    assert result.payload == b'"WORD"', rootless.messages(spec)


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl on this machine")
def test_custom_runtimes_have_their_api(rootless: RunningExecutor) -> None:
    files = {"bootstrap": SHELL, "function.sh": 'handler() { printf \'{"echo": %s}\' "$1"; }'}
    spec = custom.function(rootless, files)
    assert [json.loads(rootless.invoke(spec, n).payload) for n in (1, 2)] == [{"echo": 1}, {"echo": 2}]


def test_extensions_run_beside_it_and_hear_of_its_end(rootless: RunningExecutor) -> None:
    source = """
        me = register(NAME, "INVOKE", "SHUTDOWN")
        status = open("/proc/self/status").read()
        print("it is", [line.split()[1] for line in status.splitlines() if line.startswith(("Uid", "CapBnd", "Seccomp:"))])
        event = following(me)
        while event["eventType"] == "INVOKE":
            event = following(me)
        print("told", event["shutdownReason"], flush=True)
    """
    spec = function(
        rootless,
        "import os\ndef handler(event, context):\n    if event: os._exit(3)",
        layers=layer(rootless, beside=source),
    )
    rootless.invoke(spec)
    assert rootless.invoke(spec, 1).error_type == "Runtime.ExitError"
    assert eventually(lambda: "told failure\n" in rootless.messages(spec))
    assert "it is ['993', '0000000000000000', '2']\n" in rootless.messages(spec)


def test_processes_are_the_users_on_the_machine(rootless: RunningExecutor) -> None:
    rootless.invoke(function(rootless, "def handler(event, context):\n    return 1"))
    seen = [uids for pid in rootless.pids() if (uids := user_ids(pid))]
    assert len(seen) > 4
    assert {"0"} not in seen


def test_memory_is_limited_by_polling(rootless: RunningExecutor) -> None:
    source = "import time\ndef handler(event, context):\n    x = bytearray(event << 20)\n    time.sleep(1)\n    return len(x)"
    spec = function(rootless, source)
    assert rootless.invoke(spec, 250).error_type == "Runtime.OutOfMemory"
    result = rootless.invoke(spec, 60)
    assert result.function_error == ""
    assert 60 <= result.max_memory_mb < 128


def test_the_network_is_closed(rootless: RunningExecutor) -> None:
    source = "import socket\ndef handler(event, context):\n    return [name for _, name in socket.if_nameindex()]"
    assert json.loads(rootless.invoke(function(rootless, source)).payload) == ["lo"]


@pytest.mark.skipif(slirp.program() is None, reason="needs the Debian package slirp4netns")
def test_egress_is_the_same(rootless: RunningExecutor) -> None:
    base = rootless.directory.parent
    internet = ("env", f"PYTHONPATH={PROJECT}", sys.executable, "-m", "tests.execution.internet", str(base / "reached"))
    running = begin(base, "egress", "--egress", prefix=(*internet, "env", "-u", "PYTHONPATH"))
    try:
        targets = json.loads((base / "reached").read_text())
        assert len(targets) == 2 + len(world.PRIVATE) + len(world.MACHINE)
        result = running.invoke(function(running, REACH_ALL, network=EGRESS, timeout_s=20), targets)
        answers = json.loads(result.payload)
        assert [each for each, error in zip(targets, answers, strict=True) if not error] == [[world.PUBLIC, world.HTTP]]
        assert running.invoke(function(running, NAME, network=EGRESS)).payload == f'"{world.PUBLIC}"'.encode()
        pids = running.pids()
        running.process.kill()
        eventually(lambda: not [pid for pid in pids if alive(pid)])
    finally:
        running.stop()


def test_kill_9_leaves_nothing(rootless: RunningExecutor) -> None:
    running = begin(rootless.directory.parent, "again")
    running.invoke(function(running, "def handler(event, context):\n    return 1"))
    pids = running.pids()
    assert len(pids) > 4
    running.process.kill()
    running.stop()
    eventually(lambda: not [pid for pid in pids if alive(pid)])


def test_the_endpoint_is_the_same(rootless: RunningExecutor) -> None:
    """The forwarder stays outside of the executor's namespaces."""
    base = rootless.directory.parent
    path = base / "data" / "forward"
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        command = ["setpriv", "--reuid", str(USER), "--regid", str(USER), "--clear-groups", str(OPEN_PYTHON)]
        command += ["-m", "functions.execution.forwarder", "--socket", str(path)]
        forwarder = subprocess.Popen(
            [*command, "--upstream", f"http://127.0.0.1:{web.server_port}"], cwd=base, stdout=subprocess.PIPE, env={}
        )
        try:
            assert forwarder.stdout is not None
            assert json.loads(forwarder.stdout.readline()) == {"ready": True}
            running = begin(base, "endpoint", "--forwarder", str(path))
            source = """
                import os, urllib.request
                def handler(event, context):
                    return urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"], timeout=5).read().decode()
                """
            try:
                assert running.invoke(function(running, source)).payload == b'"hello 127.0.0.1"'
            finally:
                running.stop()
        finally:
            forwarder.kill()
            forwarder.communicate()
            web.shutdown()


@needs_busybox
def test_a_container_image(rootless: RunningExecutor, tmp_path: Path) -> None:
    """Unpacked by root here, and run by an ordinary user."""
    spec = test_images.function(rootless, tmp_path, shell('ls / | tr "\\n" " "; id -u'))
    for path in (rootless.directory / "code" / spec.code).rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755)
    result = rootless.invoke(spec)
    assert result.function_error == "", result.payload + result.log_tail
    assert result.payload.split() == b"app bin dev etc proc sys tmp 993".split()
