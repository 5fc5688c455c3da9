"""The end of a process in the words of Go's runtime, which AWS's supervisor is written in."""

SIGNALS = {
    2: "interrupt", 3: "quit", 4: "illegal instruction", 5: "trace/breakpoint trap", 6: "aborted", 7: "bus error",
    8: "floating point exception", 9: "killed", 10: "user defined signal 1", 11: "segmentation fault",
    12: "user defined signal 2", 13: "broken pipe", 14: "alarm clock", 15: "terminated", 16: "stack fault",
    24: "CPU time limit exceeded", 25: "file size limit exceeded", 26: "virtual timer expired",
    27: "profiling timer expired", 29: "I/O possible", 30: "power failure", 31: "bad system call",
}  # fmt: skip


def ending(status: int) -> str:
    """`status` as a shell gives it: 128 + n for signal n. A process that exits with such a status looks the same,
    so 1 is not among them: with 129 AWS's Node.js client ends."""
    name = SIGNALS.get(status - 128)
    return f"signal: {name}" if name else f"exit status {status}"
