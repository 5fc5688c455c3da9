"""Write `<architecture>.bpf`: run once after changing the lists, with libseccomp (2.5 or newer) on the machine.

    python -m functions.execution.sandbox.seccomp.generate

A deny list over a default of ALLOW: an allow list breaks native extensions sooner than it helps. A sandbox holds no
capability, so most of what is refused here would fail anyway; the filter keeps kernel code out of reach.
"""

import ctypes
import errno
import os
import struct
from pathlib import Path
from tempfile import TemporaryFile

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

REFUSED = """
mount umount umount2 pivot_root chroot move_mount open_tree fsopen fsconfig fsmount fspick mount_setattr setns unshare
ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp keyctl add_key request_key bpf
perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register init_module finit_module delete_module
kexec_load kexec_file_load reboot swapon swapoff acct quotactl quotactl_fd nfsservctl sethostname setdomainname syslog
settimeofday stime clock_settime clock_settime64 clock_adjtime clock_adjtime64 adjtimex iopl ioperm modify_ldt vm86
vm86old uselib ustat sysfs _sysctl lookup_dcookie move_pages migrate_pages mbind set_mempolicy
set_mempolicy_home_node open_by_handle_at name_to_handle_at fanotify_init fanotify_mark vhangup
create_module query_module get_kernel_syms
"""
# Newer than the library: statmount, listmount, lsm_set_self_attr, open_tree_attr (the same on every architecture).
REFUSED_NUMBERS = [457, 458, 460, 467]
NEW_NAMESPACE_BITS = [0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000]
DEVICES, KIND_MASK = [0o020000, 0o060000], 0o170000  # of a file's mode; pipes with a name may be made
TERMINAL_INJECTION = [0x5412, 0x541C]  # TIOCSTI, TIOCLINUX
AF_INET, AF_INET6, AF_NETLINK, SOCK_RAW, SOCK_PACKET = 2, 10, 16, 3, 10
ALLOWED_FAMILIES = {0, 1, AF_INET, AF_INET6, AF_NETLINK}
TYPE_MASK = 0xF  # without SOCK_CLOEXEC and SOCK_NONBLOCK

ALLOW = 0x7FFF0000
NE, EQ, MASKED_EQ = 1, 4, 7


class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def refuse(number: int) -> int:
    return 0x00050000 | number


def build(architecture: int) -> bytes:
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ALLOW))

    def rule(action: int, name: str, *compares: Compare) -> None:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number == -1:
            return  # unknown to this library
        array = (Compare * max(1, len(compares)))(*compares)
        result = library.seccomp_rule_add_array(context, ctypes.c_uint32(action), number, len(compares), array)
        # A call that this architecture does not have cannot be made either.
        if result and -result not in (errno.EDOM, errno.EINVAL):
            raise OSError(-result, f"rule for {name}")

    library.seccomp_arch_native.restype = ctypes.c_uint32
    native = library.seccomp_arch_native()
    if native != architecture:
        for call, arch in ((library.seccomp_arch_add, architecture), (library.seccomp_arch_remove, native)):
            if call(context, ctypes.c_uint32(arch)):
                raise OSError("architecture")
    for refused in REFUSED.split():
        rule(refuse(errno.EPERM), refused)
    for bit in NEW_NAMESPACE_BITS:
        rule(refuse(errno.EPERM), "clone", Compare(0, MASKED_EQ, bit, bit))
    # Its flags lie in memory, out of a filter's sight. ENOSYS, so that the C library falls back to clone.
    rule(refuse(errno.ENOSYS), "clone3")
    for device in DEVICES:
        rule(refuse(errno.EPERM), "mknod", Compare(1, MASKED_EQ, KIND_MASK, device))
        rule(refuse(errno.EPERM), "mknodat", Compare(2, MASKED_EQ, KIND_MASK, device))
    for request in TERMINAL_INJECTION:
        rule(refuse(errno.EPERM), "ioctl", Compare(1, MASKED_EQ, 0xFFFFFFFF, request))
    for family in range(1, 46):
        if family not in ALLOWED_FAMILIES:
            rule(refuse(errno.EAFNOSUPPORT), "socket", Compare(0, EQ, family, 0))
    # getaddrinfo and interface lists need the route protocol (0) only.
    rule(refuse(errno.EPROTONOSUPPORT), "socket", Compare(0, EQ, AF_NETLINK, 0), Compare(2, NE, 0, 0))
    for family in (AF_INET, AF_INET6):
        for kind in (SOCK_RAW, SOCK_PACKET):
            rule(refuse(errno.EPERM), "socket", Compare(0, EQ, family, 0), Compare(1, MASKED_EQ, TYPE_MASK, kind))
    with TemporaryFile() as file:
        if library.seccomp_export_bpf(context, file.fileno()):
            raise OSError("export")
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        return by_number() + file.read()


def by_number() -> bytes:
    """Instructions to stand before the library's: load the call's number, compare, refuse."""
    load, jump_if_equal, answer = 0x20, 0x15, 0x06
    code = struct.pack("=HBBI", load, 0, 0, 0)
    for number in REFUSED_NUMBERS:
        code += struct.pack("=HBBI", jump_if_equal, 0, 1, number) + struct.pack(
            "=HBBI", answer, 0, 0, refuse(errno.EPERM)
        )
    return code


def main() -> None:
    for name, number in ARCHITECTURES.items():
        Path(__file__).with_name(f"{name}.bpf").write_bytes(build(number))


if __name__ == "__main__":
    main()
