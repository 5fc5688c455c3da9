"""Where on this machine cgroups may be made: looked for, prepared and tried."""

import os
from pathlib import Path

from functions.execution.sandbox import holder
from functions.execution.sandbox.cgroups.files import pids, write
from functions.execution.sandbox.cgroups.group import MIB


class Unavailable(Exception):
    """Why there are no cgroups to use."""


def find(mounts: str = "/proc/self/mounts") -> tuple[int, dict[str, Path]]:
    """The version and the directories to work under, made and tried. Raises Unavailable."""
    version_1: dict[str, Path] = {}
    version_2: Path | None = None
    for line in Path(mounts).read_text().splitlines():
        _, target, kind, options = line.split()[:4]
        if kind == "cgroup":
            for controller in {"memory", "pids", "cpu", "freezer"} & set(options.split(",")):
                version_1[controller] = Path(target)
        elif kind == "cgroup2":
            version_2 = Path(target)
    try:
        if "memory" in version_1:
            roots = {name: mount / "hearth" for name, mount in version_1.items()}
            for root in roots.values():
                root.mkdir(exist_ok=True)
                if not os.access(root, os.W_OK):
                    raise Unavailable(f"{root} may not be written")
            return 1, roots
        if version_2 is not None:
            return 2, {"": _prepare_v2(version_2)}
    except OSError as error:
        raise Unavailable(f"cgroups cannot be used: {error}") from error
    raise Unavailable("no cgroup with a memory controller is mounted")


def _prepare_v2(mount: Path) -> Path:
    """A directory whose children have the memory, pids and cpu controllers.

    As root at the top of what is mounted; otherwise under our own cgroup, which must have been delegated to us (a
    systemd unit or scope with Delegate=yes). A cgroup with children that have controllers may hold no process itself:
    those of our own one move to a leaf.
    """
    own = mount / next(
        line.partition("::")[2].lstrip("/")
        for line in Path("/proc/self/cgroup").read_text().splitlines()
        if "::" in line
    )
    top = mount if holder.inside() is None else own
    wanted = "+memory +pids +cpu"
    if not write(top / "cgroup.subtree_control", wanted):
        leaf = top / "supervisor"
        leaf.mkdir(exist_ok=True)
        for pid in pids(top):
            write(leaf / "cgroup.procs", pid)
        (top / "cgroup.subtree_control").write_text(wanted)
    root = top / "hearth"
    root.mkdir(exist_ok=True)
    (root / "cgroup.subtree_control").write_text(wanted)
    return root


def enable_block(roots: dict[str, Path], version: int, block: int, memory_mb: int) -> None:
    """Make the block's own directory; in version 2 it must hand the controllers on.

    All of its sandboxes together get `memory_mb`: when they want more, one of them is killed and nothing else.
    """
    for root in roots.values():
        base = root / str(block)
        base.mkdir(exist_ok=True)
        if version == 2:
            (base / "cgroup.subtree_control").write_text("+memory +pids +cpu")
    file = (
        roots[""] / str(block) / "memory.max"
        if version == 2
        else roots["memory"] / str(block) / "memory.limit_in_bytes"
    )
    write(file, memory_mb * MIB)
