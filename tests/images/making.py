"""Container images for tests, made by hand: layers from entries, and an OCI layout around them."""

import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from functions.code.images.manifest import CONFIGURATIONS, INDEXES, LAYERS, MACHINES, MANIFESTS

BUSYBOX = shutil.which("busybox")
ARCHITECTURE = MACHINES[os.uname().machine]
needs_busybox = pytest.mark.skipif(not BUSYBOX, reason="no busybox (Debian: busybox-static) on this machine")
# A function in the shell of busybox. `answer` is asked for the response to an event.
LOOP = """#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
. /app/answer.sh
while true; do
    wget -q -S -O /tmp/event "$api/invocation/next" 2>/tmp/headers || exit 1
    id=$(grep -i lambda-runtime-aws-request-id /tmp/headers | tr -d '\\r' | sed 's/.*: //')
    answer "$(cat /tmp/event)" >/tmp/response
    wget -q -O /dev/null --post-file /tmp/response "$api/invocation/$id/response"
done
"""
APPLETS = ("sh", "wget", "grep", "tr", "sed", "cat", "ls", "env", "id", "pwd", "stat", "readlink", "touch", "sleep")


def file(name: str, content: str | bytes = b"", mode: int = 0o644, **more: Any) -> tuple[tarfile.TarInfo, bytes]:
    """An entry of a layer; another `type`, `linkname`, ... by name."""
    data = content.encode() if isinstance(content, str) else content
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), mode
    for key, value in more.items():
        setattr(info, key, value)
    return info, data


def directory(name: str, mode: int = 0o755) -> tuple[tarfile.TarInfo, bytes]:
    return file(name, mode=mode, type=tarfile.DIRTYPE)


def link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return file(name, type=tarfile.SYMTYPE, linkname=target)


def hard(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return file(name, type=tarfile.LNKTYPE, linkname=target)


def layer(entries: Iterable[tuple[tarfile.TarInfo, bytes]], compressed: bool = True) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, data in entries:
            archive.addfile(info, io.BytesIO(data))
    return gzip.compress(buffer.getvalue(), 1, mtime=0) if compressed else buffer.getvalue()


def shell(answer: str, **files: str) -> bytes:
    """A layer with busybox and a function: `answer` is the body of a shell function, $1 is the event."""
    assert BUSYBOX is not None
    entries = [file("bin/busybox", Path(BUSYBOX).read_bytes(), 0o755)]
    entries += [hard(f"bin/{name}", "bin/busybox") for name in APPLETS]
    entries += [
        file("app/loop", LOOP, 0o755),
        file("app/answer.sh", f"answer() {{\n{textwrap.dedent(answer)}\n}}\n"),
        *(file(name, text) for name, text in files.items()),
    ]
    return layer(entries)


class LayoutMaker:
    """A directory in the OCI image layout, image by image."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._listed: list[dict[str, Any]] = []
        (path / "blobs/sha256").mkdir(parents=True)
        (path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')

    def blob(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        (self.path / "blobs/sha256" / digest).write_bytes(data)
        return f"sha256:{digest}"

    def manifest(
        self, layers: list[bytes], config: dict[str, Any] | None = None, changes: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Its descriptor. `changes` are of the manifest."""
        machine = {"architecture": ARCHITECTURE, "os": "linux"}
        configured = json.dumps(
            {**machine, "config": config or {}, "rootfs": {"type": "layers", "diff_ids": []}}
        ).encode()
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFESTS[0],
            "config": self._descriptor(configured, CONFIGURATIONS[0]),
            "layers": [self._descriptor(each, LAYERS[1]) for each in layers],
            **(changes or {}),
        }
        return self._descriptor(json.dumps(manifest).encode(), MANIFESTS[0])

    def index(self, **manifests: dict[str, Any]) -> dict[str, Any]:
        """The descriptor of an index, of one image for each architecture."""
        listed = [{**each, "platform": {"architecture": name, "os": "linux"}} for name, each in manifests.items()]
        document = {"schemaVersion": 2, "mediaType": INDEXES[0], "manifests": listed}
        return self._descriptor(json.dumps(document).encode(), INDEXES[0])

    def tag(self, name: str, descriptor: dict[str, Any]) -> str:
        """Its URI."""
        reference = "org.opencontainers.image.ref.name"
        self._listed = [each for each in self._listed if each["annotations"][reference] != name]
        self._listed.append({**descriptor, "annotations": {reference: name}})
        (self.path / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": self._listed}))
        return f"oci:{self.path}:{name}"

    def image(self, name: str, *layers: bytes, **config: Any) -> str:
        """The URI of a new image. `config`: Entrypoint, Cmd, Env, WorkingDir."""
        return self.tag(name, self.manifest(list(layers), config))

    def archive(self) -> Path:
        """The layout as a tar beside it."""
        path = self.path.with_suffix(".tar")
        with tarfile.open(path, "w") as archive:
            archive.add(self.path, ".")
        return path

    def _descriptor(self, data: bytes, kind: str) -> dict[str, Any]:
        return {"mediaType": kind, "digest": self.blob(data), "size": len(data)}
