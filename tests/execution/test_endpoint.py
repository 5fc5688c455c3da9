"""The account's endpoint inside a sandbox: a forwarder process between a function and a web server."""

import http.server
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.execution import environment, sessions
from functions.execution.forwarder import MARK
from functions.execution.forwarder.__main__ import NOBODY
from functions.execution.forwarder.door import PER_SANDBOX
from functions.execution.forwarder.head import MAX_HEAD
from tests.execution.running import ACCOUNT, PROJECT, RunningExecutor, eventually
from tests.processes import alive

pytestmark = pytest.mark.sandbox
KEY = b"k" * 32
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service/worker"
ASK = """
    import http.client, json, os, socket
    def ask(method="GET", body=None, headers={}):
        host = os.environ["AWS_ENDPOINT_URL"].partition("//")[2]
        connection = http.client.HTTPConnection(host, timeout=5)
        connection.request(method, "/path?x=%2F", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
"""


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what it got: method, path, headers, the size of the body."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        size = len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        heard = [self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, size]
        body = json.dumps(heard).encode() + b" " * size
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_: Any) -> None:
        pass


class Forwarder:
    def __init__(self, path: Path, port: int) -> None:
        self.command = [sys.executable, "-m", "functions.execution.forwarder", "--socket", str(path)]
        self.command += ["--upstream", f"http://127.0.0.1:{port}"]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, cwd=PROJECT, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        assert json.loads(self.process.stdout.readline()) == {"ready": True}

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


@pytest.fixture(scope="module")
def web() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, web: int) -> Iterator[tuple[RunningExecutor, Forwarder]]:
    directory = tmp_path_factory.mktemp("endpoint")
    (directory / "key").write_bytes(KEY)
    serving = Forwarder(directory / "forward", web)
    running = RunningExecutor.start(
        directory, "--forwarder", str(directory / "forward"), "--session-key", str(directory / "key")
    )
    yield running, serving
    assert running.stop() == 0
    serving.kill()


@pytest.fixture(scope="module")
def executor(node: tuple[RunningExecutor, Forwarder]) -> RunningExecutor:
    return node[0]


def test_a_request_arrives_as_it_was_sent_and_marked(executor: RunningExecutor) -> None:
    source = ASK + "\n    def handler(event, context):\n        return ask('POST', b'b' * event, {'A-B': 'c'})"
    status, text = executor.run(source, 300_000)
    method, path, headers, size = json.loads(text)
    assert (status, method, path, size, len(text) > size) == (200, "POST", "/path?x=%2F", 300_000, True)
    assert headers["a-b"] == "c"
    assert headers["host"] == "127.0.0.1:9002"
    assert headers[MARK.lower()] == "1"


def test_the_mark_can_be_neither_left_out_nor_got_around(executor: RunningExecutor) -> None:
    """A second request on the same connection, and heads that two parsers might read differently."""
    source = """
        import socket
        def say(data):
            with socket.create_connection(("127.0.0.1", 9002), 5) as connection:
                connection.sendall(data)
                answer = b""
                try:
                    while part := connection.recv(65536):
                        answer += part
                except ConnectionResetError:
                    pass
                return answer.decode()
        def handler(event, context):
            return [say(each.encode("latin-1")) for each in event]
        """
    twice = "GET /first HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\nGET /second HTTP/1.1\r\nHost: a\r\n\r\n"
    refused = [
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\nConnection: keep-alive\n\nGET /\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nConnection : keep-alive\r\n\r\n",
        "GET / HTTP/1.1\r\nA: b\0c\r\n\r\n",
        "nonsense\r\n\r\n",
        "GET / HTTP/1.1\r\nA: " + "a" * MAX_HEAD * 2,
    ]
    first, *others = executor.run(source, [twice, *refused], timeout_s=30)
    assert first.startswith("HTTP/1.1 200")
    assert "/first" in first
    assert "/second" not in first
    assert MARK.lower() in first
    assert {each.partition("\r\n")[0] for each in others} == {"HTTP/1.1 400 Bad Request"}


