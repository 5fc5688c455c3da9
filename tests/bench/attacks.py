"""What a warm neighbour feels while another function attacks: its p99 quiet, and with each of the worst attacks.

The attacks are those of tests/attacks/handlers. Each runs in `ATTACKERS` environments at once while the neighbour is
called by one client over HTTP, signed.
"""

import json
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.measure import Caller, Times
from tests.family import RunningHearth, start, zip_of

HANDLERS = Path(__file__).parents[1] / "attacks" / "handlers"
NEIGHBOUR = "def handler(event, context):\n    return event\n"
PATH = "/2015-03-31/functions/neighbour/invocations"
ATTACKERS = 2
WARM_UP, SECONDS = 200, 2.5
# Name, event, members of the function's configuration.
ATTACKS: list[tuple[str, list[Any], dict[str, Any]]] = [
    ("CPU burnt by 20 processes", ["resources.burn", 20], {"MemorySize": 1769}),
    ("fork bomb", ["processes.fork_bomb"], {"MemorySize": 512}),
    ("thread bomb, again and again", ["processes.thread_bomb"], {"MemorySize": 1769}),
    ("output flood", ["output.flood_without_newline"], {}),
    ("output flood of empty lines", ["output.flood_of_empty_lines"], {}),
    ("memory, until killed", ["resources.hold_memory", 4096], {"MemorySize": 512}),
    ("/tmp filled", ["resources.fill", "/tmp/fill"], {}),
    ("inodes filled", ["resources.fill_with_files", "/tmp"], {"MemorySize": 1024}),
    ("responses of 6 MB", ["control.response", "largest"], {"MemorySize": 512}),
    ("streamed chunks of one byte", ["control.chunks", 1, 10_000_000], {"MemorySize": 512}),
    ("connection flood", ["network.flood_connections", 9001, True], {}),
]


def measure(data: Path) -> list[tuple[str, str, str]]:
    """Rows of a table: what ran beside the neighbour, what is required, its times."""
    hearth = start(data)
    try:
        hearth.deploy("neighbour", NEIGHBOUR)
        files = {path.name: path.read_text() for path in HANDLERS.glob("*.py")}
        for number, (_, _, members) in enumerate(ATTACKS):
            hearth.deploy(f"attack-{number}", "", Code={"ZipFile": zip_of(dict(files))}, Timeout=30, **members)
        caller = Caller(hearth)
        for _ in range(WARM_UP):
            caller.milliseconds(PATH, b"{}")
        rows = []
        for number, (name, event, _) in enumerate(ATTACKS):
            quiet = called(caller)
            with attacked(hearth, f"attack-{number}", event):
                times = called(caller)
            hearth.client("lambda").delete_function(FunctionName=f"attack-{number}")
            time.sleep(1)
            again = called(caller)  # the machine may have other work: what is before and after counts as quiet
            calm = Times(quiet.values + again.values)
            ratio = times.percentile(0.99) / calm.percentile(0.99)
            rows.append((name, "p99 at most twice", f"{calm}; {times}: {ratio:.1f} times"))
        return rows
    finally:
        hearth.stop()


def called(caller: Caller) -> Times:
    values: list[float] = []
    began = time.monotonic()
    while time.monotonic() - began < SECONDS:
        values.append(caller.milliseconds(PATH, b"{}"))
    return Times(values)


@contextmanager
def attacked(hearth: RunningHearth, name: str, event: list[Any]) -> Iterator[None]:
    """The attack runs, again whenever it has ended; called from processes of their own."""
    processes = [
        multiprocessing.Process(target=attack, args=(hearth, name, event), daemon=True) for _ in range(ATTACKERS)
    ]
    for process in processes:
        process.start()
    time.sleep(1)
    yield
    for process in processes:
        process.kill()
        process.join()


def attack(hearth: RunningHearth, name: str, event: list[Any]) -> None:
    client = hearth.client("lambda")
    while True:
        client.invoke(FunctionName=name, Payload=json.dumps(event))["Payload"].read()
