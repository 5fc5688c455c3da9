"""Directories that functions run from as they are: what tells one state of them from the next."""

import hashlib
import os
from dataclasses import replace

from functions.execution.spec import FunctionSpec

# Not looked at: a change there alone starts no new environment.
PASSED_OVER = frozenset({".git", "__pycache__", "node_modules", ".venv"})
MOST_FILES = 10_000


def current(spec: FunctionSpec) -> FunctionSpec:
    """The spec with a key for the directory's present state: after a change, other environments serve it."""
    return replace(spec, key=f"{spec.key}-{state(spec.live)}")


def state(directory: str) -> str:
    """A digest of names, sizes and times of change. Some 5 us a file; only the first MOST_FILES count."""
    digest = hashlib.sha256()
    left = MOST_FILES
    waiting = [directory]
    while waiting and left > 0:
        try:
            entries = sorted(os.scandir(waiting.pop()), key=_name)
        except OSError:
            continue  # it is gone
        for entry in entries:
            if entry.name in PASSED_OVER:
                continue
            left -= 1
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            digest.update(f"{entry.path}\0{status.st_size}\0{status.st_mtime_ns}\0".encode("utf-8", "surrogateescape"))
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
    return digest.hexdigest()[:16]


def _name(entry: "os.DirEntry[str]") -> str:
    return entry.name


def is_there(directory: str) -> bool:
    """Whether it can be shown: no symlink has taken the place of a part of its path since it was allowed."""
    return os.path.isdir(directory) and os.path.realpath(directory) == directory
