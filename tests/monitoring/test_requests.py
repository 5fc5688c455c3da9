"""Log lines by request, and the records of invocations."""

import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_django import DjangoAssertNumQueries

from monitoring.models import LogGroup
from monitoring.queries import invocations, requests
from monitoring.queries.invocations import InvalidToken
from monitoring.queries.patterns import compile_pattern
from monitoring.queries.requests import RequestLog
from monitoring.report import Kind, Outcome
from tests.monitoring.conftest import ACCOUNT, REGION, START_MS, ingest, make_report

pytestmark = pytest.mark.django_db


def group() -> LogGroup:
    return LogGroup.objects.get(name="/aws/lambda/hello")


def all_pages(limit: int, pattern: str = "") -> list[RequestLog]:
    found = []
    token = None
    while True:
        page = requests.requests(group(), limit=limit, token=token, matches=compile_pattern(pattern))
        found += page.items
        token = page.next_token
        if token is None:
            return found


def test_a_request_has_its_lines_and_its_record(
    directory: Path, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    reports = [make_report(at_ms=START_MS + n * 100, outcome=Outcome.ERROR) for n in range(40)]
    ingest(directory, *reports)
    with django_assert_num_queries(4):  # the group itself, chunks to choose by, chunks of those chosen, records
        page = requests.requests(group(), limit=25)
    assert [str(item.request_id) for item in page.items] == [report.request_id for report in reports[:14:-1]]
    newest = page.items[0]
    assert [(line.ms, line.message) for line in newest.lines] == reports[-1].lines
    assert newest.invocation is not None
    assert (newest.outcome, newest.invocation.duration_ms, newest.attempts) == ("error", 12.5, 1)
    assert newest.started_ms == START_MS + 3900
    assert len(requests.requests(group(), limit=25, token=page.next_token).items) == 15


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_each_request_is_on_one_page_though_its_lines_are_far_apart(directory: Path, limit: int) -> None:
    ids = [str(uuid.uuid4()) for _ in range(10)]
    for part in range(3):  # the requests run at the same time, in three streams
        ingest(
            directory,
            *[
                make_report(
                    kind=Kind.LOG,
                    outcome="",
                    request_id=id,
                    log_stream=f"s{n % 3}",
                    lines=[(START_MS + part * 20_000 + n * 5, f"part {part} of {n}\n")],
                )
                for n, id in enumerate(ids)
            ],
        )
    found = all_pages(limit)
    assert sorted(str(item.request_id) for item in found) == sorted(ids)
    assert all(len(item.lines) == 3 for item in found)
    assert {item.outcome for item in found} == {"running"}
    by_first_part = all_pages(limit, '"part 0"')
    assert sorted(str(item.request_id) for item in by_first_part) == sorted(ids)
    assert all(len(item.lines) == 3 for item in by_first_part)
    assert [str(item.request_id) for item in all_pages(limit, '"of 3"')] == [ids[3]]
    assert all_pages(limit, "nothing") == []


def test_attempts_of_an_event_are_one_request(directory: Path) -> None:
    id = str(uuid.uuid4())
    ingest(
        directory,
        make_report(request_id=id, outcome=Outcome.TIMEOUT),
        make_report(request_id=id, attempt=2, at_ms=START_MS + 60_000),
    )
    (item,) = all_pages(10)
    assert (item.attempts, item.outcome, len(item.lines)) == (2, "success", 6)
    assert [record.attempt for record in invocations.attempts(ACCOUNT, REGION, id)] == [1, 2]
    last = invocations.one(ACCOUNT, REGION, id)
    assert last is not None
    assert last.attempt == 2


def test_lines_outside_of_invocations_stand_alone(directory: Path) -> None:
    ingest(directory, make_report(kind=Kind.LOG, request_id="", outcome="", lines=[(START_MS, "INIT_START\n")]))
    (item,) = all_pages(10)
    assert (item.request_id, item.outcome, item.lines[0].message) == (None, "", "INIT_START\n")


def test_requests_within_a_time_and_a_stream(directory: Path) -> None:
    ingest(directory, *[make_report(at_ms=START_MS + n * 10_000, log_stream=f"s{n % 2}") for n in range(10)])
    page = requests.requests(group(), start_ms=START_MS + 20_000, end_ms=START_MS + 50_000)
    assert [item.started_ms - START_MS for item in page.items] == [40_000, 30_000, 20_000]
    assert len(requests.requests(group(), stream="s1").items) == 5


def test_a_request_with_very_many_lines_is_cut(directory: Path) -> None:
    ingest(directory, make_report(lines=[(START_MS + n, f"{n}\n") for n in range(2500)]))
    (item,) = all_pages(10)
    assert item.cut
    assert len(item.lines) == requests.LINES


def test_one_request_by_its_id(directory: Path) -> None:
    report = make_report()
    ingest(directory, report)
    found = requests.one(group(), report.request_id)
    assert found is not None
    assert (found.outcome, len(found.lines)) == ("success", 3)
    assert requests.one(group(), str(uuid.uuid4())) is None
    assert requests.one(group(), "nonsense") is None


def test_a_token_that_no_page_gave_is_refused(directory: Path) -> None:
    ingest(directory, make_report())
    for token in ("x", "9" * 56, "1" * 55, "٣" * 56):
        with pytest.raises(ValueError, match=token):
            requests.requests(group(), token=token)
    for token in ("x", "1", "9" * 40 + ".1", "1.2.3"):
        with pytest.raises(InvalidToken):
            invocations.recent(ACCOUNT, REGION, token=token)


def test_recent_invocations_are_filtered_and_paged(
    directory: Path, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    outcomes = [Outcome.SUCCESS, Outcome.ERROR, Outcome.TIMEOUT]
    reports = [
        make_report(f"f{n % 2}", at_ms=START_MS + n // 4 * 1000, outcome=outcomes[n % 3], event="{}") for n in range(30)
    ]
    ingest(directory, *reports, make_report(account_id="1" * 12), make_report(region="eu-west-1"))
    found = []
    token = None
    while True:
        with django_assert_num_queries(1):
            page = invocations.recent(ACCOUNT, REGION, limit=4, token=token)
        found += [str(item.request_id) for item in page.items]
        token = page.next_token
        if token is None:
            break
    assert found == [report.request_id for report in reversed(reports)]
    start, end = (datetime.fromtimestamp(START_MS / 1000 + second, UTC) for second in (2, 4))
    ranged = invocations.recent(ACCOUNT, REGION, start=start, end=end)
    assert len(ranged.items) == 8
    some = invocations.recent(ACCOUNT, REGION, function_name="f1", outcomes=[Outcome.ERROR, Outcome.TIMEOUT])
    assert [item.outcome for item in some.items] == [
        report.outcome for report in reversed(reports[1::2]) if report.outcome != Outcome.SUCCESS
    ]
    assert invocations.recent(ACCOUNT, REGION, version="7").items == []
    assert len(invocations.recent(ACCOUNT, REGION, source="api").items) == 30


def test_an_unknown_request_has_no_record() -> None:
    assert invocations.one(ACCOUNT, REGION, str(uuid.uuid4())) is None
    assert invocations.attempts(ACCOUNT, REGION, "nonsense") == []
