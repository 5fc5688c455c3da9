"""The bytes of one layer: decompressed, counted and compared with its digest while they are read."""

import gzip
import hashlib
import io
import zlib
from typing import IO, Any

from functions.code.images.refusals import invalid

CHUNK = 1 << 18
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
# The most that is read at once: of headers, for contents are read in chunks. A header that says more is a bomb.
LARGEST_READ = 1 << 20
BROKEN = (gzip.BadGzipFile, zlib.error, EOFError)


class Hashed(io.RawIOBase):
    """Passes a file on, and knows what has passed."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(len(buffer))
        self._hash.update(data)
        self.size += len(data)
        buffer[: len(data)] = data
        return len(data)

    @property
    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"

    def finish(self) -> None:
        """Read what is left: the digest is of all."""
        while self.read(CHUNK):
            pass


class Forward:
    """What tarfile takes for a file, over a stream that can only be read on: it goes back by one byte, never more."""

    def __init__(self, file: IO[bytes], allowed: int) -> None:
        self._file = file
        self._left = allowed
        self._at = 0
        self._last = b""
        self._again = False

    def tell(self) -> int:
        return self._at - self._again

    def seek(self, position: int, whence: int = 0) -> int:
        behind = position - self.tell()
        if whence != 0 or behind < -1 or (behind == -1 and (self._again or not self._last)):
            raise invalid("A layer is not a tar that can be read from its beginning to its end.")
        if behind == -1:
            self._again = True
        while behind > 0:
            data = self.read(min(behind, CHUNK))
            if not data:
                break
            behind -= len(data)
        return self.tell()

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= LARGEST_READ:
            raise invalid("A layer has a header of more than a megabyte.")
        if not size:
            return b""
        data = b""
        if self._again:
            data, self._again = self._last, False
        while len(data) < size:
            more = self._file.read(size - len(data))
            if not more:
                break
            self._at += len(more)
            self._left -= len(more)
            if self._left < 0:
                raise invalid("The image is larger than allowed when it is unpacked.")
            data += more
        self._last = data[-1:] or self._last
        return data


def decompressed(raw: Hashed) -> IO[bytes]:
    """By what it begins with, whatever it is called."""
    buffered = io.BufferedReader(raw, CHUNK)
    start = buffered.peek(4)[:4]
    if start.startswith(GZIP):
        return gzip.GzipFile(fileobj=buffered)  # type: ignore[return-value]
    if start == ZSTD:
        return _zstd(buffered)
    return buffered


def _zstd(file: IO[bytes]) -> IO[bytes]:
    try:
        from compression import zstd  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        raise invalid("A layer is compressed by zstd, which this machine's Python (before 3.14) cannot read.") from None
    opened: IO[bytes] = zstd.ZstdFile(file)
    return opened
