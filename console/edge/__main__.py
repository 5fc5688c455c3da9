"""`python -m console.edge FD`: serves clients that come to a listening socket, which it inherits."""

import gc
import os
import resource
import signal
import socket
import sys

LAST_SECONDS = 0.5  # to tell those who have no answer yet
OURS = 256  # descriptors that are not for clients
SIGNALS = (signal.SIGTERM, signal.SIGINT)


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    import django

    django.setup()
    from django.conf import settings

    from console.edge.server import Server
    from functions import cache
    from functions.execution.loop import Loop
    from functions.invoke import attendant
    from functions.invoke.lanes import lanes

    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    loop = Loop()
    # A client needs another descriptor for the web server, or for the lane.
    server = Server(loop, socket.socket(fileno=int(sys.argv[1])), settings.HEARTH_WEB_SOCKET, (most - OURS) // 2)

    def told(_events: int) -> None:
        os.read(read, 64)
        loop.later(settings.HEARTH_DRAIN_SECONDS, lanes().cut)  # who still waits is told to try again
        loop.later(settings.HEARTH_DRAIN_SECONDS + LAST_SECONDS, loop.stop)
        server.drain(loop.stop)

    read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(write)
    for number in SIGNALS:
        signal.signal(number, lambda *_: None)
    loop.watch(read, told)
    attendant.start()
    cache.never_wait()
    sys.setswitchinterval(0.0005)  # seconds that another thread may keep the loop from going on
    gc.freeze()
    gc.set_threshold(20_000)  # what answers leave goes without a search for cycles, mostly
    loop.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
