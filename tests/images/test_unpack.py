"""Layers laid over one another, and layers that were made to do harm."""

import contextlib
import os
import stat
import tarfile
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from functions.code.images import manifest
from functions.code.images.layout import Archive, Directory
from functions.code.images.reference import Kind, Reference
from functions.code.images.refusals import Unusable
from functions.code.images.unpack import unpack
from tests.images.making import LayoutMaker, directory, file, hard, layer, link

Entries = list[tuple[tarfile.TarInfo, bytes]]


@pytest.fixture
def made(tmp_path: Path) -> LayoutMaker:
    return LayoutMaker(tmp_path / "layout")


def unpacked(made: LayoutMaker, *layers: bytes) -> Path:
    uri = made.image("v1", *layers)
    source = Directory(Reference(uri, Kind.LAYOUT, str(made.path), "v1", ""))
    target = made.path.parent / "tree"
    unpack(manifest.read(source, uri), source, target)
    return target


def files(tree: Path) -> dict[str, str]:
    """Every file and symlink but those that every tree has."""
    found = {}
    for path in tree.rglob("*"):
        name = str(path.relative_to(tree))
        if path.is_symlink():
            found[name] = f"-> {os.readlink(path)}"
        elif path.is_file() and name not in ("etc/hosts", "etc/hostname", "etc/resolv.conf"):
            found[name] = path.read_text()
    return found


def test_layers(made: LayoutMaker) -> None:
    lower = [
        *(directory("usr"), directory("usr/bin", 0o500), file("usr/bin/tool", "old", 0o4755), link("bin", "usr/bin")),
        *(file("data/one", "1"), file("data/two", "2"), file("data/deep/three", "3"), file("gone", "x")),
        *(file("kept/a", "a"), file("becomes", "a file"), directory("was/a/directory"), file("mine", "", 0o000)),
        file("dated", "", mtime=1_000_000_000),
    ]
    upper = [
        *(file("bin/tool", "new", 0o755), hard("usr/bin/other", "bin/tool"), file("data/.wh.one")),
        *(file("kept/b", "b"), file("kept/.wh..wh..opq"), file(".wh.gone"), file("gone/now", "a directory")),
        *(file("becomes/one", "a directory"),),
        *(link("was", "data"), file("node", type=tarfile.CHRTYPE), file("pipe", type=tarfile.FIFOTYPE)),
        *(file(".wh..", "x"), file(".wh...", "x"), file("./data/./two", "22"), file("/absolute", "inside")),
    ]
    with pytest.raises(Unusable, match="needs a directory"):
        unpacked(made, layer(lower), layer(upper))
    upper.insert(0, file(".wh.becomes"))
    tree = unpacked(LayoutMaker(made.path.parent / "second/layout"), layer(lower), layer(upper, compressed=False))
    assert files(tree) == {
        "usr/bin/tool": "new",
        "usr/bin/other": "new",
        "bin": "-> usr/bin",
        "data/two": "22",
        "data/deep/three": "3",
        "kept/b": "b",
        "gone/now": "a directory",
        "becomes/one": "a directory",
        "was": "-> data",
        "mine": "",
        "dated": "",
        "absolute": "inside",
    }
    assert (tree / "usr/bin/tool").stat().st_nlink == 2
    assert stat.S_IMODE((tree / "usr/bin/tool").stat().st_mode) == 0o755
    assert stat.S_IMODE((tree / "usr/bin").stat().st_mode) == 0o700
    assert stat.S_IMODE((tree / "mine").stat().st_mode) == 0o400
    assert (tree / "dated").stat().st_mtime == 1_000_000_000
    assert {"dev", "etc", "proc", "sys", "tmp"} < {path.name for path in tree.iterdir()}


def test_set_user_bits_are_not_kept(made: LayoutMaker) -> None:
    tree = unpacked(made, layer([file("su", "x", 0o6755), directory("shared", 0o1777)]))
    assert [stat.S_IMODE((tree / name).stat().st_mode) for name in ("su", "shared")] == [0o755, 0o777]


