"""Several processes test at once (`run.sh`, pytest-xdist): which tests stay together, and what begins first.

A group of tests runs in one process, in order: those of a file, or of a directory whose tests share something that is
made once. A process that is nearly done with its group gets the next one.
"""

import os

import pytest

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
NUMBER = int(WORKER.removeprefix("gw") or 0)
# Attacks share executors; what looks back at all replays needs all of them.
TOGETHER = ("tests/attacks/", "tests/functions/")
# Begun first, so that no process is left with it at the end.
LONGEST = (
    "tests/attacks/",
    "tests/system/test_processes.py",
    "tests/console/browser/test_accessibility.py",
    "tests/console/browser/test_crawl.py",
    "tests/system/test_nodes.py",
    "tests/console/browser/",
    "tests/functions/",
    "tests/console/",
    "tests/system/",
    "tests/execution/test_rootless.py",
    "tests/gateway/",
)

if WORKER:
    # Playwright keeps a loop in each process that had a browser test, and tests of the database may come after.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def group(nodeid: str) -> str:
    return next((each for each in TOGETHER if nodeid.startswith(each)), nodeid.partition("::")[0])


def rank(item: pytest.Item) -> int:
    return next((number for number, each in enumerate(LONGEST) if item.nodeid.startswith(each)), len(LONGEST))
