"""What the engine asks of the limits of one environment, whatever enforces them."""

from typing import Protocol

from functions.execution.spec import CPU_MB

MIB = 1024 * 1024
PIDS = 1024
# How much more of the processor an invocation gets that has just begun than one that has worked for a while: what is
# short is served among what is long, and what is long shares by memory.
HEAD_START = 16
# Over which a quota of CPU time is counted, in microseconds: short, so that a small function stands still briefly.
PERIOD_US = 20_000


def quota_us(memory_mb: int, vcpu_mb: int) -> int:
    """CPU time in a period, as AWS gives it: one whole CPU at 1,769 MB, 5.8 at 10,240. The kernel's least is 1 ms."""
    return max(1000, PERIOD_US * memory_mb // vcpu_mb)


class Group(Protocol):
    """The limits of one environment. No method raises."""

    counts_tmp: bool  # whether what /tmp holds is part of the figures

    def attach(self, pid: int) -> None:
        """`pid` is the sandbox's pid 1, or later another child of ours in it. It has joined already."""

    def files(self) -> dict[str, int]:
        """Descriptors of the cgroup.procs files to join, by a name for each."""

    def limit(self, memory_mb: int, tmp_mb: int, vcpu_mb: int = CPU_MB) -> None:
        """`vcpu_mb`: the memory that gives a share of one whole CPU. Of an idle machine there is more."""

    def defer(self, deferred: bool) -> None:
        """Leave the processor to those who have just begun, or be one of them again. Some 20 us."""

    def hold(self) -> None:
        """From now on never more CPU time than the share, where the node has quotas. AWS does so after the init."""

    def usage(self) -> int:
        """Bytes in use, /tmp included."""

    def peak(self) -> int:
        """Most bytes in use since `reset_peak`, /tmp included."""

    def reset_peak(self) -> None: ...
    def held(self) -> int:
        """Bytes that cannot be reclaimed: anonymous and shared memory, /tmp included. Some 10 us."""

    def reclaimable(self) -> int:
        """Bytes of file cache and kernel caches."""

    def oom_kills(self) -> int: ...
    def freeze(self, frozen: bool) -> None: ...
