"""An interpreter of this machine, whatever its language."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Interpreter:
    """An interpreter that answered. `root` is what a sandbox shows at /var/lang; `program` is relative to it."""

    runtime: str  # its own id, as AWS would name it: ruby3.1 also where AWS has no such runtime
    family: str
    release: str  # the version that ids carry: 3.11, 20, 17
    version: str  # in full: 3.11.7
    root: Path
    program: str

    @property
    def path(self) -> Path:
        return self.root / self.program
