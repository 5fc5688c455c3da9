"""The files in static/ as one release."""

import hashlib
from pathlib import Path


def digest(directory: Path) -> str:
    """Sixteen hexadecimal digits that change with any name or content below `directory`."""
    found = hashlib.sha256()
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        content = path.read_bytes()
        found.update(f"{path.relative_to(directory)}\0{len(content)}\0".encode())
        found.update(content)
    return found.hexdigest()[:16]
