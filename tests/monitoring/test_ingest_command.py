"""`manage.py ingest` as a process: killed, stopped, and without its database."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from monitoring.report import encode
from tests.monitoring.conftest import START_MS, make_report, spool

MANAGE = [sys.executable, "manage.py"]
WRITE = """
import sys
from pathlib import Path
from monitoring.ingest import spool
from monitoring.report import decode
spool.SEGMENT_BYTES = 100_000
writer = spool.SpoolWriter(Path(sys.argv[1]), "node-1")
for line in sys.stdin.buffer:
    assert writer.append(decode(line))
"""


@dataclass(frozen=True)
class Instance:
    """A data directory with a database of its own, in a file that several processes share."""

    data: Path

    @property
    def spool(self) -> Path:
        return self.data / "spool"

    def sql(self, statement: str) -> list[Any]:
        with closing(sqlite3.connect(self.data / "hearth.sqlite3", timeout=20, isolation_level=None)) as database:
            return database.execute(statement).fetchall()

    @property
    def written(self) -> int:
        count: int = self.sql("SELECT count(*) FROM monitoring_invocation")[0][0]
        return count

    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        return {**inherited, "HEARTH_DATA": str(self.data)}

    @contextmanager
    def ingester(self) -> Iterator["subprocess.Popen[str]"]:
        with (
            (self.data / "log").open("a") as log,
            subprocess.Popen([*MANAGE, "ingest"], env=self.environment(), stderr=log, text=True) as process,
        ):
            try:
                yield process
            finally:
                process.kill()

    def spool_is_empty(self) -> bool:
        return not list(self.spool.glob("*.jsonl"))


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    instance = Instance(tmp_path_factory.mktemp("migrated"))
    subprocess.run([*MANAGE, "migrate", "--skip-checks", "--verbosity", "0"], env=instance.environment(), check=True)
    return instance.data


@pytest.fixture
def instance(migrated: Path, tmp_path: Path) -> Instance:
    data = tmp_path / "data"
    shutil.copytree(migrated, data)
    return Instance(data)


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_it_ends_cleanly_when_told_to(instance: Instance) -> None:
    spool(instance.spool, *[make_report() for _ in range(700)])
    with instance.ingester() as process:
        wait_for(instance.spool_is_empty)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    assert instance.written == 700
    assert (instance.data / "log").read_text() == ""


def test_a_database_that_fails_is_waited_for(instance: Instance) -> None:
    instance.sql("ALTER TABLE monitoring_invocation RENAME TO away")
    spool(instance.spool, *[make_report() for _ in range(10)])
    with instance.ingester():
        wait_for(lambda: "trying again" in (instance.data / "log").read_text())
        instance.sql("ALTER TABLE away RENAME TO monitoring_invocation")
        wait_for(instance.spool_is_empty)
    assert instance.written == 10
    assert instance.sql("SELECT total FROM monitoring_metricbucket WHERE name = 'Invocations'") == [(10,)] * 4


def test_each_report_is_written_once_however_often_writer_and_ingester_are_killed(instance: Instance) -> None:
    count = 12_000
    reports = [make_report(f"f{number % 7}", at_ms=START_MS + number * 10) for number in range(count)]
    ids = [report.request_id.replace("-", "") for report in reports]
    with subprocess.Popen([sys.executable, "-c", WRITE, instance.spool], stdin=subprocess.PIPE) as writer:
        assert writer.stdin is not None
        writer.stdin.write(b"".join(map(encode, reports[: count // 2 + 100])))
        for rest in range(5):
            aim = min(instance.written + 1, count // 2)
            with instance.ingester():
                wait_for(lambda aim=aim: instance.written >= aim)  # type: ignore[misc]
                time.sleep(rest * 0.004)
        writer.kill()  # what is in the pipe and in its buffers was never written
    with instance.ingester():
        wait_for(instance.spool_is_empty)
    kept = [row[0] for row in instance.sql("SELECT request_id FROM monitoring_invocation ORDER BY id")]
    assert kept == ids[: len(kept)]  # the first so many, in order
    assert 0 < len(kept) < count
    spool(instance.spool, *reports[len(kept) :])
    with instance.ingester():
        wait_for(instance.spool_is_empty)
    assert Counter(row[0] for row in instance.sql("SELECT request_id FROM monitoring_invocation")) == Counter(ids)
    assert instance.sql("SELECT count(*) FROM monitoring_logchunk") == [(count,)]
    totals = "SELECT sum(total) FROM monitoring_metricbucket WHERE period = 3600 AND dimensions = '{}' AND name = "
    assert instance.sql(totals + "'Invocations'") == [(count,)]
    assert instance.sql(totals + "'Duration'") == [(count * 12.5,)]
