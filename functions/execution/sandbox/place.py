"""Put a function's code and layers into a sandbox that runs already, by entering its mount namespace for a moment.

Only sandboxes that have not run user code yet are entered. The executor must have one thread: a thread that shares its
working directory with another cannot change its mount namespace.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from functions.execution.sandbox import image_root
from functions.execution.sandbox import syscalls as sc


class Placer:
    def __init__(self) -> None:
        self._home = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        self._masked = [path for path in sc.MASKED if os.path.exists(path)]

    def place(self, pidfd: int, trees: Mapping[str, str], tmp_mb: int | None) -> int:
        """Show directories, by where they shall be seen, and set the size of /tmp. "/" comes first, if at all.

        Answers an O_PATH descriptor of /tmp, for `fstatvfs`.
        """
        opened: list[tuple[int, str]] = []
        try:
            for target, source in trees.items():
                opened.append((sc.open_tree(source), target))
            with self._inside(pidfd):
                for tree, target in opened:
                    if target == "/":
                        image_root.enter(tree)
                    else:
                        sc.move_mount(tree, target)
                if tmp_mb is not None:
                    options = f"size={tmp_mb}m,nr_inodes={tmp_mb * 256}"
                    sc.mount("tmpfs", "/tmp", "", sc.MS_REMOUNT | sc.MS_NOSUID | sc.MS_NODEV, options)
                return _tmp()
        finally:
            for tree, _ in opened:
                os.close(tree)

    def renew(self, pidfd: int, pid: int, tmp_mb: int) -> int:
        """Give a copy of a sandbox files of its own where it may write, and its own processes in /proc.

        As `place`, an O_PATH descriptor of /tmp. OSError before Linux 6.17.
        """
        namespace = os.open(f"/proc/{pid}/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        try:
            proc = sc.proc_of(namespace)
        finally:
            os.close(namespace)
        try:
            with self._inside(pidfd):
                scratch = sc.MS_NOSUID | sc.MS_NODEV
                sc.mount("tmpfs", "/tmp", "tmpfs", scratch, f"mode=1777,nr_inodes={tmp_mb * 256},size={tmp_mb}m")
                sc.mount("tmpfs", "/dev/shm", "tmpfs", scratch | sc.MS_NOEXEC, "mode=1777,nr_inodes=8192,size=64m")
                sc.move_mount(proc, "/proc")
                for path in self._masked:
                    sc.mount("/dev/null", path, "", sc.MS_BIND)
                return _tmp()
        finally:
            os.close(proc)

    @contextmanager
    def _inside(self, pidfd: int) -> Iterator[None]:
        """The block sees the sandbox's files. ProcessLookupError when it is gone."""
        sc.setns(pidfd, sc.CLONE_NEWNS)
        try:
            yield
        finally:
            try:
                sc.setns(self._home, sc.CLONE_NEWNS)
            except OSError:
                os._exit(70)  # stuck in a sandbox's view of the files: nothing sane can follow


def _tmp() -> int:
    return os.open("/tmp", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
