"""Put a function's code into a sandbox that runs already, by entering its mount namespace for a moment.

Only sandboxes that have not run user code yet are entered. The executor must have one thread: a thread that shares its
working directory with another cannot change its mount namespace.
"""

import os

from functions.execution.sandbox import syscalls as sc


class Placer:
    def __init__(self) -> None:
        self._home = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)

    def place(self, pidfd: int, code: str, tmp_mb: int | None) -> int:
        """Mount `code` at /var/task and set the size of /tmp. Answers an O_PATH descriptor of /tmp, for `fstatvfs`."""
        tree = sc.open_tree(code)
        try:
            sc.setns(pidfd, sc.CLONE_NEWNS)
            try:
                sc.move_mount(tree, "/var/task")
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
            os.close(tree)
