"""`python -m console.launch.node`: one more worker node, until Ctrl-C, for a Hearth that runs here or elsewhere.

On the same machine HEARTH_NODE names it; on another, it needs that Hearth's database, Redis and code store. When it is
told to end, it takes nothing new, finishes what runs (HEARTH_DRAIN_SECONDS) and leaves nothing running.
"""

import logging
import os
import signal
import sys
import time
from types import FrameType
from typing import Any

from console.launch.family import check_tools, say, worker_command
from console.launch.supervisor import Child, Supervisor


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    import django
    from django.conf import settings

    django.setup()
    logging.disable(logging.WARNING)  # a sentence here, the whole in the log
    check_tools()
    logs = settings.HEARTH_DATA / "logs"
    logs.mkdir(exist_ok=True, mode=0o700)
    return _run(settings, Supervisor(settings.HEARTH_DRAIN_SECONDS + 10), logs)


def _run(settings: Any, supervisor: Supervisor, logs: Any) -> int:
    from functions.invoke import nodes

    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    _check_broker(nodes)
    node = nodes.own()
    log = logs / (f"worker-{settings.HEARTH_NODE}.log" if settings.HEARTH_NODE else "worker.log")
    supervisor.start(Child("worker", worker_command(settings), log))
    say(f"worker node {node.id} is starting; its log is {log}")
    announced = False
    try:
        while not stopping:
            for line in supervisor.watch_once():
                say(line)
            if not announced and _is_live(nodes, node.id):
                announced = True
                say(f"worker node {node.id} serves")
            time.sleep(0.2)
    finally:
        say("ending: what runs is finished first ...")
        supervisor.stop()
        say("ended, nothing is left running")
    return 0


def _check_broker(nodes: Any) -> None:
    import redis

    try:
        nodes.broker().ping()
    except redis.RedisError as error:
        raise SystemExit(f"hearth: no Redis ({error}): start Hearth first, or set REDIS_URL to its server") from None


def _is_live(nodes: Any, name: str) -> bool:
    import redis

    try:
        return any(node.id == name for node in nodes.live())
    except redis.RedisError:
        return False


if __name__ == "__main__":
    sys.exit(main())
