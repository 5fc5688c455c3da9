"""Functions that wait until the test lets them go on: nothing depends on how long anything takes."""

import uuid
from pathlib import Path

# The event names the gate to wait at; without one the function returns at once.
WAITS = """
import os, time
def handler(event, context):
    while event and not os.path.exists(f"/var/task/{event}"):
        time.sleep(0.005)
    return context.log_stream_name
"""


def waits(source: str = WAITS) -> str:
    """Source for one function: no other has the same package, and so the same gates."""
    return f"{source}# {uuid.uuid4()}\n"


def let_go(tree: Path, name: str = "go") -> None:
    """`tree`: the function's package in the code store, which sandboxes see as it is."""
    (tree / name).touch()
