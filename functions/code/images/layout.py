"""An OCI image layout, as a directory or as a tar of one: documents and layers by digest, none believed unread.

Source: https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

import hashlib
import json
import os
import stat
import tarfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from functions.code.images.reference import Kind, Reference
from functions.code.images.refusals import Code, Unusable, invalid

DOCUMENT_BYTES = 4 << 20  # of a manifest, an index or a configuration: what registries take
NAME = "org.opencontainers.image.ref.name"
FULL_NAME = "io.containerd.image.name"  # what Docker writes beside it


class Layout(ABC):
    def __init__(self, reference: Reference) -> None:
        self._reference = reference

    def root(self) -> bytes:
        """The manifest, or the index of several, that the reference names."""
        if self._reference.digest:
            return self.manifest(self._reference.digest)
        listed = document(self._read("index.json")).get("manifests")
        if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
            raise invalid("index.json has no list of manifests.")
        found = [each for each in listed if self._is_meant(each)]
        if len(found) != 1:
            raise self._missing()
        return self.manifest(str(found[0].get("digest", "")))

    def manifest(self, digest: str) -> bytes:
        """Raises Unusable."""
        data = self._read(_blob(digest))
        if hashlib.sha256(data).hexdigest() != digest.removeprefix("sha256:"):
            raise invalid(f"What is stored as {digest} is something else.")
        return data

    def config(self, _manifest: str, digest: str) -> bytes:
        return self.manifest(digest)

    @contextmanager
    def layer(self, digest: str) -> Iterator[IO[bytes]]:
        """Its bytes as they are; whoever reads them compares the digest."""
        try:
            with self._open(_blob(digest)) as file:
                yield file
        except KeyError:
            raise invalid(f"The layer {digest} is missing.") from None

    @abstractmethod
    def close(self) -> None:
        """Let go of what is open."""

    def _is_meant(self, manifest: dict[str, Any]) -> bool:
        wanted = self._reference
        if not wanted.tag:
            return True
        notes = manifest.get("annotations")
        notes = notes if isinstance(notes, dict) else {}
        return notes.get(NAME) == wanted.tag or str(notes.get(FULL_NAME, "")).rpartition(":")[2] == wanted.tag

    def _read(self, name: str) -> bytes:
        try:
            with self._open(name) as file:
                data = file.read(DOCUMENT_BYTES + 1)
        except KeyError:
            raise self._missing() from None
        if len(data) > DOCUMENT_BYTES:
            raise invalid(f"{name} is larger than {DOCUMENT_BYTES} bytes.")
        return data

    def _missing(self) -> Unusable:
        uri = self._reference.uri
        return Unusable(Code.DELETED, f"Source image {uri} does not exist. Provide a valid source image.")

    @abstractmethod
    def _open(self, name: str) -> IO[bytes]:
        """A file of the layout. Raises KeyError when there is none of that name."""


class Directory(Layout):
    def _open(self, name: str) -> IO[bytes]:
        try:
            # A FIFO would hold us up, and a symlink may have come since the place was allowed.
            fd = os.open(Path(self._reference.place, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            raise KeyError(name) from None
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise KeyError(name)
        return os.fdopen(fd, "rb")

    def close(self) -> None:
        """Each file is closed by who reads it."""


class Archive(Layout):
    def __init__(self, reference: Reference) -> None:
        super().__init__(reference)
        try:
            self._tar = tarfile.open(reference.place, "r:")  # noqa: SIM115 closed by `close`
        except OSError:
            raise self._missing() from None
        except tarfile.TarError:
            raise invalid(f"{reference.uri} is not a tar.") from None

    def _open(self, name: str) -> IO[bytes]:
        try:
            member = self._tar.getmember(name)
        except KeyError:
            member = self._tar.getmember(f"./{name}")
        file = self._tar.extractfile(member) if member.isreg() else None
        if file is None:
            raise KeyError(name)
        return file

    def close(self) -> None:
        self._tar.close()


def layout(reference: Reference) -> Layout:
    """To be closed. Raises Unusable."""
    return Archive(reference) if reference.kind is Kind.ARCHIVE else Directory(reference)


def document(data: bytes) -> dict[str, Any]:
    """JSON of an object. Raises Unusable."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise invalid("A document of the image is no JSON object.")
    return found


def _blob(digest: str) -> str:
    algorithm, _, value = digest.partition(":")
    if algorithm != "sha256" or len(value) != 64 or not set(value) <= set("0123456789abcdef"):
        raise invalid(f"{digest[:100]!r} is not a SHA-256 digest.")
    return f"blobs/sha256/{value}"
