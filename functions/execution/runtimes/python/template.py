"""SnapStart: the process that has initialised a function becomes the template of others, which are forked from it.

Python 3.8 syntax, standard library only. `runtime` is the bootstrap's module. The template answers nothing
but {"op": "copy"} with the filter for the copy as body, and two descriptors: its control channel and its log.
"""

import array
import ctypes
import gc
import json
import os
import shutil
import signal
import socket
import struct
import sys

HEAD = struct.Struct("!II")
UID, GID = 993, 990
HUGE, MADV_COLLAPSE = 1 << 21, 25


def before_snapshot(runtime):
    """The hooks, in the reverse order of their registration."""
    hooks = _hooks("get_before_snapshot")
    while hooks:
        _call(runtime, "Runtime.BeforeSnapshotError", hooks.pop())


def after_restore(runtime):
    for hook in _hooks("get_after_restore"):
        _call(runtime, "Runtime.AfterRestoreError", hook)


def _hooks(name):
    registry = sys.modules.get("snapshot_restore_py")  # AWS's interface: ours, or the one in the package
    return getattr(registry, name)() if registry is not None else []


def _call(runtime, kind, hook):
    function, arguments, keywords = hook
    try:
        function(*arguments, **keywords)
    except Exception as error:
        raise runtime.Fault(kind, str(error), runtime.describe()["stackTrace"]) from error


def serve(runtime, control):
    """In the template: the rest of its life. In each copy: the descriptor of its own channel."""
    gc.collect()
    gc.freeze()  # collecting would touch, and so copy, what is shared
    condense(runtime.sc.libc)
    channel = socket.socket(fileno=control)
    runtime.flush()
    children = signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel collects the copies
    while True:
        program, fds = _receive(channel)
        if runtime.sc.fork_into(runtime.sc.TEMPLATE_CLONE) == 0:
            try:
                signal.signal(signal.SIGCHLD, children)
                channel.detach()
                become(runtime, control, program, *fds)
            except BaseException as error:  # whatever it is, the copy ends here
                os.write(2, ("copy: %s: %s\n" % (type(error).__name__, error)).encode())
                os._exit(70)
            return control
        for fd in fds:
            os.close(fd)


def condense(libc):
    """Put what init made into huge pages, where the kernel can (Linux 6.1): a fork copies one entry for each of them
    instead of 512. Only of areas that are in use as good as whole, for what is not would be filled."""
    with open("/proc/self/smaps", "rb") as file:
        lines = file.read().splitlines()
    start = end = size = 0
    for line in lines:
        name, value = line.split(None, 2)[:2]
        if not name.endswith(b":"):
            first, last = (int(edge, 16) for edge in name.split(b"-"))
            size = last - first if value == b"rw-p" else 0
            start, end = -(-first // HUGE) * HUGE, last // HUGE * HUGE
        elif name == b"Anonymous:" and size and end > start and int(value) * 1024 > 0.9 * size:
            libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), MADV_COLLAPSE)


def become(runtime, control, program, ours, log):
    """In the copy: take what belongs to it, give up all that it does not need."""
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    for name, text in (
        ("setgroups", b"deny"),
        ("uid_map", b"%d %d 1" % (UID, UID)),
        ("gid_map", b"%d %d 1" % (GID, GID)),
    ):
        fd = os.open("/proc/self/" + name, os.O_WRONLY)
        os.write(fd, text)
        os.close(fd)
    runtime.loopback_up()
    left = os.open("/tmp", os.O_RDONLY | os.O_DIRECTORY) if os.listdir("/tmp") else -1
    with socket.socket(fileno=os.dup(ours)) as channel:
        channel.sendall(b"h")
        if channel.recv(1) != b"g":  # by now the files are its own
            os._exit(71)
    runtime.sc.capset_none()
    if program:
        runtime.sc.seccomp(program)
    os.dup2(ours, control)
    os.close(ours)
    os.chdir("/var/task")
    if left >= 0:
        take_over(left)
        os.close(left)
    reseed()


def take_over(directory):
    """What init left in /tmp."""
    with os.scandir("/proc/self/fd/%d" % directory) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                shutil.copytree(entry.path, "/tmp/" + entry.name, symlinks=True)
            elif entry.is_file(follow_symlinks=False) or entry.is_symlink():
                shutil.copy2(entry.path, "/tmp/" + entry.name, follow_symlinks=False)


def reseed():
    """What draws random numbers must not draw the same in each copy. Python's own `random` sees to itself."""
    ssl = sys.modules.get("_ssl")
    if ssl is not None:
        ssl.RAND_add(os.urandom(32), 32.0)
    numpy = sys.modules.get("numpy.random")
    if numpy is not None:
        numpy.seed()


def _receive(channel):
    data, ancillary, _, _ = channel.recvmsg(65536, socket.CMSG_SPACE(8))
    fds = array.array("i")
    for _level, _kind, content in ancillary:
        fds.frombytes(content)
    while len(data) < HEAD.size or len(data) < HEAD.size + sum(HEAD.unpack_from(data)):
        more = channel.recv(65536) if data else b""
        if not more:
            os._exit(0)  # the executor has gone
        data += more
    head_length, body_length = HEAD.unpack_from(data)
    start = HEAD.size + head_length
    assert json.loads(data[HEAD.size : start])["op"] == "copy"
    return data[start : start + body_length], list(fds)
