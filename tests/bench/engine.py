"""The engine at its limits: a burst from nothing, environments made per second, cold starts without a pool, a thousand
idle environments, and where the time of one warm invocation goes."""

import base64
import os
import re
import select
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from functions.execution.spec import FunctionSpec
from tests.bench.measure import Caller, Times, descendants, memory, newest_node, signed_headers, wrk
from tests.bench.restores import restores
from tests.execution.running import RunningExecutor
from tests.family import RunningHearth, start, zip_of

Row = tuple[str, str, str]  # what, required, measured
HELLO = "def handler(event, context):\n    print('hello', event)\n    return event\n"
HELLO_NODE = "exports.handler = async (event) => { console.log('hello', event); return event; };\n"
SLEEPS = "import time\ndef handler(event, context):\n    time.sleep(event)\n"
BURST = 200
FLEET = 1000
SAMPLE_SECONDS = 0.05
PEAK_SECONDS = 0.5


def measure(directory: Path) -> list[Row]:
    directory.mkdir(parents=True)
    return [
        ("a burst from 0 to 200 concurrent calls of one second each, over HTTP", "at most 4 s", burst(directory / "b")),
        ("environments made per second, at the peak of 400 calls at once", "at least 250", peak()),
        *without_pool(directory / "p"),
        *restores(),
        ("1,000 idle environments, Python", "at most 8 GiB", thousand()),
        ("where the time of a warm invocation goes", "", stages(directory / "s")),
    ]


# --- bursts -----------------------------------------------------------------------------------------------------------


def burst(directory: Path) -> str:
    """Of a function that was never called: connections open, requests signed beforehand, all sent at once."""
    hearth = start(directory)
    try:
        values = []
        for number in range(3):
            hearth.deploy(f"burst-{number}", f"# {number}\n{SLEEPS}", Timeout=30)
            time.sleep(2)
            values.append(_burst(hearth, f"/2015-03-31/functions/burst-{number}/invocations"))
    finally:
        hearth.stop()
    return ", ".join(f"{value:.2f} s" for value in values)


def _burst(hearth: RunningHearth, path: str) -> float:
    headers = "".join(f"{name}: {value}\r\n" for name, value in signed_headers(hearth, path, b"1").items())
    request = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{hearth.port}\r\nContent-Length: 1\r\n{headers}\r\n1".encode()
    waiting = {}
    poll = select.epoll()
    for _ in range(BURST):
        connection = socket.create_connection(("127.0.0.1", hearth.port))
        waiting[connection.fileno()] = connection
        poll.register(connection, select.EPOLLIN)
    began = time.perf_counter()
    for connection in waiting.values():
        connection.sendall(request)
    while waiting:
        for fd, _ in poll.poll():
            with waiting.pop(fd) as connection:
                poll.unregister(fd)
                answer = connection.recv(65536)
                assert answer.startswith(b"HTTP/1.1 200 "), answer
    return time.perf_counter() - began


@contextmanager
def executor(*options: str) -> Iterator[RunningExecutor]:
    with tempfile.TemporaryDirectory() as scratch:
        running = RunningExecutor.start(
            Path(scratch), "--rate", "1000000", "--environments", "2000", "--memory-mb", "1000000", *options
        )
        try:
            yield running
        finally:
            running.stop()


def peak() -> str:
    """As many as were ready to serve within the best half second: namespaces, cgroups, filter, runtime loaded."""
    with executor() as running:
        spec = running.function(HELLO, memory_mb=128)
        running.client.provision([(spec, 400)])
        made: list[tuple[float, int]] = []
        while not made or made[-1][1] < 400:
            made.append((time.monotonic(), running.client.provisioned(spec.function)[0]["available"]))
            time.sleep(SAMPLE_SECONDS)
        best = max(
            (later - earlier) / (end - begin)
            for begin, earlier in made
            for end, later in made
            if PEAK_SECONDS <= end - begin < 2 * PEAK_SECONDS
        )
    whole = made[-1][0] - made[0][0]
    return f"{best:.0f}/s; 400 initialised in {whole:.1f} s"


# --- without a pool ---------------------------------------------------------------------------------------------------


