"""Layers laid over one another by hand: the tree of an image, from archives that strangers made.

Nothing is written outside of the tree: names that climb are refused, symlinks on the way to a name are followed within
the tree as the image's own processes would, and what exists under a name is replaced, never written through. Devices
and FIFOs are left out, set-uid bits and owners are not kept. The tree is nobody else's while it is made, so that
nothing changes between a look and a step.

Source: https://github.com/opencontainers/image-spec/blob/main/layer.md
"""

import errno
import os
import shutil
import stat
import tarfile
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

from functions.code.images.manifest import Image, Layer
from functions.code.images.refusals import Unusable, invalid
from functions.code.images.stream import BROKEN, CHUNK, Forward, Hashed, decompressed
from functions.limits import limits

WHITEOUT, OPAQUE, AUFS = ".wh.", ".wh..wh..opq", ".wh..wh."
DEEPEST, HOPS = 64, 40
HEADERS = 1 << 30  # what a tar has around the files that it holds
MALFORMED = (tarfile.TarError, *BROKEN, ValueError, OverflowError, IndexError, KeyError, RecursionError)
# The machine is not to blame for names that no file system takes.
IMPOSSIBLE = {
    *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL),
    *(errno.EILSEQ, errno.EMLINK),
}
# What the sandbox shows its own things at, whatever the image has there.
PLACES = ("dev", "etc", "proc", "sys", "tmp")
FILES = {
    "hosts": "127.0.0.1 localhost\n127.0.0.1 sandbox.localdomain sandbox\n",
    "resolv.conf": "",
    "hostname": "169.254.100.6\n",
}


class Layers(Protocol):
    """A layout, or what came from a registry."""

    def layer(self, digest: str) -> AbstractContextManager[IO[bytes]]: ...


def unpack(image: Image, source: Layers, target: Path) -> int:
    """Make the new directory `target`; the bytes written. On an error the caller removes it.

    Raises Unusable; OSError for a fault of the machine."""
    target.mkdir()
    tree = Tree(os.path.realpath(target), limits().image_bytes, limits().image_files)
    for layer in image.layers:
        with source.layer(layer.digest) as file:
            _apply(layer, file, tree)
    tree.finish()
    return tree.written


def _apply(layer: Layer, file: IO[bytes], tree: "Tree") -> None:
    raw = Hashed(file)
    try:
        with decompressed(raw) as content:
            source = Forward(content, 2 * limits().image_bytes + HEADERS)
            with tarfile.open(fileobj=source, mode="r:", errorlevel=2) as archive:  # type: ignore[call-overload]
                tree.begin()
                while (member := archive.next()) is not None:
                    tree.add(member, archive)
                    archive.members.clear()  # else it keeps them all
            raw.finish()
    except tarfile.ReadError as error:
        if raw.size or "empty" not in str(error):
            raise _malformed(layer) from None
    except OSError as error:
        if error.errno in IMPOSSIBLE or isinstance(error, BROKEN):
            raise _malformed(layer) from None
        raise
    except MALFORMED:
        raise _malformed(layer) from None
    if raw.digest != layer.digest or raw.size != layer.size:
        raise invalid(f"What is stored as the layer {layer.digest} is something else.")


def _malformed(layer: Layer) -> Unusable:
    return invalid(f"The layer {layer.digest} cannot be unpacked.")


