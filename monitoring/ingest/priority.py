"""How the ingester shares a core with invocations: a report may wait a moment, a call must not."""

import ctypes
import logging
import os
import struct

NICE = 10
SLICE_NS = 100_000_000
# int sched_setattr(pid_t, struct sched_attr *, unsigned flags): the C library has no function for it.
NUMBERS = {"x86_64": 314, "aarch64": 274}
ATTRIBUTES = struct.Struct("=IIQiIQQQ")  # size, policy, flags, nice, priority, runtime, deadline, period
log = logging.getLogger(__name__)


def give_way() -> None:
    """Ask for less of the core, in long slices.

    Since Linux 6.12 whoever asks for shorter ones is let in at once when it wakes, instead of after ours; its share of
    the core is the same. Source: https://docs.kernel.org/scheduler/sched-eevdf.html
    """
    os.nice(NICE)
    number = NUMBERS.get(os.uname().machine)
    if number is None:
        return
    attributes = ATTRIBUTES.pack(ATTRIBUTES.size, os.SCHED_OTHER, 0, os.nice(0), 0, SLICE_NS, 0, 0)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, 0, attributes, 0) != 0:
        log.info("no long slices: %s", os.strerror(ctypes.get_errno()))
