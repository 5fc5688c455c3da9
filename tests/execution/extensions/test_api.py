# ruff: noqa: E501 (programs in strings)
"""The Extensions, Telemetry and Logs APIs: what they refuse, how extensions fail, who bounds whom."""

import json
import os
import textwrap
from pathlib import Path
from typing import Any

import pytest

from monitoring.report import Outcome
from tests.execution.extensions.programs import PRELUDE, layer
from tests.execution.running import RunningExecutor, eventually

pytestmark = pytest.mark.sandbox
ECHO = "import time\ndef handler(event, context):\n    time.sleep(event == 'slow')\n    return event"
LOOP = """
while following(me)["eventType"] != "SHUTDOWN":
    pass
"""


def answers(executor: RunningExecutor, source: str) -> list[Any]:
    """The lists that an extension prints, which registers as `me` and loops afterwards."""
    spec = executor.function(ECHO, layers=layer(executor, talker=textwrap.dedent(source) + LOOP))
    assert executor.invoke(spec, 1).payload == b"1"
    return [json.loads(message) for message in executor.messages(spec) if message.startswith("[")]


def test_what_registration_refuses(executor: RunningExecutor) -> None:
    found = answers(
        executor,
        """
        REGISTER = "/2020-01-01/extension/register"
        def show(*answer): print(json.dumps([answer[0], json.loads(answer[2])["errorType"]]), flush=True)
        show(*request("POST", REGISTER, {"events": []}))
        show(*request("POST", REGISTER, b"no json", Lambda_Extension_Name=NAME))
        show(*request("POST", REGISTER, b"[" * 60000, Lambda_Extension_Name=NAME))
        show(*request("POST", REGISTER, b"x" * 70000, Lambda_Extension_Name=NAME))
        show(*request("POST", REGISTER, {"events": 7}, Lambda_Extension_Name=NAME))
        show(*request("POST", REGISTER, {"events": ["PARTY"]}, Lambda_Extension_Name=NAME))
        show(*request("POST", REGISTER, {"events": ["SHUTDOWN"]}, Lambda_Extension_Name="internal"))
        show(*request("GET", "/2020-01-01/extension/event/next"))
        show(*request("GET", "/2020-01-01/extension/event/next", Lambda_Extension_Identifier="me"))
        show(*request("GET", "/2020-01-01/extension/event/next",
                      Lambda_Extension_Identifier="00000000-0000-4000-8000-000000000000"))
        me = register(NAME, "INVOKE", "SHUTDOWN")
        show(*request("POST", REGISTER, {"events": []}, Lambda_Extension_Name=NAME))
        show(*request("POST", "/2020-01-01/extension/init/error", b"{}", Lambda_Extension_Identifier=me))
        """,
    )
    assert found == [
        [403, "Extension.InvalidExtensionName"],
        [403, "InvalidRequestFormat"],
        [403, "InvalidRequestFormat"],
        [403, "InvalidRequestFormat"],
        [403, "InvalidRequestFormat"],
        [403, "Extension.InvalidEventType"],
        [403, "Extension.InvalidEventType"],
        [403, "Extension.MissingExtensionIdentifier"],
        [403, "Extension.InvalidExtensionIdentifier"],
        [403, "Extension.UnknownExtensionIdentifier"],
        [403, "Extension.InvalidExtensionState"],
        [403, "Extension.MissingHeader"],
    ]


