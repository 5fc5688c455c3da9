"""`make bench`: measures a real family on this machine and writes BENCHMARKS.md."""

import os
import platform
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import api, attacks, console, engine, nodes, peers
from tests.bench.measure import Caller, Memory, Times, descendants, memory, newest_node, timed, wrk
from tests.family import ROOT, RunningHearth, start, wait_for, zip_of

PYTHON = f"python3.{sys.version_info.minor}"
HELLO = "def handler(event, context):\n    print('hello', event)\n    return event\n"
HELLO_NODE = "exports.handler = async (event) => { console.log('hello', event); return event; };\n"
COLD = "p50 at most 4 ms, p99 15 ms (first: p50 8)"
# What a call leaves: START, the printed line, END, REPORT.
LINES_OF_A_CALL = 4
Row = tuple[str, str, str]  # what, required, measured
COUNTS = """
    SELECT (SELECT count(*) FROM monitoring_invocation),
           (SELECT sum(json_array_length(lines)) FROM monitoring_logchunk)
"""


def main() -> None:
    """All sections, and BENCHMARKS.md; or only those that are named: `python -m tests.bench invocations nodes`."""
    load = os.getloadavg()[0]
    chosen = sys.argv[1:] or list(SECTIONS)
    with tempfile.TemporaryDirectory() as scratch:
        found = [table(SECTIONS[name][0], SECTIONS[name][1](Path(scratch) / name)) for name in chosen]
    text = "\n".join([*head(load), *found])
    if chosen == list(SECTIONS):
        (ROOT / "BENCHMARKS.md").write_text(text)
    print(text)


def invocations(directory: Path) -> list[Row]:
    hearth = start(directory)
    try:
        hearth.deploy("hello", HELLO)
        rows = warm(hearth) + cold(hearth)
        rows.append(("idle pre-warmed environment", "at most 8 MiB; Python 6 MiB PSS", idle(hearth)))
    finally:
        hearth.stop()
    rows.append(("`make run` (installed) to the first successful invoke", "at most 5 s", first_invoke(directory)))
    return rows


def warm(hearth: RunningHearth) -> list[Row]:
    path, body = "/2015-03-31/functions/hello/invocations", b'{"n": 1}'
    wrk(hearth, path, body, 16, 3)
    kept_before = settle(hearth)
    one = wrk(hearth, path, body, 1, 10)
    many = wrk(hearth, path, body, 16, 10)
    kept = settle(hearth, kept_before["calls"] + one.requests + many.requests)
    calls, lines = kept["calls"] - kept_before["calls"], kept["lines"] - kept_before["lines"]
    # wrk ends while a few calls are still on their way: those are run and kept though it does not count them.
    sent = one.requests + many.requests
    verdict = "all kept" if calls >= sent and lines == calls * LINES_OF_A_CALL else "LOST SOME"
    client = hearth.client("lambda")
    boto = timed(lambda n: client.invoke(FunctionName="hello", Payload=body)["Payload"].read(), 2000, warm_up=200)
    return [
        (
            "warm sync invoke over HTTP, signed, 1 client",
            "p50 at most 0.6 ms, p99 3 ms (first: 1, 5)",
            str(one),
        ),
        (
            "warm sync invoke over HTTP, signed, 16 clients",
            "at least 4,000/s, p99 15 ms (first: 2,000/s)",
            str(many),
        ),
        (
            "... of these, records and log lines in the database",
            "every one",
            f"{sent:,} answered, {calls:,} records, {lines:,} lines: {verdict}",
        ),
        ("boto3, sequential", "p50 at most 2 ms", str(boto)),
    ]


def cold(hearth: RunningHearth) -> list[Row]:
    client, caller = hearth.client("lambda"), Caller(hearth)
    rows = []
    creates: list[float] = []
    node = newest_node()
    for runtime, file, code, handler in (
        (PYTHON, "app.py", HELLO, "app.handler"),
        (node, "index.js", HELLO_NODE, "index.handler"),
    ):
        times = []
        for number in range(60):
            name = f"cold-{runtime.replace('.', '-')}-{number}"
            package = zip_of({file: f"{comment(file)} {number}\n{code}"})
            began = time.perf_counter()
            client.create_function(
                FunctionName=name, Runtime=runtime, Handler=handler, Role=hearth.role, Code={"ZipFile": package}
            )
            while client.get_function_configuration(FunctionName=name)["State"] != "Active":
                pass
            creates.append((time.perf_counter() - began) * 1000)
            time.sleep(0.25)  # the pool is ready again
            times.append(caller.milliseconds(f"/2015-03-31/functions/{name}/invocations", b"{}"))
        rows.append(
            (
                f"cold start over HTTP, signed, pool ready, {runtime}",
                "p50 at most 4 ms, p99 at most 15 ms (before: p50 8)",
                str(Times(times[10:])),
            )
        )
    rows.append(("CreateFunction to Active, by boto3", "at most 100 ms", str(Times(creates[10:]))))
    return rows


