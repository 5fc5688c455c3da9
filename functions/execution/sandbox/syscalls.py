"""The Linux calls that Python has no function for, by ctypes. Runs under Python 3.8 too: the zygotes use it."""

from __future__ import annotations

import ctypes
import os
import struct

libc = ctypes.CDLL(None, use_errno=True)
# Keeps the GIL: no other code may run between the parts of a fork.
locked = ctypes.PyDLL(None, use_errno=True)

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
CLONE_PARENT = 0x00008000
CLONE_CHILD_CLEARTID = 0x00200000
CLONE_CHILD_SETTID = 0x01000000
SIGCHLD = 17
# What a template may ask of clone(2), and nothing else: see `seccomp.for_templates`.
TEMPLATE_CLONE = (
    CLONE_NEWUSER
    | CLONE_NEWPID
    | CLONE_NEWNS
    | CLONE_NEWIPC
    | CLONE_NEWUTS
    | CLONE_NEWNET
    | CLONE_CHILD_SETTID
    | CLONE_CHILD_CLEARTID
    | SIGCHLD
)

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
MNT_DETACH = 2

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
PR_SET_NO_NEW_PRIVS, PR_GET_TID_ADDRESS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 38, 40, 47, 4
SIGKILL = 9

# The newer calls have one number on every architecture; the older ones differ.
SYS_FSOPEN, SYS_FSCONFIG, SYS_FSMOUNT = 430, 431, 432
SYS_CLONE3, SYS_OPEN_TREE, SYS_MOVE_MOUNT, SYS_MOUNT_SETATTR = 435, 428, 429, 442
_X86 = os.uname().machine == "x86_64"
SYS_PIVOT_ROOT = 155 if _X86 else 41
SYS_CAPSET = 126 if _X86 else 91
SYS_CLONE = 56 if _X86 else 220
SYS_SECCOMP = 317 if _X86 else 277
SYS_SCHED_SETATTR = 314 if _X86 else 274

# What /proc tells about the machine and no function needs.
MASKED = [
    "/proc/kcore", "/proc/keys", "/proc/key-users", "/proc/timer_list", "/proc/sched_debug", "/proc/latency_stats",
    "/proc/sysrq-trigger", "/proc/kallsyms", "/proc/modules", "/proc/cmdline", "/proc/config.gz", "/proc/iomem",
    "/proc/ioports", "/proc/kmsg", "/proc/kpagecount", "/proc/kpageflags", "/proc/kpagecgroup", "/proc/slabinfo",
    "/proc/vmallocinfo", "/proc/interrupts", "/proc/partitions", "/proc/diskstats",
]  # fmt: skip

AT_FDCWD = -100
AT_EMPTY_PATH, AT_RECURSIVE, OPEN_TREE_CLONE, OPEN_TREE_CLOEXEC = 0x1000, 0x8000, 1, 0o2000000
MOVE_MOUNT_F_EMPTY_PATH = 4
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC = 1, 2, 4, 8
FSOPEN_CLOEXEC, FSMOUNT_CLOEXEC = 1, 1
FSCONFIG_SET_FLAG, FSCONFIG_SET_STRING, FSCONFIG_SET_FD, FSCONFIG_CMD_CREATE = 0, 1, 5, 6


def check(result: int, what: str = "") -> int:
    """The result of a C call, or OSError."""
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result


def unshare(flags: int) -> None:
    check(libc.unshare(flags), "unshare")


def setns(fd: int, kind: int) -> None:
    check(libc.setns(fd, kind), "setns")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """mount(2)."""
    check(
        libc.mount(
            source.encode(), target.encode(), kind.encode() or None, ctypes.c_ulong(flags), options.encode() or None
        ),
        "mount " + target,
    )


def bind(source: str, target: str, flags: int = MS_RDONLY | MS_NOSUID | MS_NODEV) -> None:
    """A recursive bind mount; the flags take a second call, and hold for the top mount."""
    mount(source, target, "", MS_BIND | MS_REC)
    mount("", target, "", MS_BIND | MS_REMOUNT | flags)


def unmount(target: str) -> None:
    check(libc.umount2(target.encode(), MNT_DETACH), "umount " + target)


def pivot_root(new: str, old: str) -> None:
    check(libc.syscall(SYS_PIVOT_ROOT, new.encode(), old.encode()), "pivot_root")


_prctl = ctypes.CDLL(None, use_errno=True).prctl
_prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]


def prctl(option: int, *arguments: int) -> None:
    check(_prctl(option, *(*arguments, 0, 0, 0, 0)[:4]), "prctl")


def run_soon() -> None:
    """Let this thread and all it will start run soon after they wake, for short turns: the least slice there is.

    Which of those that want the processor is next the kernel decides by the end of their slices (Linux 6.12).
    """
    policy, flags, nice, priority, slice_ns = 0, 0, os.getpriority(os.PRIO_PROCESS, 0), 0, 100_000
    attributes = struct.pack("=IIQiIQQQ", 48, policy, flags, nice, priority, slice_ns, 0, 0)
    check(libc.syscall(SYS_SCHED_SETATTR, 0, attributes, 0), "sched_setattr")


