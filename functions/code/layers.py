"""Layers laid over one another: the tree that functions see at /opt, in the store beside the packages it is made of.

A file of a later layer replaces one of an earlier layer. Files are shared with the layers' own trees by hard links, so
that a combination costs no space; it has no zip, and stays as long as a version uses it.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from functions.code import store


def lay(sha256s: Sequence[str]) -> str:
    """The name of the tree that these packages make, the last one on top. Empty for none; a single one is itself.

    To be called inside `store.holding()`, as whoever adds a package.
    """
    if len(sha256s) < 2:
        return sha256s[0] if sha256s else ""
    name = hashlib.sha256("\n".join(sha256s).encode()).hexdigest()
    if store.tree(name).exists():
        os.utime(store.tree(name))  # in use again
        return name
    aside = Path(tempfile.mkdtemp(prefix=".new-", dir=settings.HEARTH_CODE))
    try:
        whole = aside / "tree"
        _make(whole)
        for sha256 in sha256s:
            _lay_over(store.tree(sha256), whole)
        store.put(whole, store.tree(name))
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return name


def _lay_over(source: Path, target: Path) -> None:
    """Top down, and a directory that is gone into is a real one: nothing is ever written through a symlink."""
    for directory, names, files in os.walk(source):
        here = os.path.join(target, os.path.relpath(directory, source))
        for name in names:
            if os.path.islink(os.path.join(directory, name)):
                files.append(name)
            elif not _is_directory(os.path.join(here, name)):
                _remove(os.path.join(here, name))
                _make(Path(here, name))
        for name in files:
            _share(os.path.join(directory, name), os.path.join(here, name))


def _make(directory: Path) -> None:
    directory.mkdir()
    directory.chmod(0o755)  # whatever the umask


def _is_directory(path: str) -> bool:
    return os.path.isdir(path) and not os.path.islink(path)


def _remove(path: str) -> None:
    if _is_directory(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def _share(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        _remove(target)
        _share(source, target)
    except OSError:  # a file system without links, or with no more of them for this file
        shutil.copy2(source, target, follow_symlinks=False)