def test_what_subscriptions_refuse(executor: RunningExecutor) -> None:
    found = answers(
        executor,
        """
        me = register(NAME, "INVOKE", "SHUTDOWN")
        HERE = {"protocol": "HTTP", "URI": "http://sandbox.localdomain:4000"}
        def ask(path, **changes):
            whole = {"schemaVersion": "2022-12-13", "types": ["platform"], "destination": HERE, **changes}
            answer = request("PUT", path, whole, Lambda_Extension_Identifier=me)
            print(json.dumps([answer[0], json.loads(answer[2])]), flush=True)
        T, L = "/2022-07-01/telemetry", "/2020-08-15/logs"
        ask(T, schemaVersion="2020-01-01")
        ask(T, types=[])
        ask(T, types=["platform", {}])
        ask(T, destination={"protocol": "HTTP", "URI": "http://169.254.169.254:80"})
        ask(T, destination={"protocol": "HTTP", "URI": "http://sandbox.localdomain:9001"})
        ask(T, destination={"protocol": "HTTP", "URI": "http://sandbox.localdomain:4000/a\\r\\nb: c"})
        ask(T, destination={"protocol": "TCP", "port": "4000"})
        ask(T, destination={"protocol": "UDP"})
        ask(T, buffering={"maxItems": 999})
        ask(T, buffering={"maxBytes": 1048577})
        ask(T, buffering={"timeoutMs": 24})
        ask(L)
        ask(L, schemaVersion="2021-03-18", destination={**HERE, "method": "GET"})
        ask(L, schemaVersion="2021-03-18", types=["function"])
        ask(T, types=["function"])
        """,
    )
    assert [status for status, _ in found] == [400] * 13 + [200, 200]
    assert all(body["errorType"] == "ValidationError" for status, body in found if status == 400)
    assert found[-1][1] == "OK"


def failure_of(executor: RunningExecutor, source: str, event: Any = "slow") -> tuple[str, str]:
    spec = executor.function(ECHO, layers=layer(executor, failing=source), timeout_s=5)
    result = executor.invoke(spec, event)
    assert executor.last(spec).outcome in (Outcome.CRASH, Outcome.INIT_ERROR)
    payload = json.loads(result.payload)
    return payload["errorType"], payload["errorMessage"].partition(" Error: ")[2]


def test_how_extensions_fail(executor: RunningExecutor) -> None:
    assert failure_of(executor, "sys.exit(3)") == ("Extension.Crash", "exit status 3")
    assert failure_of(executor, "register(NAME); os.kill(os.getpid(), 9)") == ("Extension.Crash", "signal: killed")
    wrong = (
        'request("POST", "/2020-01-01/extension/%s/error", b"{}", Lambda_Extension_Identifier=me, **TYPE); sys.exit(1)'
    )
    begin = 'me = register(NAME, "INVOKE"); TYPE = {"Lambda_Extension_Function_Error_Type": "Extension.NoKey"}\n'
    assert failure_of(executor, begin + wrong % "init") == ("Extension.InitError", "exit status 1")
    assert failure_of(executor, begin + "following(me)\n" + wrong % "exit") == ("Extension.ExitError", "exit status 1")
    assert failure_of(executor, 'following(register(NAME, "INVOKE"))') == ("Extension.Crash", "exit code 0")


@pytest.mark.parametrize(
    ("mode", "text", "reason"),
    [(0o644, "#!/bin/sh\n", "permission denied"), (0o755, "nonsense", "exec format error"),
     (0o755, "#!/no/such/thing\n", "no such file or directory")],
)  # fmt: skip
def test_extensions_that_cannot_start(executor: RunningExecutor, mode: int, text: str, reason: str) -> None:
    tree = executor.deploy({f"extensions/lame-{mode}": text})
    (executor.directory / "code" / tree / "extensions" / f"lame-{mode}").chmod(mode)
    result = executor.invoke(executor.function(ECHO, layers=tree), 1)
    payload = json.loads(result.payload)
    assert payload["errorType"] == "Extension.LaunchError"
    assert payload["errorMessage"].endswith(f"Error: fork/exec /opt/extensions/lame-{mode}: {reason}")


def test_ten_and_no_more(executor: RunningExecutor) -> None:
    waiting = "me = register(NAME)\nfollowing(me)"
    ten = layer(executor, **{f"extension-{n}": waiting for n in range(10)})
    assert executor.invoke(executor.function(ECHO, layers=ten, memory_mb=512), 1).payload == b"1"
    eleven = layer(executor, **{f"extension-{n:02d}": waiting for n in range(11)})
    result = executor.invoke(executor.function(ECHO, layers=eleven, memory_mb=512), 1)
    assert json.loads(result.payload)["errorType"] == "Extension.LaunchError"


