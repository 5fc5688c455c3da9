"""The error types that AWS's platform knows: what a runtime names otherwise is unknown to logs and events."""

import re

UNKNOWN = "Runtime.Unknown"
KNOWN = re.compile(r"(Runtime|Function|Extension|Sandbox)\.[A-Z][a-zA-Z]+")


def known(given: str) -> str:
    """As AWS's Runtime Interface Emulator has it."""
    if KNOWN.search(given):
        return given
    return "Function.Unknown" if given.startswith("Function.") else UNKNOWN