def without_pool(directory: Path) -> list[Row]:
    python = f"python3.{sys.version_info.minor}"
    hearth = start(directory, HEARTH_POOL_SIZE="0")
    rows = []
    try:
        caller, client = Caller(hearth), hearth.client("lambda")
        for runtime, file, code, required in (
            (python, "app.py", HELLO, "p50 at most 30 ms"),
            (newest_node(), "app.js", HELLO_NODE, "p50 at most 40 ms"),
        ):
            times = []
            for number in range(40):
                name = f"bare-{file[-2:]}-{number}"
                mark = "#" if file.endswith("py") else "//"
                client.create_function(
                    FunctionName=name,
                    Runtime=runtime,
                    Handler="app.handler",
                    Role=hearth.role,
                    Code={"ZipFile": zip_of({file: f"{mark} {number}\n{code}"})},
                )
                client.get_waiter("function_active_v2").wait(FunctionName=name)
                time.sleep(0.1)
                times.append(caller.milliseconds(f"/2015-03-31/functions/{name}/invocations", b"{}"))
            rows.append((f"cold start over HTTP without a pool, {runtime}", required, str(Times(times[5:]))))
    finally:
        hearth.stop()
    return rows


# --- many -------------------------------------------------------------------------------------------------------------


def thousand() -> str:
    """What the machine has less when they stand initialised, and their own figures."""
    with executor() as running:
        spec = running.function(HELLO, memory_mb=128)
        running.invoke(spec)
        before, began = _available_mib(), time.monotonic()
        running.client.provision([(spec, FLEET)])
        _wait_for(running, spec, FLEET)
        took = time.monotonic() - began
        time.sleep(2)
        used = (before - _available_mib()) / 1024
        own = os.readlink("/proc/self/ns/pid")
        sizes = [memory(pid) for pid in descendants(running.process.pid) if os.readlink(f"/proc/{pid}/ns/pid") != own]
    proportional, private = (sum(getattr(each, kind) for each in sizes) for kind in ("proportional", "private"))
    return (
        f"{used:.1f} GiB less available, {proportional / 1024:.1f} GiB PSS; each {private / FLEET:.1f} MiB private, "
        f"{proportional / FLEET:.1f} MiB PSS; made in {took:.0f} s"
    )


def _wait_for(running: RunningExecutor, spec: FunctionSpec, count: int) -> None:
    while running.client.provisioned(spec.function)[0]["available"] < count:
        time.sleep(0.2)


def _available_mib() -> float:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) / 1024
    raise ValueError("no MemAvailable")


# --- stages -----------------------------------------------------------------------------------------------------------


def stages(directory: Path) -> str:
    """CPU time of each process for one call, and how long a call takes at each of the doors."""
    hearth = start(directory)
    try:
        hearth.deploy("hello", HELLO)
        path, body = "/2015-03-31/functions/hello/invocations", b'{"n": 1}'
        wrk(hearth, path, body, 4, 3)
        texts = []
        for clients in (1, 16):
            kinds = _processes(hearth)
            before = {kind: _cpu_us(pids) for kind, pids in kinds.items()}
            load = wrk(hearth, path, body, clients, 5)
            time.sleep(3)  # what the ingester still has to do
            spent = {kind: (_cpu_us(pids) - before[kind]) / load.requests for kind, pids in kinds.items()}
            each = ", ".join(f"{kind} {spent[kind]:.0f}" for kind in sorted(spent, key=lambda kind: -spent[kind]))
            texts.append(f"CPU us with {clients} client{'s' * (clients > 1)}: {each} (sum {sum(spent.values()):.0f})")
        client = hearth.client("lambda")
        answers = [client.invoke(FunctionName="hello", Payload=body, LogType="Tail") for _ in range(200)]
        durations = [_duration(answer["LogResult"]) for answer in answers]
    finally:
        hearth.stop()
    return (
        "; ".join(texts)
        + f"; from the executor's sending to the runtime's answer p50 {statistics.median(durations):.2f} ms"
    )


def _duration(log: str) -> float:
    found = re.search(rb"\tDuration: ([\d.]+) ms", base64.b64decode(log))
    assert found is not None
    return float(found[1])


def _processes(hearth: RunningHearth) -> dict[str, list[int]]:
    own = os.readlink("/proc/self/ns/pid")
    kinds: dict[str, list[int]] = {}
    for pid in descendants(hearth.process.pid):
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
        if os.readlink(f"/proc/{pid}/ns/pid") != own:
            kind = "runtime"
        else:
            marks = {
                b"execution.executor": "executor",
                b"console.edge": "edge",
                b"granian": "web",
                b" ingest": "ingester",
            }
            kind = next((name for mark, name in marks.items() if mark in command), "others")
        kinds.setdefault(kind, []).append(pid)
    return kinds


def _cpu_us(pids: list[int]) -> float:
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*"):
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1000