def test_one_that_never_comes_back_costs_the_invocation(executor: RunningExecutor) -> None:
    source = 'me = register(NAME, "INVOKE")\nfollowing(me)\ntime.sleep(60)'
    spec = executor.function(ECHO, layers=layer(executor, busy=source), timeout_s=1)
    result = executor.invoke(spec, 1)
    assert result.payload == b"1"  # the function had answered
    assert executor.last(spec).outcome == Outcome.TIMEOUT
    assert b"Status: timeout" in result.log_tail


def test_it_has_no_more_rights_than_the_runtime(executor: RunningExecutor) -> None:
    facts = """
        def facts():
            status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
            names = ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")
            limits = open("/proc/self/limits").read()
            spaces = {name: os.readlink("/proc/self/ns/" + name) for name in sorted(os.listdir("/proc/self/ns"))}
            groups = open("/proc/self/cgroup").read()
            return [{name: status[name].split() for name in names}, limits, spaces, groups, os.listdir("/")]
    """
    spec = executor.function(
        "import os\n" + textwrap.dedent(facts) + "def handler(event, context):\n    return facts()",
        layers=layer(
            executor,
            inquisitive=textwrap.dedent(facts)
            + "print(json.dumps([facts(), sorted(os.listdir('/proc/self/fd')), sorted(os.environ), os.getcwd()]), flush=True)\n"
            + 'me = register(NAME, "INVOKE", "SHUTDOWN")\n' + LOOP,
        ),
        environment={"MINE": "yes"},
    )  # fmt: skip
    mine = json.loads(executor.invoke(spec).payload)
    found = next(json.loads(message) for message in executor.messages(spec) if message.startswith("["))
    theirs, descriptors, variables, directory = found
    assert theirs == mine
    assert mine[0]["NoNewPrivs"] == ["1"]
    assert len(descriptors) == 4  # 0, 1, 2, and that of the listing
    assert {"MINE", "AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_FUNCTION_NAME", "AWS_REGION"} <= set(variables)
    assert not [name for name in variables if name.startswith("_")]
    assert directory == "/"


def test_an_internal_extension(executor: RunningExecutor) -> None:
    source = (
        PRELUDE.partition("\n")[2].replace("NAME = ", "# ")
        + """
me = register("inside", "INVOKE")
received = []
def receive():
    server = socket.create_server(("127.0.0.1", 4100))
    while True:
        connection, _ = server.accept()
        with connection, connection.makefile("rb") as lines:
            received.extend(json.loads(line)["type"] for line in lines)
threading.Thread(target=receive, daemon=True).start()
while not [line for line in open("/proc/net/tcp") if ":1004 " in line]: time.sleep(0.01)
answer = request("PUT", "/2022-07-01/telemetry", {"schemaVersion": "2022-12-13", "types": ["platform", "function"],
    "buffering": {"timeoutMs": 25}, "destination": {"protocol": "TCP", "port": 4100}}, Lambda_Extension_Identifier=me)
assert answer[0] == 200, answer
told = []
def listen():
    while True: told.append(following(me)["requestId"])
threading.Thread(target=listen, daemon=True).start()
def handler(event, context):
    print("hello")
    if event: time.sleep(0.3)
    return [told, received]
"""
    )
    spec = executor.function({"app.py": source})
    first, second = executor.invoke(spec), executor.invoke(spec, 1)
    told, received = json.loads(second.payload)
    assert told == [first.request_id, second.request_id]
    assert received[:1] == ["platform.telemetrySubscription"]
    assert [kind for kind in received if kind in ("platform.start", "platform.report")][:2] == [
        "platform.start",
        "platform.report",
    ]
    assert "function" in received


