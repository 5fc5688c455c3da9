"""Small tools for measuring: percentiles, wrk with a signed request, memory of a process."""

import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from functions.execution.runtimes.discovery import installed
from tests.family import RunningHearth


@dataclass(frozen=True)
class Times:
    """Durations in milliseconds."""

    values: list[float]

    def percentile(self, share: float) -> float:
        ordered = sorted(self.values)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]

    def __str__(self) -> str:
        return f"p50 {self.percentile(0.5):.2f} ms, p99 {self.percentile(0.99):.2f} ms ({len(self.values)} calls)"


def timed(call: Callable[[int], object], count: int, warm_up: int = 0) -> Times:
    for index in range(warm_up):
        call(-1 - index)
    values = []
    for index in range(count):
        start = time.perf_counter()
        call(index)
        values.append((time.perf_counter() - start) * 1000)
    return Times(values)


@dataclass(frozen=True)
class Load:
    """What wrk printed."""

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    failed: int

    def __str__(self) -> str:
        failed = f", {self.failed} FAILED" if self.failed else ""
        times = f"p50 {self.p50_ms:.2f} ms, p99 {self.p99_ms:.2f} ms"
        return f"{self.per_second:,.0f}/s, {times} ({self.requests:,} calls{failed})"


def signed_headers(hearth: RunningHearth, path: str, body: bytes) -> dict[str, str]:
    request = AWSRequest("POST", hearth.endpoint + path, data=body, headers={"Content-Type": "application/json"})
    keys = Credentials(hearth.credentials["access_key_id"], hearth.credentials["secret_access_key"])
    SigV4Auth(keys, "lambda", hearth.credentials["region"]).add_auth(request)
    return dict(request.headers.items())


class Caller:
    """A kept-open connection; the signature is made before the clock starts."""

    def __init__(self, hearth: RunningHearth) -> None:
        self._hearth = hearth
        self._connection = HTTPConnection("127.0.0.1", hearth.port)

    def milliseconds(self, path: str, body: bytes) -> float:
        headers = signed_headers(self._hearth, path, body)
        began = time.perf_counter()
        self._connection.request("POST", path, body, headers)
        answer = self._connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        return (time.perf_counter() - began) * 1000


def wrk(hearth: RunningHearth, path: str, body: bytes, clients: int, seconds: int) -> Load:
    """POST `body` with a signature made beforehand, so that the load generator only sends and counts."""
    return wrk_at(hearth.endpoint + path, body, signed_headers(hearth, path, body), clients, seconds)


def wrk_at(address: str, body: bytes, headers: dict[str, str], clients: int, seconds: int) -> Load:
    script = [f'wrk.method = "POST"\nwrk.body = [[{body.decode()}]]']
    script += [f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items()]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write("\n".join(script))
        file.flush()
        command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--latency", "-s", file.name, address]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", output)
    return Load(
        requests=int(_find(r"(\d+) requests in", output)),
        per_second=float(_find(r"Requests/sec:\s+([\d.]+)", output)),
        p50_ms=_milliseconds(_find(r"^ +50% +(\S+)", output)),
        p99_ms=_milliseconds(_find(r"^ +99% +(\S+)", output)),
        failed=(int(refused[1]) if refused else 0) + (sum(map(int, errors.groups())) if errors else 0),
    )


def _find(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise ValueError(f"wrk printed no {pattern!r}:\n{text}")
    return found[1]


def _milliseconds(value: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", value).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


@dataclass(frozen=True)
class Memory:
    """MiB. `private` is what one more process costs; `proportional` (PSS) adds its share of what others use too."""

    private: float
    proportional: float

    def __add__(self, other: "Memory") -> "Memory":
        return Memory(self.private + other.private, self.proportional + other.proportional)


def memory(pid: int) -> Memory:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()

    def mib(name: str) -> float:
        return int(_find(rf"^{name}:\s+(\d+) kB", rollup)) / 1024

    return Memory(mib("Private_Dirty") + mib("Private_Clean"), mib("Pss"))


def descendants(pid: int) -> set[int]:
    """All processes below one."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found |= {child} | descendants(child)
    return found


def newest_node() -> str:
    """The AWS id of the newest Node.js here."""
    found = [name for name in installed() if name.startswith("nodejs")]
    return max(found, key=lambda name: int(re.sub(r"\D", "", name)))
