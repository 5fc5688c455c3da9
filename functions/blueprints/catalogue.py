"""Blueprints: functions that are ready to be created, each with a test event.

One folder each: `blueprint.json` (what the create page shows and prefills), `code/` (the package), `event.json`.
"""

import importlib.util
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent

# What of Pillow a thumbnail needs: no fonts, no Tk or Qt, no codecs beyond JPEG, PNG and their like.
PILLOW_SKIP = ("_avif", "_webp", "_imagingft", "_imagingcms", "_imagingtk", "_tkinter", "ImageTk", "ImageQt")
LIBRARIES_SKIP = ("libavif", "libwebp", "libsharpyuv", "libfreetype", "libharfbuzz", "libbrotli", "libpng", "liblcms2")


@dataclass(frozen=True)
class Blueprint:
    """`family` is that of the runtimes it runs on; with `bundles` it needs the very version of this interpreter, as
    compiled modules are taken from it. `memory` is MB, `timeout` seconds, `event` JSON text."""

    name: str
    title: str
    description: str
    family: str
    handler: str
    memory: int
    timeout: int
    environment: dict[str, str] = field(default_factory=dict)
    function_url: bool = False  # a public one (AuthType NONE) is created with it
    bundles: tuple[str, ...] = ()
    program: str = ""  # of the machine, that the code calls

    @property
    def runtime(self) -> str:
        """The one runtime id it can run on; empty when any of its family will do."""
        return f"python{sys.version_info.major}.{sys.version_info.minor}" if self.bundles else ""

    @property
    def event(self) -> str:
        return (HERE / self.name / "event.json").read_text()

    def files(self) -> dict[str, bytes]:
        """The package: path -> content."""
        files = dict(_tree(HERE / self.name / "code"))
        if "pillow" in self.bundles:
            files.update(_pillow())
        return files


@cache
def all() -> list[Blueprint]:
    """Every blueprint, the simplest first."""
    found = [_read(path.parent) for path in HERE.glob("*/blueprint.json")]
    return sorted(found, key=lambda each: (not each.name.startswith("hello-"), each.family != "python", each.name))


def get(name: str) -> Blueprint | None:
    return next((each for each in all() if each.name == name), None)


def _read(folder: Path) -> Blueprint:
    values = json.loads((folder / "blueprint.json").read_text())
    values["bundles"] = tuple(values.get("bundles", ()))
    return Blueprint(name=folder.name, **values)


def _tree(root: Path, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield prefix + path.relative_to(root).as_posix(), path.read_bytes()


def _pillow() -> Iterator[tuple[str, bytes]]:
    """Pillow as it is installed here, with the shared libraries of its wheel."""
    spec = importlib.util.find_spec("PIL")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("Pillow is not installed", name="PIL")
    package = Path(spec.origin).parent
    for path, content in _tree(package, "PIL/"):
        if not path.endswith(".pyi") and not path.removeprefix("PIL/").startswith(PILLOW_SKIP):
            yield path, content
    for path, content in _tree(package.parent / "pillow.libs", "pillow.libs/"):
        if not path.removeprefix("pillow.libs/").startswith(LIBRARIES_SKIP):
            yield path, content
