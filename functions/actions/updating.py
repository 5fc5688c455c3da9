"""One update of a function at a time: a second one that comes meanwhile is refused at once, as at AWS.

A lock of the machine, not of the database, for an update checks and unpacks a package before its transaction. It ends
with the process that holds it. (Between machines the transaction's own lock keeps a function whole.)
"""

import fcntl
import hashlib
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.conf import settings

from functions.access.caller import Caller
from functions.arn import FunctionReference
from functions.errors import ResourceConflictException

P = ParamSpec("P")
R = TypeVar("R")
FLOCK = "hhqqi4x"  # struct flock of 64-bit Linux: type, whence, start, length, pid


def alone(
    action: Callable[Concatenate[Caller, FunctionReference, P], R],
) -> Callable[Concatenate[Caller, FunctionReference, P], R]:
    """The action, refused with ResourceConflictException while another one updates the same function."""

    @wraps(action)
    def run(caller: Caller, reference: FunctionReference, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with updating(reference):
            return action(caller, reference, *args, **kwargs)

    return run


@contextmanager
def updating(reference: FunctionReference) -> Iterator[None]:
    """Hold the function."""
    with held(reference.function_arn) as is_mine:
        if not is_mine:
            raise ResourceConflictException(
                "The operation cannot be performed at this time. An update is in progress for resource: "
                + reference.function_arn
            )
        yield


@contextmanager
def held(name: str) -> Iterator[bool]:
    """Whether the name is ours for the block: one byte of a file, by its hash, belongs to whoever came first."""
    digest = hashlib.sha256(name.encode()).digest()
    start = int.from_bytes(digest[:8], "big") >> 2
    file = os.open(settings.HEARTH_DATA / "updates.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.fcntl(file, fcntl.F_OFD_SETLK, struct.pack(FLOCK, fcntl.F_WRLCK, os.SEEK_SET, start, 1, 0))
        except BlockingIOError:
            is_mine = False
        else:
            is_mine = True
        yield is_mine
    finally:
        os.close(file)  # the lock goes with the open file
