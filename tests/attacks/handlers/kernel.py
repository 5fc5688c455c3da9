"""Ways to privileges, and to kernel code that a function has no need of."""

import os
import socket

from calls import attempt, call, libc, system


def refused_calls():
    return {
        "mount": call(libc.mount, b"none", b"/tmp", b"tmpfs", 0, None),
        "umount": call(libc.umount2, b"/tmp", 2),
        "chroot": call(libc.chroot, b"/tmp"),
        "pivot_root": system(155, 41, b"/tmp", b"/tmp"),
        "unshare user": call(libc.unshare, 0x10000000),
        "unshare net": call(libc.unshare, 0x40000000),
        "unshare mount": call(libc.unshare, 0x20000),
        "unshare time": call(libc.unshare, 0x80),
        "clone user": system(56, 220, 0x10000000 | 17, 0, 0, 0, 0),
        "setns": call(libc.setns, os.open("/proc/self/ns/net", os.O_RDONLY), 0),
        "ptrace": call(libc.ptrace, 16, 1, 0, 0),
        "ptrace traceme": call(libc.ptrace, 0, 0, 0, 0),
        "process_vm_readv": system(310, 270, 1, 0, 0, 0, 0, 0),
        "process_vm_writev": system(311, 271, 1, 0, 0, 0, 0, 0),
        "process_madvise": system(440, 440, 1, 0, 0, 0, 0),
        "pidfd_getfd": system(438, 438, os.pidfd_open(1), 0, 0),
        "kcmp": system(312, 272, 1, 2, 0, 0, 0),
        "keyctl": system(250, 219, 0, -3, 0),
        "add_key": system(248, 217, b"user", b"x", b"y", 1, -3),
        "request_key": system(249, 218, b"user", b"x", None, -3),
        "bpf": system(321, 280, 0, 0, 0),
        "perf_event_open": system(298, 241, 0, 0, -1, -1, 0),
        "userfaultfd": system(323, 282, 0),
        "io_uring_setup": system(425, 425, 1, 0),
        "open_tree": system(428, 428, -100, b"/", 1),
        "fsopen": system(430, 430, b"tmpfs", 0),
        "mount_setattr": system(442, 442, -100, b"/", 0, 0, 0),
        "listmount": system(458, 458, 0, 0, 0, 0),
        "reboot": call(libc.reboot, 0),
        "sethostname": call(libc.sethostname, b"x", 1),
        "setgroups": call(libc.setgroups, 0, None),
        "mknod": system(259, 33, -100, b"/tmp/sda", 0o60644, 0x800),
        "mknod of a character device": system(259, 33, -100, b"/tmp/null", 0o20666, 0x103),
        "init_module": system(175, 105, b"", 0, b""),
        "kexec_load": system(246, 104, 0, 0, 0, 0),
        "swapon": system(167, 224, b"/tmp/x", 0),
        "syslog": call(libc.klogctl, 3, None, 0),
        "fanotify": system(300, 262, 0, 0),
        "name_to_handle_at": system(303, 264, -100, b"/", 0, 0, 0),
        "open_by_handle_at": system(304, 265, -100, 0, 0),
        "quotactl": system(179, 60, 0, b"/", 0, 0),
        "move_pages": system(279, 239, 1, 0, 0, 0, 0, 0),
        "acct": call(libc.acct, b"/tmp/acct"),
    }


def clone3():
    return system(435, 435, b"\0" * 88, 88)


def become_root():
    return [call(libc.setuid, 0), call(libc.setgid, 0), call(libc.setreuid, 0, 0), call(libc.setfsuid, 0)][:3]


def outrank_others():
    """A better place in the scheduler and on the disk, memory that stays."""
    return {
        "nice": attempt(os.nice, -5),
        "fifo": attempt(os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(1)),
        "ioprio real time": system(251, 30, 1, 0, (1 << 13) | 0),
        "mlockall": call(libc.mlockall, 3),
    }


def refused_sockets():
    kinds = {
        "raw": (2, 3, 1), "raw6": (10, 3, 58), "packet": (17, 3, 0), "key": (15, 3, 2), "alg": (38, 5, 0),
        "vsock": (40, 1, 0), "netfilter": (16, 3, 12), "audit": (16, 3, 9), "uevent": (16, 3, 15),
        "bluetooth": (31, 3, 0), "can": (29, 3, 1), "tipc": (30, 2, 0), "rds": (21, 5, 0), "xdp": (44, 3, 0),
    }  # fmt: skip
    return {name: attempt(socket.socket, *kind) for name, kind in kinds.items()}


def usual_sockets():
    kinds = {"tcp": (2, 1, 0), "udp": (2, 2, 0), "unix": (1, 1, 0), "route": (16, 3, 0)}
    return {name: attempt(socket.socket, *kind) for name, kind in kinds.items()}


def inject_into_terminals():
    """TIOCSTI and TIOCLINUX, plain and with high bits set that the kernel ignores."""
    return [call(libc.ioctl, 1, request, b"x") for request in (0x5412, 0x541C)] + [
        system(16, 29, 1, 0x1_0000_5412, b"x")
    ]


def own_status():
    with open("/proc/self/status") as file:
        return dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
