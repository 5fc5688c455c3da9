"""The store of packages, of functions and of layers: a directory, content-addressed by the SHA-256 of the zip.

    <sha256>/      the unpacked tree: directories 0755, files 0644 or 0755, never changed once there
    <sha256>.zip   the zip as it came
    <sha256>/      of a container image, by the digest of its manifest: the tree alone (functions.code.images)
    <digest>/      several layers laid over one another (functions.code.layers): a tree without a zip
    .new-*/        a package on its way in; a leftover of a killed process is removed by `collect`
    .lock          held shared while a package is being put to use, exclusively while garbage is removed

Several processes may add the same package at once: each unpacks aside and renames; the first wins, the others throw
theirs away. Whoever adds a package and then writes the rows that use it does both inside `holding()`, so that the
garbage collector cannot come between.
"""

import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
from pathlib import Path

from django.conf import settings

from functions.code import archive
from functions.errors import RequestEntityTooLargeException
from functions.limits import limits
from functions.models import FunctionVersion, LayerVersion, Package

# Seconds a package stays after it was added or last used: an invocation that began on it may run for 900.
GRACE = 1000.0
# Bytes looked at to tell text from binary, and the most that the editor opens.
PROBE = 8192
EDITABLE = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of an unpacked tree, for the editor. `size` in bytes; a symlink shows where it leads in `link`."""

    path: str
    size: int
    is_binary: bool
    is_executable: bool
    link: str = ""

    @property
    def is_editable(self) -> bool:
        return not self.is_binary and not self.link and self.size <= EDITABLE


def tree(sha256: str) -> Path:
    """Where the unpacked package lies."""
    return Path(settings.HEARTH_CODE) / sha256


def zip_path(sha256: str) -> Path:
    return Path(settings.HEARTH_CODE) / f"{sha256}.zip"


def add_zip(data: bytes, limit: int | None = None) -> Package:
    """Check, unpack and keep a zip. The returned row is not saved yet: its action does that.

    `limit` is the largest zip that is taken (bytes), as a rule that of uploads.

    Raises RequestEntityTooLargeException or InvalidParameterValueException as AWS does, and then leaves nothing behind.
    """
    limit = limits().zipped_bytes if limit is None else limit
    if len(data) > limit:
        raise RequestEntityTooLargeException(
            f"Zipped size must be smaller than {limit} bytes", field="ZipFile", Type=None
        )
    sha256 = hashlib.sha256(data).hexdigest()
    if zip_path(sha256).exists() and tree(sha256).exists():
        os.utime(zip_path(sha256))  # in use again
        return Package(sha256=sha256, size=len(data), unpacked_size=_size(tree(sha256)))
    aside = Path(tempfile.mkdtemp(prefix=".new-", dir=settings.HEARTH_CODE))
    try:
        unpacked = archive.unpack(data, aside / "tree")
        (aside / "zip").write_bytes(data)
        put(aside / "tree", tree(sha256))
        os.replace(aside / "zip", zip_path(sha256))  # last: a zip in place says that all is there
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return Package(sha256=sha256, size=len(data), unpacked_size=unpacked)


def add_files(files: Mapping[str, bytes]) -> Package:
    """Keep files written in an editor, by path. The same files give the same package."""
    return add_zip(archive.pack((path, archive.new_mode(content), content) for path, content in files.items()))


def edited(sha256: str, changes: Mapping[str, bytes | None]) -> Package:
    """The package with files replaced, added, or (None) removed; modes and binary files stay as they are."""
    files = {path: (mode, content) for path, mode, content in archive.contents(zip_path(sha256).read_bytes())}
    for path, content in changes.items():
        mode, _ = files.pop(path, (0, b""))
        if content is not None:
            files[path] = (mode if stat.S_ISREG(mode) else archive.new_mode(content), content)
    return add_zip(archive.pack((path, mode, content) for path, (mode, content) in files.items()))


def list_files(sha256: str) -> list[FileEntry]:
    """Every file of the package, sorted by path. Reads the beginning of each: for large ones take `paths`."""
    return [entry(sha256, path) for path in paths(sha256)]


def paths(sha256: str) -> list[str]:
    """The path of every file and symlink, sorted."""
    root = tree(sha256)
    found = []
    for directory, names, files in os.walk(root):
        links = [name for name in names if (Path(directory) / name).is_symlink()]
        found += [os.path.relpath(os.path.join(directory, name), root) for name in (*files, *links)]
    return sorted(found)


def entry(sha256: str, path: str) -> FileEntry:
    """One of `paths`."""
    file = tree(sha256) / path
    status = file.lstat()
    is_link = stat.S_ISLNK(status.st_mode)
    return FileEntry(
        path=path,
        size=status.st_size,
        is_binary=not is_link and _is_binary(file),
        is_executable=not is_link and bool(status.st_mode & 0o111),
        link=os.readlink(file) if is_link else "",
    )


def read_file(sha256: str, path: str) -> bytes:
    """The content of one file. Raises FileNotFoundError for what is not a file of the package."""
    root = tree(sha256).resolve()
    try:
        file = (root / path).resolve()
        is_there = file.is_relative_to(root) and file.is_file()
    except (OSError, ValueError):  # a name that is too long, a NUL
        is_there = False
    if not is_there:
        raise FileNotFoundError(path)
    return file.read_bytes()


def read_text(sha256: str, path: str) -> str:
    """The text of one file. Raises FileNotFoundError, or UnicodeDecodeError for a binary file."""
    return read_file(sha256, path).decode()


@contextmanager
def holding() -> Iterator[None]:
    """Keep the garbage collector away. Taken before a transaction, never inside one; several may hold it at once."""
    with _locked(LOCK_SH):
        yield


def release(*sha256s: str) -> None:
    """A version stopped using these packages or layers: their time of grace begins now."""
    for sha256 in filter(None, sha256s):
        for path in (zip_path(sha256), tree(sha256)):
            if path.exists():
                os.utime(path)


def collect(grace: float = GRACE) -> int:
    """Remove packages that no version uses, after their time of grace. Returns how many; 0 when somebody holds one.

    Not to be called inside a transaction. Cheap enough for every few minutes.
    """
    try:
        with _locked(LOCK_EX | LOCK_NB):
            return _collect(time.time() - grace)
    except BlockingIOError:
        return 0


def _collect(before: float) -> int:
    used = _used()
    root = Path(settings.HEARTH_CODE)
    garbage = [
        path
        for path in root.iterdir()
        if path.name != ".lock" and path.stem not in used and path.lstat().st_mtime < before
    ]
    zips = [path for path in garbage if path.suffix == ".zip"]
    for path in zips:
        Package.objects.filter(sha256=path.stem).delete()
        path.unlink()  # first: a tree without its zip is not there
        shutil.rmtree(tree(path.stem), ignore_errors=True)
    for path in garbage:
        if path.suffix != ".zip" and not zip_path(path.name).exists():  # what a killed process left
            shutil.rmtree(path, ignore_errors=True)
    return len(zips) + _forget_images(used, before)


def _forget_images(used: set[str], before: float) -> int:
    """Those whose tree is gone, or never came."""
    rows = Package.objects.filter(image__isnull=False, created_at__lt=datetime.fromtimestamp(before, UTC))
    gone = [sha256 for sha256 in rows.values_list("pk", flat=True) if sha256 not in used and not tree(sha256).exists()]
    rows.filter(pk__in=gone).delete()
    return len(gone)


def _used() -> set[str]:
    """Every package that a version of a function or layer has, and what layers make together."""
    versions = FunctionVersion.objects.all()
    return {
        *versions.values_list("package_id", flat=True).distinct(),
        *versions.filter(image__before__isnull=False).values_list("image__before__package", flat=True),
        *versions.values_list("layer_tree", flat=True).distinct(),
        *LayerVersion.objects.values_list("package_id", flat=True).distinct(),
    }


@contextmanager
def _locked(how: int) -> Iterator[None]:
    file = os.open(Path(settings.HEARTH_CODE) / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        flock(file, how)
        yield
    finally:
        os.close(file)


def put(source: Path, target: Path) -> None:
    """Move a finished tree to its place; one that is there already is the same."""
    try:
        os.rename(source, target)
    except OSError:  # not empty: another process put the same tree there
        if not target.is_dir():
            raise


def _size(root: Path) -> int:
    found = (path.lstat() for path in root.rglob("*"))
    return sum(status.st_size for status in found if not stat.S_ISDIR(status.st_mode))


def _is_binary(path: Path) -> bool:
    with open(path, "rb") as file:
        probe = file.read(PROBE)
    try:
        probe.decode()
    except UnicodeDecodeError as error:
        # A character cut in two by the end of the probe is not a sign of binary.
        return error.end < len(probe) or error.reason != "unexpected end of data"
    return b"\0" in probe
