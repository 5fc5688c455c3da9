"""What comes of asking a runtime for something, and how large an answer may be."""

from dataclasses import dataclass

from functions.execution.stream import Head

MAX_HEAD = 65_536
MAX_RESPONSE = 6 * 1024 * 1024 + 100  # AWS's figure for synchronous responses
MAX_BODY = MAX_RESPONSE + 65_536  # error payloads have no limit of their own


@dataclass(frozen=True, slots=True)
class Answer:
    """The runtime answered."""

    head: Head
    body: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """The runtime is gone. `status` as a shell gives it; `reason` is why we killed it, empty when it went by itself."""

    status: int
    reason: str = ""  # timeout, memory, protocol, size, extension, stop
    fault: tuple[str, str] | None = None  # of an extension: error type and text


Outcome = Answer | Ended
OOM = "memory"
REFUSED = ("protocol", "size")  # killed for what it sent: nothing that follows counts
KILLED = 137  # by SIGKILL
