"""The clock, and what is told about time."""

import ctypes
import os
import signal
import time

from calls import call, libc, system


def set_clocks():
    return {
        "clock_settime": call(libc.clock_settime, 0, b"\0" * 16),
        "settimeofday": system(164, 170, b"\0" * 16, 0),
        "adjtimex": call(libc.adjtimex, ctypes.create_string_buffer(b"\1\0", 512)),
    }


def pretend(seconds):
    """Every clock of this process stands still while time goes by."""
    began = time.time()
    time.sleep(seconds)
    time.time = time.monotonic = time.perf_counter = lambda: began
    return 0


def extend_the_deadline():
    import app

    app.context._epoch_deadline_time_in_ms += 1_000_000
    os.environ["AWS_LAMBDA_FUNCTION_TIMEOUT"] = "900"
    signal.alarm(0)
    time.sleep(60)


def storm_of_timers():
    """Timers that fire all the time."""
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 1e-4, 1e-4)
    time.sleep(0.2)
    signal.setitimer(signal.ITIMER_REAL, 0)
    return "done"
