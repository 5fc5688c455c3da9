"""Which interpreters this machine has: looked for in the usual places, and asked for their version.

A change of those places is noticed when somebody asks, some seconds later, or at once by who misses one: what was
installed meanwhile is found without a restart, in every process.
"""

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from functions.execution.runtimes import places
from functions.execution.runtimes.families import FAMILIES, Family
from functions.execution.runtimes.interpreter import Interpreter
from functions.execution.runtimes.table import RUNTIMES, Runtime

ASK_SECONDS = 10.0
LOOK_SECONDS = 5.0  # to look at the places takes a millisecond or two
VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")
JAVA_VERSION = re.compile(r'^JAVA_VERSION="(?:1\.)?([\d.]+)(?:_(\d+))?', re.MULTILINE)


def candidates(family: Family) -> list[Path]:
    """Real files of the family, each once. Shims and virtual environments lead to the interpreter behind them."""
    seen: dict[Path, None] = {}
    for place in places.programs():
        try:
            names = sorted(entry.name for entry in os.scandir(place) if family.names.fullmatch(entry.name))
        except OSError:
            continue
        for name in names:
            path = (place / name).resolve()
            if path.is_file() and os.access(path, os.X_OK) and path.parent.name == "bin":
                seen[path] = None
    return list(seen)


def by_asking(family: Family) -> Iterator[Interpreter]:
    for path in candidates(family):
        found = _answer(path, family.name, path.stat().st_mtime_ns)
        if found is not None:
            yield found


@cache
def _answer(path: Path, family: str, changed: int) -> Interpreter | None:
    """An answer stands until the file is another one: asking takes some 20 ms."""
    return ask(path, family)


def ask(path: Path, family: str) -> Interpreter | None:
    """What `path --version` says; None for a shim, a broken one, or a version that is too old."""
    with path.open("rb") as file:
        if file.read(4) != b"\x7fELF":
            return None  # a script that chooses an interpreter: the chosen one is found by itself
    try:
        said = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=ASK_SECONDS, check=True, env={}
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = VERSION.search(said.stdout)
    return _of(FAMILIES[family], match[0], path.parent.parent, f"bin/{path.name}") if match else None


def by_release_file() -> Iterator[Interpreter]:
    """Every Java says its version in a file, which is faster than to start it. None without a javac among them: it
    makes our bootstrap."""
    found = list(_javas())
    return iter(found if any(map(_has_javac, found)) else ())


def javac() -> Interpreter | None:
    """The oldest JDK: those to come may not write classes for Java 8 any more."""
    found = [each for each in of_family("java") if _has_javac(each)]
    return min(found, key=lambda each: int(each.release), default=None)


def _has_javac(java: Interpreter) -> bool:
    return os.access(java.root / "bin/javac", os.X_OK)


def _javas() -> Iterator[Interpreter]:
    for root in places.javas():
        try:
            match = JAVA_VERSION.search((root / "release").read_text())
        except (OSError, UnicodeDecodeError):
            continue
        if match and os.access(root / "bin/java", os.X_OK):
            found = _of(FAMILIES["java"], ".".join(filter(None, match.groups())), root, "bin/java")
            if found is not None:
                yield found


def by_directory() -> Iterator[Interpreter]:
    """One `dotnet` may have several runtimes beside it, each in a directory that is named by its version."""
    for root in places.dotnets():
        if not os.access(root / "dotnet", os.X_OK):
            continue
        for each in sorted((root / "shared/Microsoft.NETCore.App").glob("*"), key=lambda each: _numbers(each.name))[
            ::-1
        ]:
            found = _of(FAMILIES["dotnet"], each.name, root, "dotnet")
            if found is not None:
                yield found


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


def _of(family: Family, version: str, root: Path, program: str) -> Interpreter | None:
    numbers = _numbers(version)
    if numbers < family.oldest:
        return None
    release = family.release((*numbers, 0))
    return Interpreter(family.runtime((*numbers, 0)), family.name, release, version.lstrip("v"), root, program)


def custom() -> Iterator[Interpreter]:
    """Where the interpreter comes with the function, the machine has to bring its C library only."""
    library = (os.confstr("CS_GNU_LIBC_VERSION") or "").rpartition(" ")[2]
    for release in ("al2", "al2023"):
        yield Interpreter(f"provided.{release}", "custom", release, library, Path("/"), "usr")


FINDERS: list[Callable[[], Iterator[Interpreter]]] = [
    lambda: by_asking(FAMILIES["python"]),
    lambda: by_asking(FAMILIES["node"]),
    lambda: by_asking(FAMILIES["ruby"]),
    by_release_file,
    by_directory,
    custom,
]


@dataclass(frozen=True, slots=True)
class _Look:
    at: float  # monotonic
    state: object  # of the places
    found: list[Interpreter]


_last = _Look(-LOOK_SECONDS, None, [])


def found() -> list[Interpreter]:
    """All that answered, the ones a person chose first; also those that AWS has no runtime for."""
    if time.monotonic() - _last.at >= LOOK_SECONDS:
        look()
    return _last.found


def look() -> None:
    """Now, for somebody who misses one."""
    global _last
    now, state = time.monotonic(), places.state()
    same = state == _last.state
    _last = _Look(now, state, _last.found if same else [each for finder in FINDERS for each in finder()])


def installed() -> dict[str, Interpreter]:
    """The first of each runtime, by AWS id, in the order of the table."""
    first = {(each.family, each.release): each for each in reversed(found())}
    return {
        runtime.id: first[runtime.family, runtime.version]
        for runtime in RUNTIMES.values()
        if (runtime.family, runtime.version) in first
    }


def interpreter(runtime: str, version: str = "") -> Interpreter | None:
    """The machine's interpreter of a runtime: the first, or the one of exactly this version."""
    return next((each for each in of(runtime) if version in ("", each.version)), None)


def of_family(family: str) -> list[Interpreter]:
    return [each for each in found() if each.family == family]


def of(runtime: str) -> list[Interpreter]:
    """All of one runtime: an AWS id, or an interpreter's own."""
    known: Runtime | None = RUNTIMES.get(runtime)
    if known is None:
        return [each for each in found() if each.runtime == runtime]
    return [each for each in found() if (each.family, each.release) == (known.family, known.version)]
