"""Where images come from: which URIs are taken, and what is found there."""

import json
import os
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from functions.code import store
from functions.code.images import registry
from functions.code.images.fetch import fetch, find
from functions.code.images.manifest import INDEXES
from functions.code.images.refusals import Away, Code, Unusable
from tests.images.making import ARCHITECTURE, LayoutMaker, file, layer
from tests.images.registry import serving

LAYER = layer([file("hello", "x")])


@pytest.mark.parametrize(
    "uri",
    [
        *("", "greet", "greet:v1", "oci:", "oci:greet:v1", "oci:/", "oci:/etc:v1", "oci:{images}/../other:v1"),
        *("oci:{images}/link:v1", "oci:{images}/circle:v1", "docker://registry.example/greet:v1"),
        *("registry.example/greet", "registry.example/greet:v1", "-registry.example/greet:v1"),
        *("known.example/Greet:v1", "known.example/greet", "known.example/greet:v1 --help", "known.example:1/greet:v1"),
        *("known.example/" + "x" * 3000 + ":v1", "oci:{images}/greet:v1\0", "oci:{images}/greet:v1\n"),
        *("oci-archive:{images}/greet/index.json", "oci:{images}/greet@sha256:123"),
    ],
)
def test_what_is_no_source(layout: LayoutMaker, settings: Settings, uri: str) -> None:
    layout.image("v1", LAYER)
    images = layout.path.parent
    settings.HEARTH_REGISTRIES = {"known.example": "https"}
    shutil.copytree(layout.path, images.parent / "other")
    os.symlink(images.parent / "other", images / "link")
    os.symlink("circle", images / "circle")
    with pytest.raises(Unusable) as refused:
        find(uri.format(images=images))
    assert refused.value.code is Code.INVALID


def test_a_layout(layout: LayoutMaker) -> None:
    uri = layout.image("v1", LAYER, Entrypoint=["/hello"], Env=["A=1=2"], WorkingDir="/w")
    found = find(uri)
    assert found.resolved == f"oci:{layout.path}@sha256:{found.image.digest}"
    assert (found.image.entry_point, found.image.environment) == (["/hello"], {"A": "1=2"})
    # The only one needs no tag, and a digest names what no tag names any more.
    assert find(f"oci:{layout.path}").image == found.image
    layout.image("v1", layer([file("hello", "y")]))
    layout.image("v2", LAYER)
    assert find(found.resolved).image == found.image
    with pytest.raises(Unusable, match=r"does not exist\. Provide a valid source image\.") as refused:
        find(f"oci:{layout.path}")
    assert refused.value.code is Code.DELETED
    for name in (f"oci:{layout.path}:v3", f"oci:{layout.path}/none:v1", f"oci:{layout.path}@sha256:{'0' * 64}"):
        with pytest.raises(Unusable, match="does not exist"):
            find(name)
    archive = layout.archive()
    assert find(f"oci-archive:{archive}:v2").resolved.startswith(f"oci-archive:{archive}@sha256:")


def test_no_file_of_a_layout_holds_anybody_up(layout: LayoutMaker) -> None:
    """A FIFO, or a symlink to what is not theirs."""
    uri = layout.image("v1", LAYER)
    index = layout.path / "index.json"
    content = index.read_text()
    index.unlink()
    os.mkfifo(index)
    with pytest.raises(Unusable, match="does not exist"):
        find(uri)
    index.unlink()
    elsewhere = layout.path.parent.parent / "elsewhere"
    elsewhere.write_text(content)
    index.symlink_to(elsewhere)
    with pytest.raises(Unusable, match="does not exist"):
        find(uri)
    index.unlink()
    for text in ("", "[]", "{}", '{"manifests": [1]}', '{"manifests": 1}', "[" * 100_000):
        index.write_text(text)
        with pytest.raises(Unusable):
            find(uri)


def test_an_index_of_several_machines(layout: LayoutMaker) -> None:
    mine, other = layout.manifest([LAYER]), layout.manifest([layer([file("other")])])
    uri = layout.tag("v1", layout.index(**{"s390x": other, ARCHITECTURE: mine}))
    assert f"sha256:{find(uri).image.digest}" == mine["digest"]
    foreign = layout.tag("v2", layout.index(s390x=other))
    unsupported = f"The image manifest, config or layer media type for the source image {foreign} is not supported."
    with pytest.raises(Unusable) as refused:
        find(foreign)
    assert str(refused.value) == unsupported
    nested = layout.tag("v3", layout.index(**{ARCHITECTURE: layout.index(**{ARCHITECTURE: mine})}))
    with pytest.raises(Unusable, match="is not supported"):
        find(nested)


