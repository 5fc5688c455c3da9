"""From the spool to the database: once each, whatever happens on the way."""

from pathlib import Path

import pytest

from monitoring.dimensions import canonical, of_function
from monitoring.ingest import rows
from monitoring.ingest import writer as writer_module
from monitoring.ingest.ingester import Ingester, alone
from monitoring.ingest.spool import SpoolWriter, segment_name
from monitoring.ingest.stop import Stop
from monitoring.models import Invocation, LogChunk, LogGroup, LogStream, MetricBucket, SpoolCursor
from monitoring.report import Kind, Outcome, encode
from tests.monitoring.conftest import ACCOUNT, REGION, START_MS, empty, ingest, make_report, spool

pytestmark = pytest.mark.django_db


def totals(name: str, dimensions: str) -> float:
    return sum(MetricBucket.objects.filter(name=name, dimensions=dimensions, period=60).values_list("total", flat=True))


def test_an_invocation_becomes_record_lines_and_metrics(directory: Path) -> None:
    report = make_report(qualifier="live", version="3", init_ms=80.0, event='{"a": 1}', response="null")
    ingest(directory, report)
    invocation = Invocation.objects.get()
    assert str(invocation.request_id) == report.request_id
    assert int(invocation.started_at.timestamp() * 1000) == START_MS
    assert (invocation.function_name, invocation.version, invocation.qualifier) == ("hello", "3", "live")
    assert (invocation.init_ms, invocation.event, invocation.response) == (80.0, '{"a": 1}', "null")
    chunk = LogChunk.objects.get()
    assert [tuple(line) for line in chunk.lines] == report.lines
    assert (chunk.first_ms, chunk.last_ms, str(chunk.request_id)) == (START_MS, START_MS + 2, report.request_id)
    stream = LogStream.objects.get()
    assert (stream.group.name, stream.first_event_ms, stream.last_event_ms) == (
        "/aws/lambda/hello",
        START_MS,
        START_MS + 2,
    )
    sets = (
        canonical({}),
        of_function("hello"),
        canonical({"FunctionName": "hello", "Resource": "hello:live"}),
        canonical({"FunctionName": "hello", "Resource": "hello:live", "ExecutedVersion": "3"}),
    )
    assert {bucket.dimensions for bucket in MetricBucket.objects.all()} == set(sets)
    for dimensions in sets:
        assert totals("Invocations", dimensions) == 1
        assert totals("Duration", dimensions) == 12.5
        assert totals("InitDuration", dimensions) == 80


def test_segments_and_their_cursors_are_deleted_when_done(directory: Path) -> None:
    ingester = ingest(directory, *[make_report() for _ in range(1203)])
    assert Invocation.objects.count() == 1203
    assert ingester.written == 1203
    assert not list(directory.glob("*.jsonl"))
    assert not SpoolCursor.objects.exists()


def test_a_segment_that_is_being_written_is_tailed(directory: Path) -> None:
    writer = SpoolWriter(directory, "node-1")
    ingester = Ingester(directory)
    for number in range(1, 6):
        writer.append(make_report())
        ingester.step()
        assert Invocation.objects.count() == number
    assert len(list(directory.glob("*.jsonl"))) == 1


def test_what_was_written_is_not_written_again_by_another_ingester(directory: Path) -> None:
    writer = SpoolWriter(directory, "node-1")
    for _ in range(5):
        writer.append(make_report())
        Ingester(directory).step()  # never closed: as if killed after its commit
    assert Invocation.objects.count() == 5
    assert totals("Invocations", of_function("hello")) == 5


def test_two_ingesters_that_hold_the_same_position_write_once(directory: Path) -> None:
    writer = SpoolWriter(directory, "node-1")
    writer.append(make_report())
    one, other = Ingester(directory), Ingester(directory)
    one.step()
    other.step()
    writer.append(make_report())
    one.step()
    with pytest.raises(writer_module.CursorMoved):
        other.step()
    assert Invocation.objects.count() == 2


