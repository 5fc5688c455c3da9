"""What an image is: its manifest's digest, its layers, and how its program is started.

Source: https://github.com/opencontainers/image-spec/blob/main/manifest.md and config.md
"""

import hashlib
import os
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from functions.code.images.layout import document
from functions.code.images.refusals import Unusable, invalid, unsupported

MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
CONFIGURATIONS = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
)
LAYERS = (
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.v1.tar+gzip",
    "application/vnd.oci.image.layer.v1.tar+zstd",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
)
MOST_LAYERS = 127  # Docker's own limit
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}  # as images name them


class Source(Protocol):
    """A layout, or a registry."""

    def root(self) -> bytes: ...

    def manifest(self, digest: str) -> bytes: ...

    def config(self, manifest: str, digest: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Layer:
    digest: str
    size: int  # bytes, as it is stored


@dataclass(frozen=True, slots=True)
class Image:
    """`digest` is that of its manifest, hexadecimal."""

    digest: str
    layers: list[Layer]
    entry_point: list[str]
    command: list[str]
    working_directory: str
    environment: dict[str, str]

    @property
    def size(self) -> int:
        return sum(layer.size for layer in self.layers)

    def facts(self) -> dict[str, Any]:
        """For `Package.image`: all but the digest."""
        facts = asdict(self)
        del facts["digest"]
        return facts


def read(source: Source, uri: str) -> Image:
    """The image that a source has for this machine. Raises Unusable."""
    data = source.root()
    manifest = document(data)
    if manifest.get("mediaType") in INDEXES or "manifests" in manifest:
        data = source.manifest(_of_this_machine(manifest, uri))
        manifest = document(data)
    configured, listed = manifest.get("config"), manifest.get("layers")
    if (
        manifest.get("mediaType", MANIFESTS[0]) not in MANIFESTS
        or not isinstance(configured, dict)
        or configured.get("mediaType") not in CONFIGURATIONS
        or not isinstance(listed, list)
    ):
        raise unsupported(uri)
    if len(listed) > MOST_LAYERS:
        raise invalid(f"The image has more than {MOST_LAYERS} layers.")
    layers = [_layer(each, uri) for each in listed]
    digest = hashlib.sha256(data).hexdigest()
    config = document(source.config(f"sha256:{digest}", str(configured.get("digest", "")))).get("config")
    config = config if isinstance(config, dict) else {}
    return Image(
        digest,
        layers,
        _texts(config.get("Entrypoint")),
        _texts(config.get("Cmd")),
        _text(config.get("WorkingDir") or ""),
        dict(_variable(each) for each in _texts(config.get("Env"))),
    )


def _of_this_machine(index: dict[str, Any], uri: str) -> str:
    machine = os.uname().machine
    wanted = ("linux", MACHINES.get(machine, machine))
    listed = index.get("manifests")
    for each in listed if isinstance(listed, list) else []:
        platform = each.get("platform") if isinstance(each, dict) else None
        if isinstance(platform, dict) and (platform.get("os"), platform.get("architecture")) == wanted:
            return str(each.get("digest", ""))
    raise unsupported(uri)


def _layer(each: Any, uri: str) -> Layer:
    if not isinstance(each, dict) or each.get("mediaType") not in LAYERS:
        raise unsupported(uri)
    size = each.get("size")
    if not isinstance(size, int) or not 0 <= size < 1 << 48:
        raise _malformed()
    return Layer(str(each.get("digest", "")), size)


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > 1500:
        raise _malformed()
    return [_text(each) for each in value]


def _text(value: Any) -> str:
    """One that can be given to a process."""
    if not isinstance(value, str) or len(value) > 32_768 or "\0" in value:
        raise _malformed()
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise _malformed()
    return value


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise _malformed()
    return name, value


def _malformed() -> Unusable:
    return invalid("The image's configuration cannot be used: it is not as the specification has it.")