@pytest.mark.parametrize(
    "entries",
    [
        [file("../out", "x")],
        [file("a/../../out", "x")],
        [link("a", "../../.."), file("a/out", "x")],
        [link("a", "/"), link("b", "a/a/a"), file("b/out", "x")],
        [link("a", "a"), file("a/out", "x")],
        [file("a", "x"), file("a/out", "x")],
        [link("a", "{outside}"), hard("b", "a"), hard("c", "a/victim")],
        [hard("b", "../victim")],
        [hard("b", "/")],
        [hard("b", "none")],
        [directory("a"), hard("b", "a")],
        [link("a", "x" * 5000)],
        [file("x" * 300, "x")],
        [file("/".join("x" * 100), "x")],
        [file("out\0side", "x")],
        [link("etc", "{outside}"), link("dev", "{outside}"), link("tmp", "{outside}")],
        [link("a", "{outside}"), file("a", "x")],
        [link("a", "{outside}"), directory("a"), file("a/victim", "x")],
        [link("a", "{outside}"), file("a/.wh.victim")],
        [link("a", "{outside}"), file("a/.wh..wh..opq")],
    ],
)
def test_nothing_happens_outside(made: LayoutMaker, entries: Entries) -> None:
    """Refused or unpacked: what lies beside the tree is as it was."""
    outside = made.path.parent / "outside"
    (outside / "deep").mkdir(parents=True)
    (outside / "victim").write_text("precious")
    for info, _ in entries:
        info.linkname = info.linkname.format(outside=outside)
    before = {str(path): path.lstat().st_mode for path in made.path.parent.rglob("*")}
    # In one layer, and each entry in a layer of its own.
    for number, layers in enumerate(([layer(entries)], [layer([each]) for each in entries])):
        target = made.path.parent / f"tree{number}"
        uri = made.image("v1", *layers)
        source = Directory(Reference(uri, Kind.LAYOUT, str(made.path), "v1", ""))
        with contextlib.suppress(Unusable):
            unpack(manifest.read(source, uri), source, target)
        assert (outside / "victim").read_text() == "precious"
        assert (outside / "victim").stat().st_nlink == 1
        assert sorted(path.name for path in outside.iterdir()) == ["deep", "victim"]
        assert not (made.path.parent / "out").exists()
    after = {str(path): path.lstat().st_mode for path in made.path.parent.rglob("*")}
    assert {path: mode for path, mode in after.items() if path in before} == before


def test_modes_are_not_set_through_a_symlink_that_came_later(made: LayoutMaker) -> None:
    outside = made.path.parent / "outside"
    (outside / "b").mkdir(parents=True)
    (outside / "b").chmod(0o700)
    first = layer([directory("a"), directory("a/b", 0o777)])
    unpacked(made, first, layer([link("a", str(outside))]))
    assert stat.S_IMODE((outside / "b").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("limit", "entries"),
    [
        ({"image_bytes": 1000}, [file("a", b"x" * 1001)]),
        ({"image_bytes": 1000}, [file("a", b"x" * 600), file("a", b"x" * 600)]),
        ({"image_bytes": 1000}, [link(str(n), "x" * 200) for n in range(6)]),
        ({"image_files": 10}, [file(str(n)) for n in range(11)]),
        ({"image_files": 10}, [file("1/2/3/4/5/6/7/8/9/10/11")]),
        ({}, [file("a", pax_headers={"comment": "x" * (2 << 20)})]),
    ],
)
def test_bombs(settings: Settings, made: LayoutMaker, limit: dict[str, int], entries: Entries) -> None:
    settings.HEARTH_LIMITS = {**settings.HEARTH_LIMITS, **limit}
    with pytest.raises(Unusable, match=r"larger than|more than"):
        unpacked(made, layer(entries))


@pytest.mark.parametrize("data", [b"", b"no tar at all" * 100, b"\x1f\x8bbroken", b"\x28\xb5\x2f\xfdzstd?", b"\x1f"])
def test_what_is_no_layer(made: LayoutMaker, data: bytes) -> None:
    if data:
        with pytest.raises(Unusable):
            unpacked(made, data)
    else:
        assert files(unpacked(made, data)) == {}


def test_what_was_changed_since(made: LayoutMaker) -> None:
    content = layer([file("a", "x")])
    uri = made.image("v1", content)
    other = layer([file("a", "y")])
    digest = made.blob(content)
    (made.path / "blobs/sha256" / digest.removeprefix("sha256:")).write_bytes(other)
    source = Directory(Reference(uri, Kind.LAYOUT, str(made.path), "v1", ""))
    with pytest.raises(Unusable, match="is something else"):
        unpack(manifest.read(source, uri), source, made.path.parent / "tree")


def test_an_archive(made: LayoutMaker) -> None:
    uri = made.image("v1", layer([file("a", "x")]))
    source = Archive(Reference(uri, Kind.ARCHIVE, str(made.archive()), "v1", ""))
    unpack(manifest.read(source, uri), source, made.path.parent / "tree")
    source.close()
    assert files(made.path.parent / "tree") == {"a": "x"}


@pytest.mark.parametrize(
    "config", [{"Env": ["=x"]}, {"Env": ["a"]}, {"Cmd": "x"}, {"Cmd": [1]}, {"WorkingDir": "a\0b"}]
)
def test_a_configuration_that_no_process_takes(made: LayoutMaker, config: dict[str, Any]) -> None:
    uri = made.image("v1", **config)
    source = Directory(Reference(uri, Kind.LAYOUT, str(made.path), "v1", ""))
    with pytest.raises(Unusable, match="cannot be used"):
        manifest.read(source, uri)
