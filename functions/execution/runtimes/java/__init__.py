"""The Java bootstrap is source here, and is compiled on each machine once: no program lies in the repository.

One set of classes serves every Java from 8 on. The directory's name has a digest of the source, so a newer Hearth
compiles its own.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
# Words of javac for what runs on Java 8, which it has known since 9 and 1.
RELEASE = {True: ["--release", "8"], False: ["-source", "8", "-target", "8"]}


class NoCompiler(Exception):
    """The bootstrap was not compiled yet, and this machine has no javac. The message says so."""


def sources() -> list[Path]:
    return sorted(HERE.rglob("*.java"))


def place(scratch: Path) -> Path:
    """Where the classes are, or will be."""
    digest = hashlib.sha256()
    for path in sources():
        digest.update(path.read_bytes())
    return scratch / f"java-{digest.hexdigest()[:16]}"


def build_order(scratch: Path) -> dict[str, Any]:
    """For `root.main`: what to show at /var/runtime, and how to make it first."""
    from functions.execution.runtimes import discovery

    target = place(scratch)
    if target.is_dir():
        return {"runtime": str(target)}
    compiler = discovery.javac()
    if compiler is None:
        raise NoCompiler("the Java bootstrap has to be compiled once, and this machine has no javac: install a JDK")
    return {"runtime": str(target), "javac": str(compiler.root / "bin/javac"), "is_modern": compiler.release != "8"}


def compile_to(target: Path, javac: str, is_modern: bool) -> None:
    """Some two seconds. Several may do so at once: each puts the same in place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="javac-", dir=target.parent))
    try:
        options = [*RELEASE[is_modern], "-encoding", "UTF-8", "-proc:none", "-Xlint:-options", "-nowarn"]
        subprocess.run([javac, *options, "-d", str(scratch), *map(str, sources())], check=True, env={"LANG": "C.UTF-8"})
        scratch.chmod(0o755)
        os.rename(scratch, target)
    except OSError:
        if not target.is_dir():
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
