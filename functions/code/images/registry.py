"""Images in registries, by a tool of this machine that knows how to talk to them: skopeo or crane.

Credentials are the tool's own (`skopeo login`, a credential helper). No shell, and every call is bounded in time and
in the bytes that it may write; what it brings is believed only as far as the digests go.
"""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from functions.code.images.layout import DOCUMENT_BYTES
from functions.code.images.manifest import Image
from functions.code.images.reference import Reference
from functions.code.images.refusals import Away, Code, Unusable, invalid
from functions.limits import limits

DOCUMENT_SECONDS, COPY_SECONDS = 15.0, 900.0
# What registries and the tools say, in lower case.
MISSING = re.compile(r"manifest[ _]unknown|name[ _]unknown|not found|\b404\b")
DENIED = re.compile(r"unauthorized|authentication required|denied|\b40[13]\b")


class Tool(Protocol):
    """Command lines. `name` is the image with a digest, or with its tag."""

    def manifest(self, name: str, insecure: bool) -> list[str]: ...

    def config(self, name: str, insecure: bool) -> list[str]: ...

    def gather(self, image: Image, reference: Reference, target: Path) -> None:
        """Every layer into `target`, each a file that is named by the hexadecimal of its digest."""


class Skopeo:
    def manifest(self, name: str, insecure: bool) -> list[str]:
        return ["skopeo", "inspect", "--raw", *self._plain("", insecure), f"docker://{name}"]

    def config(self, name: str, insecure: bool) -> list[str]:
        return ["skopeo", "inspect", "--config", "--raw", *self._plain("", insecure), f"docker://{name}"]

    def gather(self, image: Image, reference: Reference, target: Path) -> None:
        name = f"docker://{reference.place}@sha256:{image.digest}"
        _run(["skopeo", "copy", "--quiet", *self._plain("src-", reference.insecure), name, f"dir:{target}"], reference)

    def _plain(self, side: str, insecure: bool) -> list[str]:
        return [f"--{side}tls-verify=false"] if insecure else []


class Crane:
    def manifest(self, name: str, insecure: bool) -> list[str]:
        return ["crane", "manifest", *self._plain(insecure), name]

    def config(self, name: str, insecure: bool) -> list[str]:
        return ["crane", "config", *self._plain(insecure), name]

    def gather(self, image: Image, reference: Reference, target: Path) -> None:
        target.mkdir()
        for layer in image.layers:
            command = ["crane", "blob", *self._plain(reference.insecure), f"{reference.place}@{layer.digest}"]
            with open(target / layer.digest.removeprefix("sha256:"), "wb") as file:
                _run(command, reference, file)

    def _plain(self, insecure: bool) -> list[str]:
        return ["--insecure"] if insecure else []


TOOLS: dict[str, Tool] = {"skopeo": Skopeo(), "crane": Crane()}


class Registry:
    """A source of images, as a layout is. `scratch` does not exist yet, and is the caller's to remove."""

    def __init__(self, reference: Reference, scratch: Path) -> None:
        self._reference = reference
        self._scratch = scratch
        tool = next((TOOLS[name] for name in TOOLS if shutil.which(name)), None)
        if tool is None:
            raise Away(f"This machine has no tool for registries: {' or '.join(TOOLS)}.")
        self._tool = tool

    def root(self) -> bytes:
        reference = self._reference
        if reference.digest:
            return self.manifest(reference.digest)
        return self._read(self._tool.manifest(f"{reference.place}:{reference.tag}", reference.insecure))

    def manifest(self, digest: str) -> bytes:
        name = f"{self._reference.place}@{digest}"
        return _checked(self._read(self._tool.manifest(name, self._reference.insecure)), digest)

    def config(self, manifest: str, digest: str) -> bytes:
        name = f"{self._reference.place}@{manifest}"
        return _checked(self._read(self._tool.config(name, self._reference.insecure)), digest)

    def gather(self, image: Image) -> None:
        self._tool.gather(image, self._reference, self._scratch)

    @contextmanager
    def layer(self, digest: str) -> Iterator[IO[bytes]]:
        try:
            file = open(self._scratch / digest.removeprefix("sha256:"), "rb")  # noqa: SIM115 closed below
        except FileNotFoundError:
            raise invalid(f"The layer {digest} is missing.") from None
        with file:
            yield file

    def close(self) -> None:
        pass

    def _read(self, command: list[str]) -> bytes:
        data = _run(command, self._reference, seconds=DOCUMENT_SECONDS)
        if len(data) > DOCUMENT_BYTES:
            raise invalid(f"A document of the image is larger than {DOCUMENT_BYTES} bytes.")
        return data


def _checked(data: bytes, digest: str) -> bytes:
    if f"sha256:{hashlib.sha256(data).hexdigest()}" != digest:
        raise invalid(f"What the registry gave as {digest} is something else.")
    return data


def _run(
    command: list[str], reference: Reference, output: IO[bytes] | None = None, seconds: float = COPY_SECONDS
) -> bytes:
    """Its output, unless that goes to a file. Raises Unusable or Away, in the tool's words."""
    bounded = ["prlimit", f"--fsize={limits().image_bytes}", "--", *command]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("HEARTH_")}
    try:
        ended = subprocess.run(
            bounded,
            stdin=subprocess.DEVNULL,
            stdout=output or subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=variables,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Away(f"{command[0]} took longer than {seconds:.0f} seconds.") from None
    if ended.returncode == 0:
        return ended.stdout or b""
    said = ended.stderr.decode(errors="replace").strip()[-1000:] or f"{command[0]} ended with {ended.returncode}"
    lower = said.lower().replace(reference.place, "")  # whose own name may have such words
    if MISSING.search(lower):
        raise Unusable(Code.DELETED, f"Source image {reference.uri} does not exist. Provide a valid source image.")
    if DENIED.search(lower):
        raise Unusable(
            Code.DENIED, "Lambda does not have permission to access the ECR image. Check the ECR permissions."
        )
    raise Away(said)
