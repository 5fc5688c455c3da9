"""Put a function's code and layers into a sandbox that runs already, by entering its mount namespace for a moment.

Only sandboxes that have not run user code yet are entered. The executor must have one thread: a thread that shares its
working directory with another cannot change its mount namespace.
"""

import os
from collections.abc import Mapping

from functions.execution.sandbox import syscalls as sc


class Placer:
    def __init__(self) -> None:
        self._home = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)

    def place(self, pidfd: int, trees: Mapping[str, str], tmp_mb: int | None) -> int:
        """Show directories, by where they shall be seen, and set the size of /tmp.

        Answers an O_PATH descriptor of /tmp, for `fstatvfs`.
        """
        opened: list[tuple[int, str]] = []
        try:
            for target, source in trees.items():
                opened.append((sc.open_tree(source), target))
            sc.setns(pidfd, sc.CLONE_NEWNS)
            try:
                for tree, target in opened:
                    sc.move_mount(tree, target)
                if tmp_mb is not None:
                    options = f"size={tmp_mb}m,nr_inodes={tmp_mb * 256}"
                    sc.mount("tmpfs", "/tmp", "", sc.MS_REMOUNT | sc.MS_NOSUID | sc.MS_NODEV, options)
                return os.open("/tmp", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            finally:
                try:
                    sc.setns(self._home, sc.CLONE_NEWNS)
                except OSError:
                    os._exit(70)  # stuck in a sandbox's view of the files: nothing sane can follow
        finally:
            for tree, _ in opened:
                os.close(tree)
