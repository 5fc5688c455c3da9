"""Hot reload: a function whose `$LATEST` runs what lies in a directory of this machine, as it is at each invocation.

Asked for as other emulators have it, by the bucket `hot-reload` and the directory as key, and only below directories
that the administrator has named (HEARTH_HOT_RELOAD). A copy is kept as package all the same: it is what downloads give
and what is published, for a version never changes.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from functions.code import archive
from functions.errors import InvalidParameterValueException
from functions.limits import limits

BUCKET = "hot-reload"


def allowed() -> list[Path]:
    roots: list[Path] = settings.HEARTH_HOT_RELOAD
    return roots


def directory(key: str) -> Path:
    """The directory that a key names, without symlinks. Raises InvalidParameterValueException."""
    if not allowed():
        raise InvalidParameterValueException(
            "Hot reload is not enabled on this endpoint: HEARTH_HOT_RELOAD names the directories that functions may "
            "run from.",
            field="S3Bucket",
        )
    if "\0" in key or not key.startswith("/"):
        raise _refused(f"{key!r} is not the absolute path of a directory.")
    path = Path(key).resolve()
    if not any(path.is_relative_to(root) for root in allowed()):
        raise _refused(f"{key} is in none of the directories that HEARTH_HOT_RELOAD names.")
    if not path.is_dir():
        raise _refused(f"There is no directory {key} on this machine.")
    return path


def pack(path: Path) -> bytes:
    """The directory as a zip. Raises InvalidParameterValueException when it is larger than a package may be."""
    return archive.pack(_files(path))


def _files(path: Path) -> Iterator[tuple[str, int, bytes]]:
    left = limits().unzipped_bytes
    for directory_, _, names in os.walk(path):
        for name in names:
            file = Path(directory_, name)
            status = file.lstat()
            if not stat.S_ISREG(status.st_mode):
                continue  # a symlink may lead anywhere, and a package has no other kinds
            left -= status.st_size
            if left < 0:
                raise archive.oversized()
            executable = 0o755 if status.st_mode & 0o100 else 0o644
            yield str(file.relative_to(path)), stat.S_IFREG | executable, file.read_bytes()


def _refused(message: str) -> InvalidParameterValueException:
    return InvalidParameterValueException(message, field="S3Key")
