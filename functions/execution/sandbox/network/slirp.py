"""slirp4netns: the machine's network for a namespace, in user mode. It ends with whoever started it."""

import os
import select
import shutil
import subprocess
import tempfile
from typing import IO

TAP = "tap0"
READY_SECONDS = 5.0


def program() -> str | None:
    return shutil.which("slirp4netns")


def start(*namespace: str, pass_fds: tuple[int, ...] = ()) -> subprocess.Popen[bytes]:
    """Give a network namespace, in the words of slirp4netns, the device tap0. Returns when it is there; OSError when
    it does not come. The process runs in the network of the caller."""
    ready_read, ready_write = os.pipe()
    with tempfile.TemporaryFile() as said:
        try:
            process = launch("--ready-fd", str(ready_write), *namespace, pass_fds=(ready_write, *pass_fds), said=said)
        except OSError:
            os.close(ready_read)
            raise
        finally:
            os.close(ready_write)
        try:
            if select.select([ready_read], [], [], READY_SECONDS)[0] and os.read(ready_read, 1) == b"1":
                return process
        finally:
            os.close(ready_read)
        process.kill()
        process.wait()
        said.seek(0)
        lines = said.read().decode(errors="replace").strip().splitlines() or ["it was not ready in time"]
    raise OSError("slirp4netns: " + "; ".join(lines[-3:]))


def launch(*arguments: str, pass_fds: tuple[int, ...] = (), said: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    """The same without waiting. FileNotFoundError when it is not installed.

    To be kept: its standard input tells it that we live.
    """
    name = program()
    if name is None:
        raise FileNotFoundError("slirp4netns is not installed")
    sandboxed = ["--enable-sandbox"] if os.geteuid() == 0 else []  # gives up rights that only root has
    return subprocess.Popen(
        # A large MTU on this side of the router and a small one on the other made uploads stall.
        [
            *("nice", "-n", "5", name, "--configure", "--mtu=1500", "--disable-host-loopback", "--enable-seccomp"),
            *("--exit-fd=0", *sandboxed, *arguments, TAP),
        ],
        pass_fds=pass_fds,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=said or subprocess.DEVNULL,
    )
