"""The system call filter of a sandbox, as BPF instructions per architecture (made by `generate.py`)."""

import platform
import struct
from pathlib import Path

from functions.execution.sandbox.syscalls import SYS_CLONE, TEMPLATE_CLONE

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
LOAD, JUMP_IF_EQUAL, RETURN, ALLOW = 0x20, 0x15, 0x06, 0x7FFF0000
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data


def program() -> bytes | None:
    """The filter of this machine's architecture; None where there is none (said in the isolation facts)."""
    path = Path(__file__).with_name(f"{platform.machine()}.bpf")
    return path.read_bytes() if path.exists() else None


def for_templates() -> bytes | None:
    """The filter of a snapshot's template: it may also make copies of itself in namespaces of their own.

    Seven instructions before the others: this architecture, clone, exactly those flags.
    """
    rest = program()
    if rest is None:
        return None
    code = [
        (LOAD, 0, 0, ARCHITECTURE),
        (JUMP_IF_EQUAL, 0, 5, AUDIT_ARCH[platform.machine()]),
        (LOAD, 0, 0, NUMBER),
        (JUMP_IF_EQUAL, 0, 3, SYS_CLONE),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (JUMP_IF_EQUAL, 0, 1, TEMPLATE_CLONE),
        (RETURN, 0, 0, ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code) + rest