@dataclass(slots=True)
class Tree:
    root: str
    bytes_left: int
    entries_left: int
    written: int = 0
    _own: set[str] = field(default_factory=set)  # paths that the present layer has
    _modes: dict[str, int] = field(default_factory=dict)  # of directories, to be set at the end
    _parents: dict[str, str] = field(default_factory=dict)  # where they are, as long as no symlink comes or goes

    def begin(self) -> None:
        """A layer."""
        self._own.clear()

    def add(self, member: tarfile.TarInfo, archive: tarfile.TarFile) -> None:
        self._count()
        parts = _parts(member.name)
        if not parts:
            return  # the root itself
        parent, name = self._parent(parts[:-1]), parts[-1]
        if name.startswith(WHITEOUT):
            self._white_out(parent, name)
            return
        path = f"{parent}/{name}"
        if member.isdir():
            self._directory(path, member.mode)
        elif member.issym():
            self._clear(path)
            self._parents.clear()
            os.symlink(_target(member.linkname), path)
            self._spend(len(member.linkname))
        elif member.islnk():
            self._link(path, member.linkname)
        elif member.isreg():
            self._file(path, member, archive)
        else:
            return
        self._own.add(path)

    def finish(self) -> None:
        """Modes of directories, and the places where a sandbox shows its own."""
        for path, mode in self._modes.items():
            if os.path.isdir(path) and os.path.realpath(path) == path:  # no symlink has come into its way
                os.chmod(path, mode & 0o777 | 0o700)
        os.chmod(self.root, 0o755)  # noqa: S103 for whoever runs it
        for name in PLACES:
            self._place(f"{self.root}/{name}")
        for name, text in FILES.items():
            path = f"{self.root}/etc/{name}"
            self._clear(path)
            with open(path, "x") as file:
                file.write(text)
            os.chmod(path, 0o644)

    def _place(self, path: str) -> None:
        if not os.path.isdir(path) or os.path.islink(path):
            self._clear(path)
            os.mkdir(path)
            os.chmod(path, 0o755)  # noqa: S103 as above

    def _directory(self, path: str, mode: int) -> None:
        if os.path.islink(path) or not os.path.isdir(path):
            self._clear(path)
            os.mkdir(path, 0o700)
        self._modes[path] = mode

    def _file(self, path: str, member: tarfile.TarInfo, archive: tarfile.TarFile) -> None:
        source = archive.extractfile(member)
        assert source is not None
        self._clear(path)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file, source:
            while chunk := source.read(CHUNK):
                self._spend(len(chunk))
                file.write(chunk)
            os.fchmod(file.fileno(), member.mode & 0o777 | 0o400)
        # Compiled modules of Python know their source by its time.
        os.utime(path, (_time(member), _time(member)), follow_symlinks=False)

    def _link(self, path: str, name: str) -> None:
        parts = _parts(name)
        if not parts:
            raise invalid("A hard link leads to the root.")
        source = f"{self._parent(parts[:-1])}/{parts[-1]}"
        if stat.S_ISDIR(os.lstat(source).st_mode):
            raise invalid("A hard link leads to a directory.")
        if source != path:
            self._clear(path)
            os.link(source, path, follow_symlinks=False)

    def _white_out(self, parent: str, name: str) -> None:
        """Only what earlier layers brought."""
        if name == OPAQUE:
            for entry in os.listdir(parent):
                self._remove_earlier(f"{parent}/{entry}")
            return
        hidden = name.removeprefix(WHITEOUT)
        if name.startswith(AUFS) or hidden in ("", ".", ".."):
            return  # notes of a file system to itself
        self._remove_earlier(f"{parent}/{hidden}")

    def _remove_earlier(self, path: str) -> None:
        if not os.path.lexists(path):
            return
        if os.path.isdir(path) and not os.path.islink(path):
            for entry in os.listdir(path):
                self._remove_earlier(f"{path}/{entry}")
            if path not in self._own and not os.listdir(path):
                os.rmdir(path)
                self._parents.clear()
        elif path not in self._own:
            os.unlink(path)
            self._parents.clear()

    def _clear(self, path: str) -> None:
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
            self._parents.clear()
        elif os.path.lexists(path):
            if os.path.islink(path):
                self._parents.clear()
            os.unlink(path)

    def _parent(self, parts: list[str]) -> str:
        """The directory of these names, made where it is missing. Symlinks lead on within the tree, as they would for
        who has it as root."""
        if not parts:
            return self.root
        key = "/".join(parts)
        if (known := self._parents.get(key)) is not None:
            return known
        waiting, reached, hops = list(reversed(parts)), list[str](), 0
        while waiting:
            name = waiting.pop()
            if name == "..":
                reached = reached[:-1]
                continue
            path = "/".join((self.root, *reached, name))
            if os.path.islink(path):
                hops += 1
                target = os.readlink(path)
                if hops > HOPS:
                    raise invalid("A circle of symlinks.")
                if target.startswith("/"):
                    reached = []
                waiting.extend(part for part in reversed(target.split("/")) if part not in ("", "."))
                continue
            if not os.path.lexists(path):
                self._count()
                os.mkdir(path, 0o700)
                self._modes[path] = 0o755
            elif not os.path.isdir(path):
                raise invalid("A file lies where another entry needs a directory.")
            reached.append(name)
            if len(reached) > DEEPEST:
                raise invalid(f"A directory lies deeper than {DEEPEST} others.")
        found = "/".join((self.root, *reached))
        if len(self._parents) < 10_000:
            self._parents[key] = found
        return found

    def _count(self) -> None:
        self.entries_left -= 1
        if self.entries_left < 0:
            raise invalid(f"The image has more than {limits().image_files} files.")

    def _spend(self, size: int) -> None:
        self.written += size
        self.bytes_left -= size
        if self.bytes_left < 0:
            raise invalid(f"The image is larger than {limits().image_bytes} bytes when it is unpacked.")


def _parts(name: str) -> list[str]:
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts or "\0" in name or len(parts) > DEEPEST or any(len(os.fsencode(part)) > 255 for part in parts):
        raise invalid("A name in a layer leads out of the tree, or is longer than a name may be.")
    return parts


def _target(link: str) -> str:
    if not link or "\0" in link or len(os.fsencode(link)) > 4000:
        raise invalid("A symlink in a layer leads nowhere that could be.")
    return link


def _time(member: tarfile.TarInfo) -> int:
    return min(max(int(member.mtime), 0), 1 << 33)
