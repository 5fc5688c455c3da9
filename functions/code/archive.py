"""Zip files that strangers send: what may come out of them, and how it is written.

A zip is refused as a whole, with AWS's error, when any entry is absolute, climbs out, is a device or FIFO, is
encrypted, is named twice, lies below a file or a symlink, or fails its checksum; when a symlink leads out of the tree;
when there are too many entries; and when more bytes come out than allowed, counted while they come, not as declared.
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
# What zipfile raises for a file that is not a sound zip.
MALFORMED = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
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


def unpack(data: bytes, target: Path) -> int:
    """Unpack into the new directory `target`; the bytes written. On an error the caller removes `target`."""
    try:
        with zipfile.ZipFile(io.BytesIO(_few_enough(data))) as archive:
            return _write(archive, entries(archive), target)
    except MALFORMED:
        raise unsound() from None


def entries(archive: zipfile.ZipFile) -> list[Entry]:
    """Every entry, each checked alone and against the others. Raises AWS's error."""
    found: dict[PurePosixPath, Entry] = {}
    for info in archive.infolist():
        entry = _entry(info)
        if not entry.path.parts:  # "./"
            continue
        known = found.get(entry.path)
        if known is not None and not (known.kind == entry.kind == stat.S_IFDIR):
            raise unsound()
        found[entry.path] = entry
    if not any(entry.kind != stat.S_IFDIR for entry in found.values()):
        raise InvalidParameterValueException("Uploaded file must be a non-empty zip", field="ZipFile")
    for entry in found.values():
        for parent in entry.path.parents:
            if parent in found and found[parent].kind != stat.S_IFDIR:
                raise unsound()
    return list(found.values())


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
        for entry in entries(archive):
            if entry.kind != stat.S_IFDIR:
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
    if ".." in path.parts or len(name.encode()) > 1024 or any(len(part.encode()) > 255 for part in path.parts):
        raise unsound()
    return Entry(path, kind, bool(mode & 0o111), info)


def _write(archive: zipfile.ZipFile, found: list[Entry], target: Path) -> int:
    allowed = limits().unzipped_bytes
    if sum(entry.info.file_size for entry in found) > allowed:
        raise oversized()
    written = 0
    target.mkdir(mode=0o755)
    made = {PurePosixPath(".")}
    for entry in found:
        for directory in (*reversed(entry.path.parents), *([entry.path] if entry.kind == stat.S_IFDIR else [])):
            if directory not in made:
                _make_directory(target / directory)
                made.add(directory)
        if entry.kind == stat.S_IFREG:
            written += _write_file(archive, entry, target, allowed - written)
    # Symlinks last: nothing is ever written through one.
    links = [entry for entry in found if entry.kind == stat.S_IFLNK]
    for entry in links:
        written += entry.info.file_size
        os.symlink(_link_target(archive, entry), target / entry.path)
    root = os.path.realpath(target)
    for entry in links:
        if not os.path.realpath(target / entry.path).startswith(root + os.sep):
            raise unsound()
    target.chmod(0o755)
    return written


def _make_directory(path: Path) -> None:
    path.mkdir()
    path.chmod(0o755)  # whatever the umask


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


def _link_target(archive: zipfile.ZipFile, entry: Entry) -> bytes:
    if entry.info.file_size > 1024:
        raise unsound()
    link = archive.read(entry.info)
    if not link or link.startswith(b"/") or b"\0" in link:
        raise unsound()
    return link