def sethostname(name: bytes) -> None:
    check(libc.sethostname(name, len(name)), "sethostname")


def capset_none() -> None:
    """Give up every capability."""
    header = struct.pack("=Ii", 0x20080522, 0)
    check(libc.syscall(SYS_CAPSET, header, bytes(24)), "capset")


def seccomp(program: bytes) -> None:
    """Install a BPF filter on this thread and all it will start."""
    code = ctypes.create_string_buffer(program, len(program))
    filter_ = struct.pack("=HxxxxxxQ", len(program) // 8, ctypes.addressof(code))
    check(libc.syscall(SYS_SECCOMP, 1, 0, filter_), "seccomp")


def _tid_address() -> int:
    address = ctypes.c_ulong(0)
    if libc.prctl(PR_GET_TID_ADDRESS, ctypes.byref(address), 0, 0, 0) == -1:
        return 0  # kernels without checkpoint/restore: the C library's idea of the thread id stays the parent's
    return address.value


def clone(flags: int) -> int:
    """fork(2) into new namespaces. The caller must have one thread only."""
    tid = _tid_address()
    if tid:
        flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID
    # struct clone_args; no exit signal: with CLONE_PARENT it is the caller's own.
    arguments = struct.pack("=8Q", flags, 0, tid, 0, 0, 0, 0, 0)
    locked.PyOS_BeforeFork()
    result = locked.syscall(SYS_CLONE3, arguments, ctypes.c_size_t(len(arguments)))
    if result == 0:
        locked.PyOS_AfterFork_Child()
        return 0
    number = ctypes.get_errno()
    locked.PyOS_AfterFork_Parent()
    if result == -1:
        raise OSError(number, os.strerror(number), "clone3")
    return int(result)


def open_tree(path: str) -> int:
    """A detached read-only copy of the mount at `path`, as a descriptor."""
    flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE
    fd = int(check(libc.syscall(SYS_OPEN_TREE, AT_FDCWD, path.encode(), flags), "open_tree " + path))
    attributes = struct.pack("=4Q", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0, 0, 0)
    try:
        check(
            libc.syscall(SYS_MOUNT_SETATTR, fd, b"", AT_EMPTY_PATH | AT_RECURSIVE, attributes, ctypes.c_size_t(32)),
            "mount_setattr",
        )
    except OSError:
        os.close(fd)
        raise
    return fd


def move_mount(fd: int, target: str) -> None:
    check(libc.syscall(SYS_MOVE_MOUNT, fd, b"", AT_FDCWD, target.encode(), MOVE_MOUNT_F_EMPTY_PATH), "move_mount")


def fork_into(flags: int) -> int:
    """fork(2) into new namespaces by clone(2), whose flags a system call filter can see. `flags` as they are counted
    there: TEMPLATE_CLONE. The caller must have one thread that runs."""
    locked.PyOS_BeforeFork()
    tid = ctypes.c_ulong(_tid_address())
    # The order of the last two differs: parent_tid, child_tid, tls on x86.
    last = (0, tid, 0) if _X86 else (0, 0, tid)
    result = locked.syscall(SYS_CLONE, ctypes.c_ulong(flags), 0, *last)
    if result == 0:
        locked.PyOS_AfterFork_Child()
        return 0
    number = ctypes.get_errno()
    locked.PyOS_AfterFork_Parent()
    if result == -1:
        raise OSError(number, os.strerror(number), "clone")
    return int(result)


def detached(kind: bytes, *options: tuple[int, bytes, bytes | None, int]) -> int:
    """A new mount of a kind of file system that is nowhere to be seen, as a descriptor: gone when that is closed.

    `options`: of fsconfig(2), each a command, a key, a text and a number.
    """
    context = int(check(libc.syscall(SYS_FSOPEN, kind, FSOPEN_CLOEXEC), "fsopen"))
    try:
        for command, key, text, number in options:
            check(libc.syscall(SYS_FSCONFIG, context, command, key, text, number), "fsconfig " + key.decode())
        check(libc.syscall(SYS_FSCONFIG, context, FSCONFIG_CMD_CREATE, None, None, 0), "fsconfig create")
        attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC
        return int(check(libc.syscall(SYS_FSMOUNT, context, FSMOUNT_CLOEXEC, attributes), "fsmount"))
    finally:
        os.close(context)


def proc_of(pid_namespace: int) -> int:
    """A detached proc of a pid namespace (a descriptor of it), as a descriptor. OSError before Linux 6.17."""
    return detached(b"proc", (FSCONFIG_SET_FD, b"pidns", None, pid_namespace))
