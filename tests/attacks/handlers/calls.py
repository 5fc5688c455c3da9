"""System calls by number, and what became of them."""

import ctypes
import errno
import platform

libc = ctypes.CDLL(None, use_errno=True)
X86 = platform.machine() == "x86_64"


def call(function, *arguments):
    """ "allowed", or the name of the error."""
    ctypes.set_errno(0)
    return "allowed" if function(*arguments) != -1 else errno.errorcode[ctypes.get_errno()]


def system(x86, arm, *arguments):
    """A system call by its number on either architecture."""
    return call(libc.syscall, x86 if X86 else arm, *arguments)


def attempt(function, *arguments):
    """ "allowed", or the name of the OSError."""
    try:
        function(*arguments)
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
    return "allowed"
