"""Memory, files and time of the machine."""

import ctypes
import fcntl
import mmap
import multiprocessing.shared_memory
import os
import socket
import time

from calls import attempt, libc

MIB = 1 << 20


def hold_memory(mib):
    kept = []
    for _ in range(mib):
        kept.append(bytearray(b"x" * MIB))
    return len(kept)


def hold_in_children(mib, children):
    """The same, spread over processes that each stay small."""
    for _ in range(children):
        if os.fork() == 0:
            kept = bytearray(b"x" * (mib * MIB))
            time.sleep(60)
            os._exit(len(kept) & 0)
    time.sleep(60)


def hold_in_memfd(mib):
    fd = os.memfd_create("hidden")
    for _ in range(mib):
        os.write(fd, b"x" * MIB)
    return "held"


def hold_in_system_v(mib):
    segment = libc.shmget(0, mib * MIB, 0o1600)
    libc.shmat.restype = ctypes.c_void_p
    address = libc.shmat(segment, None, 0)
    if segment == -1 or address == ctypes.c_void_p(-1).value:
        return "refused"
    ctypes.memset(address, 1, mib * MIB)
    return "held"


def hold_in_pipes():
    """Kernel memory: full pipes, as large as they may be."""
    held = 0
    try:
        while True:
            _, write = os.pipe()
            os.set_blocking(write, False)
            attempt(fcntl.fcntl, write, 1031, MIB)  # F_SETPIPE_SZ
            while attempt(os.write, write, b"x" * 65_536) == "allowed":
                held += 65_536
    except OSError:
        return held


def hold_in_sockets():
    """Kernel memory: sockets that nobody reads."""
    held = 0
    try:
        while True:
            ours, _theirs = socket.socketpair()
            kept.append((ours, _theirs))
            ours.setblocking(False)
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 30)
            try:
                while True:
                    held += ours.send(b"x" * 65_536)
            except BlockingIOError:
                pass
    except OSError:
        return held


kept = []


def fill(path, mib=100_000):
    """Bytes that a file takes until it is refused."""
    written = 0
    try:
        with open(path, "wb", buffering=0) as file:
            while written < mib * MIB:
                written += file.write(bytes(MIB))
    except OSError:
        pass
    return written


def fill_with_files(directory):
    """Empty files until they are refused."""
    count = 0
    try:
        while count < 10_000_000:
            os.close(os.open(f"{directory}/{count}", os.O_CREAT | os.O_WRONLY))
            count += 1
    except OSError:
        return count


def deep_directories():
    """Directories in one another until they are refused."""
    depth = 0
    os.chdir("/tmp")
    try:
        while depth < 10_000_000:
            os.mkdir("d")
            os.chdir("d")
            depth += 1
    except OSError:
        return depth


def open_files():
    """Descriptors of one process until they are refused."""
    count = 0
    try:
        while True:
            os.open("/dev/null", os.O_RDONLY)
            count += 1
    except OSError:
        return count


def reserve_address_space():
    """Terabytes that are never touched."""
    kept.append(mmap.mmap(-1, 1 << 40, flags=mmap.MAP_PRIVATE | 0x4000))  # MAP_NORESERVE
    return "reserved"


def shared_memory(mib):
    try:
        block = multiprocessing.shared_memory.SharedMemory(create=True, size=mib * MIB)
        block.buf[:] = b"x" * (mib * MIB)
    except OSError:
        return "refused"
    return "held"


def burn(processes):
    """Every core, by many processes."""
    for _ in range(processes):
        if os.fork() == 0:
            while True:
                pass
    while True:
        pass
