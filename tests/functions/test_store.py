"""The package store, and zips that were made to harm."""

import io
import os
import stat
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from pytest_django import Settings

from functions.code import store
from functions.errors import InvalidParameterValueException, RequestEntityTooLargeException
from functions.models import Package
from tests.functions.world import zipped

UNSOUND = "Could not unzip uploaded file. Please check your file, then try to upload again."


def entry(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def build(*entries: tuple[zipfile.ZipInfo, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for info, content in entries:
            archive.writestr(info, content)
    return buffer.getvalue()


def link(name: str, target: str) -> tuple[zipfile.ZipInfo, str]:
    return entry(name, stat.S_IFLNK | 0o777), target


def patched(data: bytes, change: Callable[[bytearray, int, int], None]) -> bytes:
    """A zip of one entry with its local header and central directory entry changed."""
    out = bytearray(data)
    change(out, out.index(b"PK\x03\x04"), out.index(b"PK\x01\x02"))
    return bytes(out)


def encrypted(out: bytearray, local: int, central: int) -> None:
    out[local + 6] |= 1
    out[central + 8] |= 1


def wrong_checksum(out: bytearray, local: int, central: int) -> None:
    out[local + 14 : local + 18] = out[central + 16 : central + 20] = b"\x01\x02\x03\x04"


def unknown_method(out: bytearray, local: int, central: int) -> None:
    struct.pack_into("<H", out, local + 8, 14)
    struct.pack_into("<H", out, central + 10, 14)


def nul_in_name(out: bytearray, local: int, central: int) -> None:
    out[local + 30 + 1] = out[central + 46 + 1] = 0


def smaller_than_it_is(out: bytearray, local: int, central: int) -> None:
    struct.pack_into("<I", out, local + 22, 1)
    struct.pack_into("<I", out, central + 24, 1)


ONE = build((entry("app.py"), "print('a file of some length')" * 40))
SECRET = "/etc/hostname"

HOSTILE = {
    "not a zip": b"this is not a zip file at all",
    "nothing": b"",
    "cut off": ONE[:-30],
    "cut in the middle": ONE[: len(ONE) // 2],
    "climbs out": build((entry("../evil.py"), "x")),
    "climbs out from within": build((entry("a/../../evil.py"), "x")),
    "absolute": build((entry("/etc/evil.py"), "x")),
    "absolute twice": build((entry("//etc/evil.py"), "x")),
    "link to an absolute path": build(link("l", SECRET)),
    "link out": build(link("a/l", "../../x")),
    "link out by another link": build(link("a/b/up", "../.."), link("out", "a/b/up/../../..")),
    "link to itself and out": build(link("a", "a/../../../etc/passwd")),
    "link to nowhere": build(link("l", "")),
    "link to itself": build(link("l", "l")),
    "chain of links": build(*(link(f"l{number}", f"l{number + 1}") for number in range(500))),
    "link with a long target": build(link("l", "a/" * 600)),
    "a dot": build((entry("."), "x")),
    "no name": build((entry("./"), "x"), (entry(".", stat.S_IFLNK | 0o777), "x")),
    "file through a link": build(link("d", "e"), (entry("e/x"), "x"), (entry("d/evil"), "x")),
    "file below a file": build((entry("a"), "x"), (entry("a/b"), "x")),
    "directory is a file": build((entry("a"), "x"), (entry("a/", stat.S_IFDIR | 0o755), "")),
    "fifo": build((entry("pipe", stat.S_IFIFO | 0o644), "")),
    "device": build((entry("null", stat.S_IFCHR | 0o666), "")),
    "socket": build((entry("sock", stat.S_IFSOCK | 0o666), "")),
    "same name in other words": build((entry("a/b"), "x"), (entry("a//b"), "y")),
    "name too long": build((entry("a" * 256), "x")),
    "path too long": build((entry("/".join(["abcdefghi"] * 110)), "x")),
    "encrypted": patched(ONE, encrypted),
    "wrong checksum": patched(ONE, wrong_checksum),
    "unknown method": patched(ONE, unknown_method),
    "nul in a name": patched(ONE, nul_in_name),
    "more than declared": patched(ONE, smaller_than_it_is),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_zip_is_refused_and_leaves_nothing(kind: str, code_store: Path) -> None:
    with pytest.raises(InvalidParameterValueException) as refused:
        store.add_zip(HOSTILE[kind])
    assert str(refused.value) == UNSOUND
    assert list(code_store.parent.rglob("*")) == [code_store]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_comes_twice_is_refused(code_store: Path) -> None:
    with pytest.raises(InvalidParameterValueException, match="Could not unzip"):
        store.add_zip(build((entry("a.py"), "1"), (entry("a.py"), "2")))
    assert list(code_store.iterdir()) == []


def test_an_empty_zip_is_refused(code_store: Path) -> None:
    for data in (build(), build((entry("only/", stat.S_IFDIR | 0o755), ""))):
        with pytest.raises(InvalidParameterValueException, match="non-empty zip"):
            store.add_zip(data)
    assert list(code_store.iterdir()) == []


def test_a_bomb_is_refused_by_what_it_declares(code_store: Path) -> None:
    packed = build(*((entry(f"zeros-{number}"), bytes(60_000_000)) for number in range(5)))
    assert len(packed) < 1_000_000
    with pytest.raises(InvalidParameterValueException) as refused:
        store.add_zip(packed)
    assert str(refused.value) == "Unzipped size must be smaller than 262144000 bytes"
    assert list(code_store.iterdir()) == []


def test_a_bomb_of_overlapping_entries_is_refused_by_what_comes_out(code_store: Path, settings: Settings) -> None:
    """Many entries of the directory share one body, each declared smaller than it is."""
    settings.HEARTH_LIMITS = {"unzipped_bytes": 100_000}
    kernel = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = kernel.compress(bytes(60_000)) + kernel.flush()
    local = struct.pack(
        "<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, 8, 0, 0, zlib.crc32(bytes(60_000)), len(body), 60_000, 1, 0
    )
    directory = b"".join(
        struct.pack(
            "<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, zlib.crc32(bytes(60_000)), len(body), 60_000, 1,
            0, 0, 0, 0, 0, 0,
        )
        + name.encode()
        for name in "abc"
    )  # fmt: skip
    start = local + b"a" + body
    data = start + directory + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 3, 3, len(directory), len(start), 0)
    with pytest.raises(InvalidParameterValueException, match=r"Could not unzip|Unzipped size"):
        store.add_zip(data)
    assert list(code_store.iterdir()) == []


def test_too_many_entries_are_refused_before_they_are_read(code_store: Path, settings: Settings) -> None:
    settings.HEARTH_LIMITS = {"package_files": 10}
    store.add_zip(build(*((entry(f"f{number}"), "") for number in range(10))))
    with pytest.raises(InvalidParameterValueException, match="Could not unzip"):
        store.add_zip(build(*((entry(f"f{number}"), "") for number in range(11))))


def test_paths_that_imply_too_many_directories_are_refused(code_store: Path, settings: Settings) -> None:
    settings.HEARTH_LIMITS = {"package_files": 600}
    deep = "/".join("d" * 400)
    store.add_zip(build((entry(f"{deep}/a"), ""), (entry(f"{deep}/b"), "")))
    with pytest.raises(InvalidParameterValueException, match="Could not unzip"):
        store.add_zip(build((entry(f"a/{deep}/a"), ""), (entry(f"b/{deep}/b"), "")))


def test_a_zip_over_the_limit_is_refused_unread(code_store: Path) -> None:
    with pytest.raises(RequestEntityTooLargeException) as refused:
        store.add_zip(bytes(52_428_801))
    assert str(refused.value) == "Zipped size must be smaller than 52428800 bytes"
    assert refused.value.members == {}


def test_a_package_is_unpacked_with_clean_modes(code_store: Path) -> None:
    before = os.umask(0o077)
    try:
        data = build(
            (entry("bootstrap", stat.S_IFREG | 0o4777), "#!/bin/sh\n"),
            (entry("lib/deep/data.bin", stat.S_IFREG | 0o600), b"\0\1"),
            (entry("empty/", stat.S_IFDIR | 0o000), ""),
            link("lib/current", "deep"),
            link("alias.bin", "lib/current/data.bin"),
            link("later", "not/there/yet"),
        )
        package = store.add_zip(data)
    finally:
        os.umask(before)
    root = store.tree(package.sha256)
    modes = {path.relative_to(root).as_posix(): stat.S_IMODE(path.lstat().st_mode) for path in root.rglob("*")}
    links = {path for path in modes if (root / path).is_symlink()}
    assert {path: oct(mode) for path, mode in modes.items() if path not in links} == {
        "bootstrap": "0o755",
        "lib": "0o755",
        "lib/deep": "0o755",
        "lib/deep/data.bin": "0o644",
        "empty": "0o755",
    }
    assert stat.S_IMODE(root.stat().st_mode) == 0o755
    assert links == {"lib/current", "alias.bin", "later"}
    assert (root / "alias.bin").read_bytes() == b"\0\1"
    assert package.sha256 == sha256(data).hexdigest()
    assert (package.size, package.unpacked_size) == (len(data), 10 + 2 + 4 + 20 + 13)
    assert store.zip_path(package.sha256).read_bytes() == data


def test_the_same_package_is_kept_once(code_store: Path) -> None:
    first, again = store.add_zip(ONE), store.add_zip(ONE)
    assert (first.sha256, first.unpacked_size) == (again.sha256, again.unpacked_size)
    assert sorted(path.name for path in code_store.iterdir()) == [first.sha256, f"{first.sha256}.zip"]


def test_a_package_that_a_killed_process_left_half_way_is_completed(code_store: Path) -> None:
    package = store.add_zip(ONE)
    store.zip_path(package.sha256).unlink()
    assert store.add_zip(ONE).unpacked_size == package.unpacked_size
    assert store.zip_path(package.sha256).read_bytes() == ONE


def test_several_processes_may_add_the_same_package_at_once(code_store: Path, tmp_path: Path) -> None:
    data = build(*((entry(f"d{number % 7}/f{number}.py"), f"x = {number}\n" * 50) for number in range(300)))
    (tmp_path / "in.zip").write_bytes(data)
    program = (
        "import sys, django; django.setup()\n"
        "from django.conf import settings\n"
        "from functions.code import store\n"
        "settings.HEARTH_CODE = sys.argv[1]\n"
        "print(store.add_zip(open(sys.argv[2], 'rb').read()).unpacked_size)\n"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "console.settings"}
    command = [sys.executable, "-c", program, str(code_store), str(tmp_path / "in.zip")]
    running = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    ends = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0] * 4, ends
    digest = sha256(data).hexdigest()
    assert sorted(path.name for path in code_store.iterdir()) == [digest, f"{digest}.zip"]
    assert len(store.list_files(digest)) == 300
    assert len({out for out, _ in ends}) == 1


def test_files_of_an_editor_give_the_same_package_in_any_order(code_store: Path) -> None:
    one = store.add_files({"b.py": b"2", "a/c.py": b"1"})
    other = store.add_files({"a/c.py": b"1", "b.py": b"2"})
    assert one.sha256 == other.sha256
    assert store.read_text(one.sha256, "a/c.py") == "1"
    with pytest.raises(InvalidParameterValueException, match="Could not unzip"):
        store.add_files({"../a.py": b""})


def test_edited_files_are_laid_over_the_package(code_store: Path) -> None:
    base = store.add_zip(
        build(
            (entry("bootstrap", stat.S_IFREG | 0o755), "old"),
            (entry("data.bin"), b"\0\1\2"),
            (entry("gone.py"), "x"),
            link("same", "data.bin"),
        )
    )
    package = store.edited(base.sha256, {"bootstrap": b"new", "gone.py": None, "more/added.py": b"y"})
    assert [(file.path, file.is_executable, file.link) for file in store.list_files(package.sha256)] == [
        ("bootstrap", True, ""),
        ("data.bin", False, ""),
        ("more/added.py", False, ""),
        ("same", False, "data.bin"),
    ]
    assert store.read_file(package.sha256, "bootstrap") == b"new"
    assert store.read_file(package.sha256, "same") == b"\0\1\2"
    assert store.edited(base.sha256, {"bootstrap": b"new", "gone.py": None, "more/added.py": b"y"}) == package
    assert store.read_file(base.sha256, "bootstrap") == b"old"


def test_the_editor_sees_what_is_text(code_store: Path) -> None:
    # A two-byte character lies across the end of what is looked at.
    files = {
        "a.py": b"x = 1\n",
        "b.bin": b"\0\1",
        "c.txt": b"a" * 8191 + "é".encode(),
        "d.png": b"\x89PNG\r\n",
        "e": b"",
    }
    package = store.add_files(files)
    listed = {file.path: (file.size, file.is_binary, file.is_editable) for file in store.list_files(package.sha256)}
    assert listed == {
        "a.py": (6, False, True),
        "b.bin": (2, True, False),
        "c.txt": (8193, False, True),
        "d.png": (6, True, False),
        "e": (0, False, True),
    }
    with pytest.raises(UnicodeDecodeError):
        store.read_text(package.sha256, "d.png")


@pytest.mark.parametrize("path", ["../../secret", "/etc/hostname", "missing.py", "", ".", "a"])
def test_only_files_of_the_package_can_be_read(path: str, code_store: Path) -> None:
    (code_store / "secret").write_text("x")
    package = store.add_files({"a/b.py": b"1"})
    with pytest.raises(FileNotFoundError):
        store.read_file(package.sha256, path)


@pytest.mark.django_db
def test_garbage_is_what_no_version_uses_and_nobody_holds(code_store: Path) -> None:
    package = store.add_zip(zipped())
    package.save()
    (code_store / ".new-left").mkdir()
    (code_store / ("0" * 64)).mkdir()
    assert store.collect() == 0  # in its time of grace
    with store.holding():
        assert store.collect(grace=-1) == 0
    assert store.collect(grace=-1) == 1
    assert [path.name for path in code_store.iterdir()] == [".lock"]
    assert not Package.objects.exists()
