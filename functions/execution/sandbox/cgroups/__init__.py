"""Limits by cgroup, version 1 or 2: a pool of directories that environments borrow, one at a time.

    <root>/hearth/<block>/<slot>     one per environment; <block> is the executor's (see `uids.py`)

Directories are kept and used again once they are empty: making them costs more than all else here. What a dead executor
left behind is cleared by whoever holds its block's lock next.

AWS does not count /tmp as memory, the kernel does, and the cache of files that were read besides. So the hard limit is
memory + ephemeral storage, within which the kernel reclaims cache, and the executor watches busy environments for
memory in use without /tmp and cache (`Environment.over_memory`).
"""

from functions.execution.sandbox.cgroups.group import MIB, Group
from functions.execution.sandbox.cgroups.hierarchy import Unavailable, enable_block, find
from functions.execution.sandbox.cgroups.moves import hasten
from functions.execution.sandbox.cgroups.pool import Groups, clear_block, clear_dead
from functions.execution.sandbox.cgroups.version_1 import GroupV1
from functions.execution.sandbox.cgroups.version_2 import GroupV2

__all__ = [
    "MIB",
    "Group",
    "GroupV1",
    "GroupV2",
    "Groups",
    "Unavailable",
    "clear_block",
    "clear_dead",
    "enable_block",
    "find",
    "hasten",
]
