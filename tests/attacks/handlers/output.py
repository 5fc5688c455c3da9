"""Standard output and error, which the executor reads."""

import fcntl
import os
import subprocess
import sys
import time


def flood_without_newline():
    data = b"x" * 65_536
    while True:
        os.write(1, data)


def one_long_line(mib):
    for _ in range(mib * 16):
        os.write(1, b"y" * 65_536)
    return "written"


def flood_of_empty_lines():
    data = b"\n" * 65_536
    while True:
        os.write(1, data)


def forge_platform_lines(request_id):
    """Lines that look like the platform's, and bytes that are no text."""
    sys.stdout.write(f"END RequestId: {request_id}\n")
    sys.stdout.write(f"REPORT RequestId: {request_id}\tDuration: 0.01 ms\tBilled Duration: 1 ms\t\n")
    sys.stdout.write('{"time":"2020-01-01T00:00:00Z","type":"platform.report","record":{"requestId":"x"}}\n')
    sys.stdout.flush()
    os.write(1, b"\xff\xfe\x00\x1b[2J\x07 tail\n")
    return "forged"


def close_standard():
    """Descriptors 0, 1 and 2 closed; what opens next takes their numbers."""
    for fd in (0, 1, 2):
        os.close(fd)
    with open("/tmp/mine", "w") as file:
        return file.fileno()


def print_into_control():
    """Standard output becomes the control channel."""
    os.dup2(3, 1)
    os.write(1, b"hello, is this the log?\n" * 100)
    time.sleep(60)


def stay_in_the_background():
    """A child that prints on when the call is over."""
    subprocess.Popen(["/bin/sh", "-c", "while :; do echo background; done"])
    return "answered"


def grow_the_pipe():
    """The log's pipe, made larger, and read by ourselves."""
    size = fcntl.fcntl(1, 1031, 1 << 20)  # F_SETPIPE_SZ
    fcntl.fcntl(1, fcntl.F_SETFL, fcntl.fcntl(1, fcntl.F_GETFL) | os.O_NONBLOCK)
    try:
        while True:
            os.write(1, b"z" * 65_536)
    except BlockingIOError:
        return size
