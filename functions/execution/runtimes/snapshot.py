"""What SnapStart does on this machine, and for which functions."""

import os
import re
from functools import cache

from functions.execution.runtimes.table import RUNTIMES

FIRST_KERNEL = (6, 17)  # whose proc can be mounted for another pid namespace
FAMILIES = frozenset({"python", "node", "ruby"})  # whose bootstraps can be restored
STOCK = 3  # environments of one version that are initialised ahead where there are no copies
COPIED = frozenset({"python"})  # whose processes can be copied: they have one thread, if the function starts no others


@cache
def kernel_can() -> bool:
    found = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return found is not None and (int(found[1]), int(found[2])) >= FIRST_KERNEL


def is_possible(runtime: str) -> bool:
    known = RUNTIMES.get(runtime)
    return known is not None and known.family in FAMILIES


def means(runtime: str) -> str:
    """In a sentence, for people."""
    if is_copied(runtime):
        return "Environments are copies of one that is initialised on each node."
    return f"On each node {STOCK} environments stand initialised; what comes when all are taken runs its own init."


def is_copied(runtime: str) -> bool:
    """Whether environments are copies of one; otherwise each is initialised ahead."""
    return RUNTIMES[runtime].family in COPIED and kernel_can()