def test_credentials_are_those_of_the_role(executor: RunningExecutor) -> None:
    source = """
        import os
        def handler(event, context):
            return [os.environ.get(n) for n in
                    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL")]
        """
    spec = executor.function(source, role=ROLE)
    key_id, secret, token, url = json.loads(executor.invoke(spec).payload)
    session = sessions.read(KEY, key_id, token)
    assert (session.account_id, session.role, session.name) == (ACCOUNT, ROLE, spec.function_name)
    assert secret == sessions.secret(KEY, token)
    assert url == "http://127.0.0.1:9002"
    own = {"AWS_ENDPOINT_URL": "http://example.test", "AWS_SESSION_TOKEN": "mine"}
    _, _, token, url = executor.run(source, role=ROLE, environment=own)
    assert url == "http://example.test"
    assert token != "mine"


def test_an_environment_ends_before_its_credentials(tmp_path: Path) -> None:
    """After eleven hours; here, half a second."""
    (tmp_path / "sitecustomize.py").write_text(
        f"import sys\nsys.path.insert(0, {str(PROJECT)!r})\n"
        "from functions.execution import environment\nenvironment.RETIRE_SECONDS = 0.5\n"
    )
    running = RunningExecutor.start(tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)})
    try:
        assert environment.RETIRE_SECONDS + 900 < sessions.LIFE_SECONDS  # the longest invocation fits in between
        spec = running.function("def handler(event, context):\n    return context.log_stream_name")
        first = running.invoke(spec).payload
        assert running.invoke(spec).payload == first
        eventually(lambda: running.invoke(spec).payload != first)
    finally:
        running.stop()


def test_one_sandbox_cannot_take_all_connections(node: tuple[RunningExecutor, Forwarder]) -> None:
    """It holds open what it may; another one is served meanwhile, and what it held goes with it."""
    executor, serving = node
    before = serving.descriptors()
    source = """
        import socket
        held = []
        def handler(event, context):
            for _ in range(60):
                connection = socket.create_connection(("127.0.0.1", 9002), 5)
                connection.sendall(b"GET / HTTP/1.1\\r\\nA: ")
                held.append(connection)
        """
    greedy = executor.function(source)
    assert executor.invoke(greedy).function_error == ""
    eventually(lambda: serving.descriptors() >= before + PER_SANDBOX)
    assert serving.descriptors() <= before + PER_SANDBOX + 4
    assert executor.run(ASK + "\n    def handler(event, context):\n        return ask()")[0] == 200
    executor.client.recycle(greedy.function)
    eventually(lambda: serving.descriptors() <= before + 4)


def test_uploads_under_way_are_bounded(executor: RunningExecutor) -> None:
    """What has not been answered lies in the memory of the web server."""
    source = """
        import socket
        held = []
        def send(most):
            sent, part = 0, bytes(1 << 20)
            connection = socket.create_connection(("127.0.0.1", 9002), 5)
            held.append(connection)
            try:
                connection.sendall(b"POST / HTTP/1.1\\r\\nContent-Length: 1000000000\\r\\n\\r\\n")
                for sent in range(most):
                    connection.sendall(part)
            except OSError:
                pass
            return sent + 1
        def handler(event, context):
            return [send(60), send(60)]
        """
    first, second = executor.run(source, timeout_s=30)
    assert first == 60
    assert 10 < second < 50


def test_another_forwarder_serves_the_sandboxes_that_are_there(node: tuple[RunningExecutor, Forwarder]) -> None:
    executor, serving = node
    spec = executor.function(
        ASK
        + """
    def handler(event, context):
        try:
            return ask()[0]
        except OSError as error:
            return type(error).__name__
    """
    )
    assert executor.invoke(spec).payload == b"200"
    serving.kill()
    assert executor.invoke(spec).payload == b'"ConnectionRefusedError"'
    serving.start()
    eventually(lambda: executor.invoke(spec).payload == b"200")


def test_the_forwarder_has_no_rights(node: tuple[RunningExecutor, Forwarder]) -> None:
    status = Path(f"/proc/{node[1].process.pid}/status").read_text()
    assert "NoNewPrivs:\t1" in status
    if os.geteuid() == 0:
        assert f"Uid:\t{NOBODY}\t{NOBODY}" in status
        assert "CapEff:\t0000000000000000" in status


def test_without_a_web_server_it_says_so(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        serving = Forwarder(tmp_path / "forward", closed.getsockname()[1])
        running = RunningExecutor.start(tmp_path, "--forwarder", str(tmp_path / "forward"))
        try:
            assert running.run(ASK + "\n    def handler(event, context):\n        return ask()")[0] == 503
        finally:
            running.stop()
            serving.kill()
    assert not alive(serving.process.pid)
