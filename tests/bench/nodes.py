"""Warm calls with one, two and three worker nodes of this machine.

On one machine further nodes add no processors: the figures show what choosing and leases cost, not what they gain.
"""

import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tests.bench.measure import Caller, Times
from tests.family import RunningHearth, start, wait_for
from tests.system.test_nodes import Cluster

PATH = "/2015-03-31/functions/hello/invocations"
HELLO = "def handler(event, context):\n    return event\n"
SECONDS, CLIENTS = 4.0, 8


def measure(directory: Path) -> list[tuple[str, str, str]]:
    rows = []
    hearth = start(directory)
    cluster = Cluster(hearth)
    try:
        hearth.deploy("hello", HELLO)
        for count, name in enumerate(("", "b", "c"), 1):
            if name:
                cluster.start(name)
            wait_for("the node", partial(_has, cluster, count), 60)
            time.sleep(2)  # its pool fills
            rows.append((f"nodes: {count}", "", f"one client {one(hearth)}; {CLIENTS} clients {many(hearth)}"))
    finally:
        cluster.stop()
        hearth.stop()
    return rows


def _has(cluster: Cluster, count: int) -> bool:
    return cluster.count() == count


def one(hearth: RunningHearth) -> Times:
    return Times(list(calls(hearth, time.monotonic() + SECONDS))[100:])


def many(hearth: RunningHearth) -> str:
    until = time.monotonic() + SECONDS
    with ThreadPoolExecutor(CLIENTS) as threads:
        found = list(threads.map(lambda _: list(calls(hearth, until)), range(CLIENTS)))
    times = [each for every in found for each in every]
    return f"{len(times) / SECONDS:,.0f}/s, p50 {statistics.median(times):.2f} ms"


def calls(hearth: RunningHearth, until: float) -> Iterator[float]:
    caller = Caller(hearth)
    while time.monotonic() < until:
        yield caller.milliseconds(PATH, b"{}")