def comment(file: str) -> str:
    return "#" if file.endswith(".py") else "//"


def settle(hearth: RunningHearth, calls: int = 0) -> dict[str, int]:
    """Wait until the ingester has written everything, at least `calls` records; count what is there."""
    last: dict[str, int] = {}

    def counts() -> dict[str, int] | None:
        nonlocal last
        time.sleep(1)
        with sqlite3.connect(hearth.data / "hearth.sqlite3", timeout=20) as connection:
            found = connection.execute(COUNTS).fetchone()
        now = {"calls": int(found[0]), "lines": int(found[1] or 0)}
        done = now == last and now["calls"] >= calls
        last = now
        return now if done else None

    answer: dict[str, int] = wait_for("the ingester", counts, 180)
    return answer


def idle(hearth: RunningHearth) -> str:
    """Memory of the sandboxes that wait in the pools: all processes of each pid namespace, by what runs in it."""
    own = os.readlink("/proc/self/ns/pid")
    worker = hearth.pids()["worker"]
    environments: dict[str, list[int]] = defaultdict(list)
    for pid in descendants(worker):
        namespace = os.readlink(f"/proc/{pid}/ns/pid")
        if namespace != own:
            environments[namespace].append(pid)
    assigned = _assigned_namespaces(hearth)
    sizes: dict[str, list[Memory]] = defaultdict(list)
    for namespace, pids in environments.items():
        names = {Path(f"/proc/{pid}/exe").resolve().name for pid in pids}
        kind = "Node.js" if any("node" in name for name in names) else "Python"
        if namespace not in assigned:
            sizes[kind].append(sum((memory(pid) for pid in pids), Memory(0, 0)))
    figures = []
    for kind, each in sorted(sizes.items()):
        mean = sum(each, Memory(0, 0))
        figures.append(
            f"{kind}: {mean.private / len(each):.1f} MiB private, {mean.proportional / len(each):.1f} MiB PSS "
            f"({len(each)} ready)"
        )
    return "; ".join(figures)


def _assigned_namespaces(hearth: RunningHearth) -> set[str]:
    """Namespaces of environments that already hold a function."""
    from functions.execution.lane import LaneClient

    status: dict[str, Any] = LaneClient(str(hearth.data / "run" / "lane.sock")).status()
    return {os.readlink(f"/proc/{each['pid']}/ns/pid") for each in status["sandboxes"] if each["function_name"]}


def first_invoke(data: Path) -> str:
    values = []
    for _ in range(3):
        began = time.perf_counter()
        hearth = start(data)
        hearth.client("lambda").invoke(FunctionName="hello", Payload=b"{}")["Payload"].read()
        values.append(time.perf_counter() - began)
        hearth.stop()
    return ", ".join(f"{value:.1f} s" for value in values)


def head(load: float) -> list[str]:
    installed = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())[1]) / 1024**2  # type: ignore[index]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout
    return [
        "# Benchmarks",
        "",
        "Written by `make bench`: a real family on this machine, each figure with warm-up excluded. Load by `wrk`",
        "with requests signed beforehand, or by boto3 as said. What else ran: the family itself (web, worker node,",
        "ingester, beat, Redis) and the load generator, all on the same cores.",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, commit {commit.strip()}, {os.cpu_count()} cores, {installed:.0f} GiB, Linux "
        f"{platform.release()}, Python {platform.python_version()}, SQLite, load average before the run {load:.1f}.",
        "",
    ]


def table(title: str, rows: list[Row]) -> str:
    lines = [f"| {what} | {required} | {measured} |" for what, required, measured in rows]
    return "\n".join([f"## {title}", "", "| what | required | measured |", "| --- | --- | --- |", *lines, ""])


SECTIONS: dict[str, tuple[str, Callable[[Path], list[Row]]]] = {
    "invocations": ("Invocations", invocations),
    "engine": ("The engine at its limits", engine.measure),
    "attacks": (
        f"A warm function called by one client, while another attacks from {attacks.ATTACKERS} environments",
        attacks.measure,
    ),
    "nodes": ("Several worker nodes on this one machine: what choosing and leases cost", nodes.measure),
    "api": (f"The API with {api.FUNCTIONS:,} functions", api.measure),
    "console": (
        f"The console with {console.FUNCTIONS:,} functions and {console.INVOCATIONS:,} invocations of the last day",
        console.measure,
    ),
    "peers": ("Others on the same machine", peers.measure),
}


if __name__ == "__main__":
    main()