def test_metrics_are_added_to_the_buckets_of_their_minute_and_node(directory: Path) -> None:
    ingest(directory, make_report(duration_ms=10.0), make_report(duration_ms=30.0, outcome=Outcome.TIMEOUT))
    ingest(directory, make_report(duration_ms=20.0), make_report(at_ms=START_MS + 60_000, duration_ms=7.0))
    ingest(directory / "another", make_report(duration_ms=5.0))
    ingest(directory, make_report(kind=Kind.THROTTLE, lines=[], outcome=""))
    buckets = MetricBucket.objects.filter(period=60, dimensions=of_function("hello"), name="Duration").order_by(
        "start", "-count"
    )
    assert [(b.start, b.count, b.total, b.minimum, b.maximum) for b in buckets] == [
        (START_MS // 1000, 3, 60.0, 10.0, 30.0),
        (START_MS // 1000, 1, 5.0, 5.0, 5.0),
        (START_MS // 1000 + 60, 1, 7.0, 7.0, 7.0),
    ]
    assert buckets[0].node == buckets[2].node != buckets[1].node
    assert sum(buckets[0].histogram.values()) == 3
    assert totals("Errors", of_function("hello")) == 1
    assert totals("Throttles", of_function("hello")) == 1
    assert totals("Invocations", of_function("hello")) == 5


def test_lines_of_an_invocation_that_runs_need_no_record(directory: Path) -> None:
    ingest(directory, make_report(kind=Kind.LOG, outcome=""))
    assert LogChunk.objects.count() == 1
    assert not Invocation.objects.exists()
    assert not MetricBucket.objects.exists()


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b"[]",
        b"{}",
        b'"text"',
        b"\xff\xfe",
        b"[" * 100_000,
        encode(make_report(kind="other")).rstrip(),
        encode(make_report(function_name=3)).rstrip(),
        encode(make_report(billed_ms=-1)).rstrip(),
        encode(make_report(billed_ms=2**70)).rstrip(),
        encode(make_report(duration_ms=float("nan"))).rstrip(),
        encode(make_report()).replace(b'1700000040000,"log', b'Infinity,"log').rstrip(),
        encode(make_report(request_id="none")).rstrip(),
        encode(make_report(lines=[("x", "y")])).rstrip(),
        encode(make_report(lines=[(1, "y", "z")])).rstrip(),
        encode(make_report(lines=[(2**63, "y")])).rstrip(),
        encode(make_report(init_ms="1")).rstrip(),
        encode(make_report(event={})).rstrip(),
    ],
)
def test_a_malformed_line_is_skipped(directory: Path, line: bytes) -> None:
    directory.mkdir()
    good = encode(make_report())
    (directory / segment_name("node-1")).write_bytes(good + line + b"\n" + encode(make_report()))
    ingester = ingest(directory)
    assert (ingester.written, ingester.malformed) == (2, 1)
    assert Invocation.objects.count() == 2


@pytest.mark.parametrize("value", [-5, 2**80])  # against a constraint; more than an integer holds
def test_a_report_the_database_refuses_does_not_hold_up_the_others(
    directory: Path, monkeypatch: pytest.MonkeyPatch, value: int
) -> None:
    """There is no known one: values that a database does not take are made by hand."""
    make_row = rows.invocation
    monkeypatch.setattr(
        rows,
        "invocation",
        lambda report: (
            make_row(report) if report.function_name != "bad" else (*make_row(report)[:1], value, *make_row(report)[2:])
        ),
    )
    ingester = ingest(directory, make_report(), make_report("bad"), make_report())
    assert sorted(Invocation.objects.values_list("function_name", flat=True)) == ["hello", "hello"]
    assert totals("Invocations", of_function("hello")) == 2
    assert totals("Invocations", of_function("bad")) == 0
    assert not list(directory.glob("*.jsonl"))
    assert ingester.written == 3


def test_hostile_text_is_kept_as_far_as_a_database_can(directory: Path) -> None:
    text = "a\0b \ud800 \udfff\ud83d ü \U0001f600 \x1b[31m \u2028 {} %s ';--"
    ingest(directory, make_report(lines=[(START_MS, text)], event=text, error_message=text, error_type="x\0" * 900))
    expected = "a\ufffdb \ufffd \ufffd\ufffd ü \U0001f600 \x1b[31m \u2028 {} %s ';--"
    invocation = Invocation.objects.get()
    assert (invocation.event, invocation.error_message) == (expected, expected)
    assert LogChunk.objects.get().lines == [[START_MS, expected]]


def test_text_over_the_columns_length_is_cut(directory: Path) -> None:
    ingest(directory, make_report("f" * 300, log_group="g" * 900, log_stream="s" * 900, source="x" * 90))
    assert Invocation.objects.get().function_name == "f" * 64
    assert LogGroup.objects.get().name == "g" * 512
    assert LogStream.objects.get().name == "s" * 512


def test_huge_lines_and_long_spans_are_kept_in_several_chunks(directory: Path) -> None:
    huge = "x" * 700_000
    lines = [(START_MS, huge)] + [(START_MS + number * 300, f"{number}\n") for number in range(1500)]
    ingest(directory, make_report(lines=lines))
    chunks = list(LogChunk.objects.order_by("id"))
    kept = [line for chunk in chunks for line in chunk.lines]
    assert "".join(text for _, text in kept) == "".join(text for _, text in lines)
    assert all(chunk.last_ms - chunk.first_ms <= LogChunk.SPAN_MS for chunk in chunks)
    assert max(len(text) for _, text in kept) == 256 * 1024


def test_an_unknown_request_id_of_a_log_line_is_none(directory: Path) -> None:
    ingest(directory, make_report(kind=Kind.LOG, request_id="", outcome=""))
    assert LogChunk.objects.get().request_id is None


def test_a_torn_last_line_is_dropped_and_its_segment_deleted(directory: Path) -> None:
    directory.mkdir()
    (directory / segment_name("node-1")).write_bytes(encode(make_report()) + b'{"kind":"invoc')
    ingest(directory)
    assert Invocation.objects.count() == 1
    assert not list(directory.glob("*.jsonl"))


def test_a_segment_whose_deletion_a_crash_interrupted_is_deleted_unread(directory: Path) -> None:
    spool(directory, make_report())
    (path,) = directory.glob("*.jsonl")
    SpoolCursor.objects.create(segment=path.name, offset=path.stat().st_size)
    SpoolCursor.objects.create(segment=segment_name("node-1"), offset=10)  # of another machine
    path.rename(path.with_suffix(".done"))
    ingest(directory)
    assert not Invocation.objects.exists()
    assert SpoolCursor.objects.count() == 1
    assert [path.name for path in directory.iterdir()] == [".node"]


def test_one_ingester_waits_for_another(directory: Path) -> None:
    directory.mkdir()
    stop = Stop()
    with alone(directory, stop) as first:
        assert first
        stop.set()
        with alone(directory, stop) as second:
            assert not second
    with alone(directory, Stop()) as third:
        assert third


@pytest.mark.django_db(transaction=True)
def test_a_deleted_log_group_is_made_again(directory: Path) -> None:
    ingester = ingest(directory, make_report())
    LogGroup.objects.all().delete()
    spool(directory, make_report())
    empty(ingester)
    assert LogChunk.objects.count() == 1
    assert Invocation.objects.count() == 2
    assert totals("Invocations", of_function("hello")) == 2


def test_names_of_the_account_and_region_keep_groups_apart(directory: Path) -> None:
    ingest(directory, make_report(), make_report(account_id="1" * 12), make_report(region="eu-west-1"))
    groups = LogGroup.objects.values_list("account_id", "region").order_by("account_id", "region")
    assert list(groups) == [(ACCOUNT, "eu-west-1"), (ACCOUNT, REGION), ("1" * 12, REGION)]
