"""A Redis server of its own for tests."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import redis

from console.launch.family import redis_server
from tests.family import wait_for


@contextmanager
def running_redis(directory: Path) -> Iterator[str]:
    """The URL of a server that lives as long as the block."""
    path = directory / "redis.sock"
    program, _ = redis_server()
    options = ["--port", "0", "--unixsocket", str(path), "--save", "", "--appendonly", "no", "--dir", str(directory)]
    process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"unix://{path}"

    def answers() -> bool:
        with suppress(redis.RedisError), redis.Redis.from_url(url) as client:
            return bool(client.ping())
        return False

    try:
        wait_for("Redis", answers)
        yield url
    finally:
        process.terminate()
        process.wait(10)
