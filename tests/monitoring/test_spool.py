"""The writer of the spool and the reader of segments, without a database."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from monitoring.ingest import spool as spool_module
from monitoring.ingest.segments import Segment, Spool
from monitoring.ingest.spool import SpoolWriter, segment_name
from monitoring.report import Report, decode, encode
from tests.monitoring.conftest import make_report

WRITE_FOREVER = """
import sys
from pathlib import Path
from monitoring.ingest.spool import SpoolWriter
from monitoring.report import Report
assert not any(name.split(".")[0] in ("django", "rest_framework") for name in sys.modules)
writer = SpoolWriter(Path(sys.argv[1]), "node-1")
number = 0
while True:
    number += 1
    writer.append(Report("log", "0" * 12, "us-east-1", "f", attempt=number, lines=[(1, "x" * 2000)]))
    print(number, flush=True)
"""


def reader(directory: Path) -> Spool:
    return Spool(directory, lambda name: 0)


def lines_of(directory: Path) -> list[bytes]:
    taken = []
    for segment in reader(directory).segments():
        while lines := segment.take(100):
            taken += lines
        segment.close()
    return taken


def test_a_report_is_read_as_it_was_written(directory: Path) -> None:
    report = make_report(lines=[(1, "a\nb"), (2, "ü \0 \ud800 \U0001f600")], event="{}", init_ms=3.5)
    writer = SpoolWriter(directory, "node-1")
    assert writer.append(report)
    writer.close()
    (line,) = lines_of(directory)
    again = decode(line)
    again.lines = [(at, text) for at, text in again.lines]
    assert again == report


def test_a_field_of_a_later_release_is_left_out() -> None:
    line = encode(make_report())[:-2] + b',"colour":"red"}\n'
    assert isinstance(decode(line), Report)


def test_segment_names_sort_by_time_and_are_unique() -> None:
    names = [segment_name("host-a/1") for _ in range(100)]
    assert sorted(names) == names
    assert len(set(names)) == 100
    assert all(name.endswith("-host-a_1.jsonl") for name in names)


def test_a_full_segment_is_left_for_another(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "SEGMENT_BYTES", 2000)
    writer = SpoolWriter(directory, "node-1")
    reports = [make_report(attempt=number + 1) for number in range(20)]
    for report in reports:
        writer.append(report)
    *full, last = reader(directory).segments()
    assert len(full) > 3
    for segment in full:
        while segment.take(100):
            pass
        assert segment.ended()
    while last.take(100):
        pass
    assert not last.ended()
    writer.close()
    assert last.ended()
    assert [decode(line).attempt for line in lines_of(directory)] == list(range(1, 21))


def test_an_old_segment_is_left_at_the_next_report(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "SEGMENT_SECONDS", 0.0)
    writer = SpoolWriter(directory, "node-1")
    writer.append(make_report())
    writer.append(make_report())
    assert len(reader(directory).names()) == 2


def test_half_a_line_of_a_living_writer_is_waited_for(directory: Path) -> None:
    writer = SpoolWriter(directory, "node-1")
    writer.append(make_report())
    (segment,) = reader(directory).segments()
    assert len(segment.take(100)) == 1
    line = encode(make_report())
    os.write(writer._segment, line[:50])
    assert segment.take(100) == []
    assert not segment.ended()
    os.write(writer._segment, line[50:])
    assert segment.take(100) == [line[:-1]]


def test_a_killed_writer_leaves_every_report_it_said_it_wrote(directory: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITE_FOREVER, directory], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(300):
            said = process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        said = (process.stdout.read().splitlines() or [said])[-1]
    numbers = [decode(line).attempt for line in lines_of(directory)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= int(said)


def test_the_torn_line_of_a_dead_writer_is_told(directory: Path) -> None:
    directory.mkdir()
    whole = encode(make_report())
    (directory / segment_name("node-1")).write_bytes(whole + whole[:40])
    (segment,) = reader(directory).segments()
    assert len(segment.take(100)) == 1
    assert segment.ended()
    assert segment.torn == 40


def test_a_line_longer_than_a_read_is_taken_whole(directory: Path) -> None:
    writer = SpoolWriter(directory, "node-1")
    writer.append(make_report(lines=[(1, "x" * 3_000_000)]))
    writer.append(make_report())
    writer.close()
    assert [len(line) > 3_000_000 for line in lines_of(directory)] == [True, False]


def test_a_new_segment_that_a_reader_deletes_first_is_made_again(directory: Path) -> None:
    """The reader may get the lock between the writer's open and its lock."""
    writer = SpoolWriter(directory, "node-1")
    stop = False

    def delete_what_ended() -> None:
        spool = reader(directory)
        while not stop:
            for segment in spool.segments():
                lines = segment.take(100)
                taken.extend(lines)
                if not lines and segment.ended():
                    spool.delete(segment)
        for segment in spool.segments():
            while lines := segment.take(100):
                taken.extend(lines)

    taken: list[bytes] = []
    thread = Thread(target=delete_what_ended)
    thread.start()
    for number in range(300):
        assert writer.append(make_report(attempt=number + 1))
        writer.close()
    stop = True
    thread.join()
    assert sorted(decode(line).attempt for line in taken) == list(range(1, 301))


def test_a_disk_without_room_costs_reports_not_invocations(directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The limit on file size stands for the full disk: the kernel cuts a write short, then refuses the next."""
    writer = SpoolWriter(directory, "node-1")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        assert writer.append(make_report())
        resource.setrlimit(resource.RLIMIT_FSIZE, (writer._size + 100, before[1]))
        assert not writer.append(make_report())  # cut short
        assert writer.append(make_report())  # in another segment
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
        assert not writer.append(make_report())  # refused
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert writer.dropped == 2
    assert "cannot write the report spool" in caplog.text
    assert writer.append(make_report())
    writer.close()
    assert len(lines_of(directory)) == 3


def test_a_spool_that_is_gone_costs_reports_not_invocations(directory: Path) -> None:
    writer = SpoolWriter(directory, "node-1")
    directory.rmdir()
    assert not writer.append(make_report())
    assert writer.dropped == 1


def test_a_segment_is_read_from_where_the_database_has_it(directory: Path) -> None:
    writer = SpoolWriter(directory, "node-1")
    first, second = make_report(), make_report()
    writer.append(first)
    writer.append(second)
    writer.close()
    (path,) = directory.iterdir()
    segment = Segment(path, len(encode(first)))
    assert segment.take(100) == [encode(second)[:-1]]
    segment.close()
