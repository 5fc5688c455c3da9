"""Zip files that strangers send: what may come out of them, and how it is written.

A zip is refused as a whole, with AWS's error, when any entry is absolute, climbs out, is a device or FIFO, is
encrypted, is named twice, lies below a file or a symlink, or fails its checksum; when a symlink leads out of the tree;
when there are too many files and directories; and when more bytes come out than allowed, counted while they come, not
as declared.
"""

import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from functions.errors import InvalidParameterValueException
from functions.limits import limits

CHUNK = 1 << 18
ENCRYPTED = 0x1 | 0x40
ROOT = PurePosixPath(".")
# What zipfile raises for a file that is not a sound zip.
MALFORMED = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OverflowError,
    RuntimeError,  # and its subclass for a compression that zipfile does not know
    ValueError,
)


def unsound() -> InvalidParameterValueException:
    return InvalidParameterValueException(
        "Could not unzip uploaded file. Please check your file, then try to upload again.", field="ZipFile"
    )


def oversized() -> InvalidParameterValueException:
    return InvalidParameterValueException(
        f"Unzipped size must be smaller than {limits().unzipped_bytes} bytes", field="ZipFile"
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """One sound entry: `path` is relative and normal; `kind` is stat's S_IFREG, S_IFDIR or S_IFLNK."""

    path: PurePosixPath
    kind: int
    executable: bool
    info: zipfile.ZipInfo


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sound zip makes: `directories` with every parent before its children, files, and symlinks."""

    directories: list[PurePosixPath]
    files: list[Entry]
    links: list[Entry]


def unpack(data: bytes, target: Path) -> int:
    """Unpack into the new directory `target`; the bytes written. On an error the caller removes `target`."""
    try:
        with zipfile.ZipFile(io.BytesIO(_few_enough(data))) as archive:
            return _write(archive, plan(archive), target)
    except MALFORMED:
        raise unsound() from None


def plan(archive: zipfile.ZipFile) -> Plan:
    """Every entry, checked alone and against the others. Raises AWS's error."""
    found: dict[PurePosixPath, Entry] = {}
    for info in archive.infolist():
        entry = _entry(info)
        known = found.get(entry.path)
        if known is not None and not (known.kind == entry.kind == stat.S_IFDIR):
            raise unsound()
        found[entry.path] = entry
    files = [entry for entry in found.values() if entry.kind == stat.S_IFREG]
    links = [entry for entry in found.values() if entry.kind == stat.S_IFLNK]
    if not files and not links:
        raise InvalidParameterValueException("Uploaded file must be a non-empty zip", field="ZipFile")
    return Plan(_directories(found), files, links)


def new_mode(content: bytes) -> int:
    """Of a file that comes without: scripts can be executed, as a custom runtime's `bootstrap` has to be."""
    return stat.S_IFREG | (0o755 if content.startswith(b"#!") else 0o644)


def pack(files: Iterable[tuple[str, int, bytes]]) -> bytes:
    """A zip of (path, Unix mode, content). The same files give the same bytes, whenever and wherever."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, mode, content in sorted(files):
            info = zipfile.ZipInfo(path, date_time=(1980, 1, 1, 0, 0, 0))
            info.create_system = 3  # Unix
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return buffer.getvalue()


def contents(data: bytes) -> Iterator[tuple[str, int, bytes]]:
    """(path, Unix mode, content) of every file and symlink of a sound zip: what `pack` takes."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sound = plan(archive)
        for entry in (*sound.files, *sound.links):
            mode = 0o755 if entry.executable else 0o644
            yield str(entry.path), entry.kind | mode, archive.read(entry.info)


def _few_enough(data: bytes) -> bytes:
    # Counted before zipfile builds an object for each: the signature of a central directory entry.
    if data.count(b"PK\x01\x02") > limits().package_files:
        raise unsound()
    return data


def _entry(info: zipfile.ZipInfo) -> Entry:
    name = info.orig_filename
    mode = info.external_attr >> 16
    kind = stat.S_IFDIR if name.endswith("/") else stat.S_IFMT(mode) or stat.S_IFREG
    if (
        kind not in (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)
        or info.flag_bits & ENCRYPTED
        or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        or name.startswith("/")
        or "\0" in name
    ):
        raise unsound()
    path = PurePosixPath(name)
    if not path.parts and kind != stat.S_IFDIR:
        raise unsound()
    if ".." in path.parts or len(name.encode()) > 1024 or any(len(part.encode()) > 255 for part in path.parts):
        raise unsound()
    return Entry(path, kind, bool(mode & 0o111), info)


def _directories(found: dict[PurePosixPath, Entry]) -> list[PurePosixPath]:
    """Every directory, whether it has an entry or is only implied. One short path may imply five hundred."""
    allowed = limits().package_files
    directories = {ROOT}
    for entry in found.values():
        path = entry.path if entry.kind == stat.S_IFDIR else entry.path.parent
        while path not in directories:  # what is in there has its parents in there
            if path in found and found[path].kind != stat.S_IFDIR:
                raise unsound()
            directories.add(path)
            path = path.parent
        if len(directories) > allowed:
            raise unsound()
    return sorted(directories - {ROOT}, key=lambda path: len(path.parts))


def _write(archive: zipfile.ZipFile, sound: Plan, target: Path) -> int:
    allowed = limits().unzipped_bytes
    if sum(entry.info.file_size for entry in sound.files) > allowed:
        raise oversized()
    for directory in (ROOT, *sound.directories):
        (target / directory).mkdir()
        (target / directory).chmod(0o755)  # whatever the umask
    written = 0
    for entry in sound.files:
        written += _write_file(archive, entry, target, allowed - written)
    # Symlinks last: nothing is ever written through one.
    for entry in sound.links:
        link = _link_target(archive, entry)
        written += len(link)
        os.symlink(link, target / entry.path)
    _check_links(sound.links, target)
    return written


def _write_file(archive: zipfile.ZipFile, entry: Entry, target: Path, allowed: int) -> int:
    written = 0
    with archive.open(entry.info) as source, open(target / entry.path, "xb") as file:
        while chunk := source.read(CHUNK):  # the checksum is compared at the end
            written += len(chunk)
            if written > allowed:
                raise oversized()
            file.write(chunk)
        os.fchmod(file.fileno(), 0o755 if entry.executable else 0o644)
    return written


def _check_links(links: list[Entry], target: Path) -> None:
    """Where each leads is only known when all are there: one may go through another."""
    root = os.path.realpath(target)
    for entry in links:
        link = target / entry.path
        try:
            link.stat()
        except FileNotFoundError:
            pass  # may be
        except OSError:  # a circle, or a chain longer than the kernel follows
            raise unsound() from None
        if not os.path.realpath(link).startswith(root + os.sep):
            raise unsound()


def _link_target(archive: zipfile.ZipFile, entry: Entry) -> bytes:
    if entry.info.file_size > 1024:
        raise unsound()
    link = archive.read(entry.info)
    if not link or link.startswith(b"/") or b"\0" in link:
        raise unsound()
    return link
