"""The root of a sandbox whose function is a container image: the image's tree, and nothing else.

Its zygote stands in a root that is empty but for the devices, so that there is nothing to leak; what pid 1 needs is in
its memory. When the function is known, the executor enters the mount namespace, puts the tree there, binds /dev, /proc
and /tmp into it and makes it the root. To pivot moves all processes that stand in the old root, pid 1 among them, into
the new one; the old one is then gone, for nobody has a descriptor of it.
"""

import os

from functions.execution.sandbox import root
from functions.execution.sandbox import syscalls as sc

TREE = "/image"
OWN = ("dev", "proc", "tmp")
DIRECTORIES = ("dev", "dev/shm", "image", "proc", "tmp", "var", "var/runtime", "var/task", ".zygote", ".old")


def build(runtime: str) -> None:
    """The zygote's root at `root.NEW`. `runtime` is the directory of the bootstrap."""
    sc.mount("tmpfs", root.NEW, "tmpfs", sc.MS_NOSUID, "mode=0755,size=16m")
    for name in DIRECTORIES:
        os.mkdir(f"{root.NEW}/{name}", 0o755)
    root.furnish(runtime, {})
    root.devices()
    root.sources()


def enter(tree: int) -> None:
    """Within a sandbox that has run nothing yet: `tree`, a detached mount, is its root from now on."""
    sc.move_mount(tree, TREE)
    for name in OWN:
        sc.mount(f"/{name}", f"{TREE}/{name}", "", sc.MS_BIND | sc.MS_REC)
    os.chdir(TREE)
    sc.pivot_root(".", ".")
    sc.unmount(".")  # the old one, which lies on the new one
    os.chdir("/")
