"""Which functions SnapStart has an effect for on this machine."""

import os
import re
from functools import cache

from functions.execution.runtimes.table import RUNTIMES

FIRST_KERNEL = (6, 17)  # whose proc can be mounted for another pid namespace
FAMILIES = frozenset({"python"})  # whose processes can be copied


@cache
def kernel_can() -> bool:
    found = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return found is not None and (int(found[1]), int(found[2])) >= FIRST_KERNEL


def is_possible(runtime: str) -> bool:
    known = RUNTIMES.get(runtime)
    return known is not None and known.family in FAMILIES and kernel_can()