@pytest.mark.parametrize(
    "changes",
    [
        {"mediaType": "application/vnd.oci.artifact.manifest.v1+json"},
        {"config": None},
        {"config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": "sha256:" + "0" * 64}},
        {"layers": None},
        {"layers": [1]},
        {"layers": [{"mediaType": "text/plain", "digest": "x", "size": 1}]},
        {"layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": "x", "size": -1}]},
        {"layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": "x", "size": 1 << 40}]},
        {"layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": "x", "size": 1}] * 128},
        {"mediaType": INDEXES[0], "manifests": "many"},
    ],
)
def test_a_manifest_that_is_none(layout: LayoutMaker, changes: dict[str, Any]) -> None:
    uri = layout.tag("v1", layout.manifest([LAYER], changes=changes))
    with pytest.raises(Unusable) as refused:
        find(uri)
    assert refused.value.code is Code.INVALID


@pytest.mark.skipif(not shutil.which("skopeo"), reason="no skopeo (Debian: skopeo) on this machine")
def test_a_registry(layout: LayoutMaker, settings: Settings, tmp_path: Path) -> None:
    mine = layout.manifest([LAYER], {"Cmd": ["/hello"]})
    layout.tag("v1", layout.index(**{ARCHITECTURE: mine}))
    with serving(layout.path) as host:
        settings.HEARTH_REGISTRIES = {host: "http"}
        found = find(f"{host}/team/greet:v1")
        assert f"sha256:{found.image.digest}" == mine["digest"]
        assert found.resolved == f"{host}/team/greet@{mine['digest']}"
        assert found.image.command == ["/hello"]
        with store.holding():
            assert fetch(found.uri, found.image.digest) == 1
        assert (store.tree(found.image.digest) / "hello").read_text() == "x"
        assert [path.name for path in tmp_path.glob("code/.new-*")] == []
        with pytest.raises(Unusable, match="does not exist") as refused:
            find(f"{host}/team/greet:v2")
        assert refused.value.code is Code.DELETED
    with serving(layout.path, closed=True) as host:
        settings.HEARTH_REGISTRIES = {host: "http"}
        with pytest.raises(Unusable, match="Lambda does not have permission to access the ECR image") as refused:
            find(f"{host}/team/greet:v1")
        assert refused.value.code is Code.DENIED
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # and does not listen
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        settings.HEARTH_REGISTRIES = {host: "http"}
        with pytest.raises(Away, match="connection refused"):
            find(f"{host}/team/not/found/denied:v401")


def test_a_registry_without_a_tool(settings: Settings, layout: LayoutMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.HEARTH_REGISTRIES = {"known.example": "https"}
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Away, match="no tool for registries: skopeo or crane"):
        find("known.example/greet:v1")


CRANE = """#!/bin/sh
# Does what crane does, from the layout in the directory CRANE_LAYOUT.
command=$1 name=$3
blobs=$CRANE_LAYOUT/blobs/sha256
[ "$2" = --insecure ] || exit 3
case "$command $name" in
manifest*@*|blob*) cat "$blobs/${name#*@sha256:}" ;;
manifest*) cat "$blobs/$CRANE_MANIFEST" ;;
config*) cat "$blobs/$CRANE_CONFIG" ;;
esac
"""


def test_crane(layout: LayoutMaker, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How crane is called, by a program in its place: Debian does not have it."""
    mine = layout.manifest([LAYER], {"Cmd": ["/hello"]})["digest"].removeprefix("sha256:")
    manifest = json.loads((layout.path / "blobs/sha256" / mine).read_text())
    settings.HEARTH_REGISTRIES = {"known.example": "http"}
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "crane").write_text(CRANE)
    (programs / "crane").chmod(0o755)
    for tool in ("cat", "sh", "prlimit"):
        (programs / tool).symlink_to(str(shutil.which(tool)))
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("CRANE_LAYOUT", str(layout.path))
    monkeypatch.setenv("CRANE_MANIFEST", mine)
    monkeypatch.setenv("CRANE_CONFIG", manifest["config"]["digest"].removeprefix("sha256:"))
    found = find("known.example/greet:v1")
    assert (found.image.digest, found.image.command) == (mine, ["/hello"])
    with store.holding():
        fetch(found.uri, mine)
    assert (store.tree(mine) / "hello").read_text() == "x"


def test_a_tool_that_takes_too_long(settings: Settings, monkeypatch: pytest.MonkeyPatch, layout: LayoutMaker) -> None:
    settings.HEARTH_REGISTRIES = {"known.example": "https"}
    programs = layout.path.parent / "programs"
    programs.mkdir()
    (programs / "crane").write_text("#!/bin/sh\nexec sleep 60\n")
    (programs / "crane").chmod(0o755)
    for tool in ("sh", "sleep", "prlimit"):
        (programs / tool).symlink_to(str(shutil.which(tool)))
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(registry, "DOCUMENT_SECONDS", 0.2)
    with pytest.raises(Away, match="took longer"):
        find("known.example/greet:v1")