def test_the_logs_api(executor: RunningExecutor) -> None:
    source = """
        def receive(connection):
            with connection, connection.makefile("rb") as lines:
                for line in lines:
                    event = json.loads(line)
                    print("got", event["type"], json.dumps(event["record"]), flush=True)
        server = socket.create_server(("", 4200))
        threading.Thread(target=lambda: receive(server.accept()[0]), daemon=True).start()
        me = register(NAME, "INVOKE", "SHUTDOWN")
        request("PUT", "/2020-08-15/logs", {"schemaVersion": "2021-03-18", "types": ["platform", "function", "extension"],
            "buffering": {"timeoutMs": 25}, "destination": {"protocol": "TCP", "port": 4200}},
            Lambda_Extension_Identifier=me)
        print("ready", flush=True)
    """
    spec = executor.function(
        "def handler(event, context):\n    print('called')", layers=layer(executor, logs=textwrap.dedent(source) + LOOP)
    )
    result = executor.invoke(spec)
    executor.client.recycle(spec.function)

    def got() -> list[str]:
        return [m.split(" ", 2)[1] for m in executor.messages(spec) if m.startswith("got ")]

    eventually(lambda: "platform.report" in got())
    assert [kind for kind in got() if kind != "extension"] == [
        "platform.logsSubscription",
        "platform.extension",
        "platform.start",
        "function",
        "platform.runtimeDone",
        "platform.end",
        "platform.report",
    ]
    end = next(m for m in executor.messages(spec) if m.startswith("got platform.end"))
    assert json.loads(end.split(" ", 2)[2]) == {"requestId": result.request_id}
    assert "extension" in got()


def test_what_is_printed_at_the_end_is_read(executor: RunningExecutor) -> None:
    source = """
        me = register(NAME, "INVOKE", "SHUTDOWN")
        while following(me)["eventType"] != "SHUTDOWN":
            pass
        for n in range(40):
            print("x" * 10_000, n, flush=True)
        print("that was all", flush=True)
    """
    spec = executor.function(ECHO, layers=layer(executor, chatty=source))
    executor.invoke(spec, 1)
    executor.client.recycle(spec.function)
    assert eventually(lambda: "that was all\n" in executor.messages(spec))
    assert len([message for message in executor.messages(spec) if message.startswith("x")]) == 40


def test_what_a_subscriber_refuses_is_said(executor: RunningExecutor) -> None:
    source = """
        def refuse():
            server = socket.create_server(("", 4500))
            while True:
                connection, _ = server.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 500 No\\r\\nContent-Length: 0\\r\\n\\r\\n")
        threading.Thread(target=refuse, daemon=True).start()
        me = register(NAME, "INVOKE", "SHUTDOWN")
        request("PUT", "/2022-07-01/telemetry", {"schemaVersion": "2022-12-13", "types": ["function"],
            "buffering": {"timeoutMs": 25}, "destination": {"protocol": "HTTP", "URI": "http://sandbox:4500/x"}},
            Lambda_Extension_Identifier=me)
    """
    spec = executor.function(
        "import time\ndef handler(event, context):\n    print('one')\n    time.sleep(1)",
        layers=layer(executor, refusing=textwrap.dedent(source) + LOOP),
    )
    for _ in (1, 2):  # the first one's line may be given up in the time of the second
        executor.invoke(spec)
    dropped = [message for message in executor.messages(spec) if message.startswith("LOGS_DROPPED")]
    assert dropped[0].startswith("LOGS_DROPPED\tDropped Records: 1\tDropped Bytes: ")


def resident_mb(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20


def test_a_subscriber_that_never_reads_costs_bounded_memory(executor: RunningExecutor) -> None:
    source = """
        server = socket.create_server(("", 4300), backlog=64)
        me = register(NAME, "INVOKE", "SHUTDOWN")
        for api, schema in (("2022-07-01/telemetry", "2022-12-13"), ("2020-08-15/logs", "2021-03-18")):
            request("PUT", "/" + api, {"schemaVersion": schema, "types": ["platform", "function"],
                "buffering": {"maxBytes": 1048576, "timeoutMs": 25}, "destination": {"protocol": "HTTP",
                "URI": "http://sandbox:4300"}}, Lambda_Extension_Identifier=me)
    """
    spec = executor.function(
        "def handler(event, context):\n    for _ in range(60): print('x' * 100_000)",
        layers=layer(executor, deaf=textwrap.dedent(source) + LOOP),
        memory_mb=256,
        timeout_s=20,
    )
    before = resident_mb(executor.process.pid)
    for _ in range(4):  # 24 MB of lines
        assert executor.invoke(spec).payload == b"null"
    assert resident_mb(executor.process.pid) - before < 24
