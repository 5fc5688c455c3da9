"""The system call filter of a sandbox, as BPF instructions per architecture (made by `generate.py`)."""

import platform
from pathlib import Path


def program() -> bytes | None:
    """The filter of this machine's architecture; None where there is none (said in the isolation facts)."""
    path = Path(__file__).with_name(f"{platform.machine()}.bpf")
    return path.read_bytes() if path.exists() else None
