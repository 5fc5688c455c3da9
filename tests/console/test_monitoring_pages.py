"""Monitor and logs: what the pages read, how ranges and filters work, how a line is understood."""

import json
import time
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import QueryDict

from console.pages import loglines, timerange
from monitoring.report import Outcome
from tests.console.conftest import Person


def test_the_charts_hold_what_was_measured(alice: Person, invoked: Any) -> None:
    alice.create("charted")
    for _ in range(3):
        invoked("charted")
    invoked("charted", outcome=Outcome.ERROR, error_type="ValueError", duration_ms=100.0, init_ms=7.5)
    response = alice.client.get("/functions/charted/monitor/?from=now-1h&to=now")
    charts = {chart.key: chart for chart in response.context["charts"]}
    assert charts["invocations"].answer == "4"
    assert charts["errors"].answer == "1"
    assert charts["errors"].beside == "25\u202f% of invocations"
    assert charts["cold"].answer == "1"
    assert charts["concurrency"].answer == "1"
    assert not charts["duration"].is_quiet
    bars, throttles = response.context["figures"]["invocations"]["data"]
    assert (bars["type"], sum(bars["y"]), sum(throttles["y"])) == ("bar", 4, 0)
    assert [trace["meta"] for trace in response.context["figures"]["duration"]["data"]] == ["p50", "p95", "p99"]
    # The same numbers for those who cannot see the curve.
    assert sum(float(row[1]) for row in charts["invocations"].table) == 4


def test_a_quiet_function_says_so(alice: Person) -> None:
    alice.create("quiet")
    page = alice.client.get("/functions/quiet/monitor/").content.decode()
    assert "Not called in this time" in page
    logs = alice.client.get("/functions/quiet/logs/").content.decode()
    assert "No log yet" in logs
    assert "aws lambda invoke --function-name quiet" in logs


@pytest.mark.parametrize("path", ["monitor", "logs"])
def test_a_senseless_range_is_said_and_the_default_shown(alice: Person, path: str) -> None:
    alice.create("ranged")
    response = alice.client.get(f"/functions/ranged/{path}/?from=yesterday<b>")
    assert response.status_code == 200
    assert "is no time" in response.content.decode()
    assert "yesterday<b>" not in response.content.decode()
    assert response.context["span"].begins == "now-3h"


@pytest.mark.parametrize(
    ("query", "seconds", "live"),
    [
        ("from=now-15m", 900, True),
        ("from=now-7d&to=now", 604_800, True),
        ("from=2026-01-01T00:00:00Z&to=2026-01-01T02:00:00Z", 7200, False),
        ("from=2026-01-01 00:00&to=2026-01-01 01:00", 3600, False),
        ("from=now-2h&to=now-1h", 3600, False),
    ],
)
def test_ranges_are_relative_or_absolute(query: str, seconds: int, live: bool) -> None:
    span = timerange.read(QueryDict(query))
    assert not span.problem
    assert round(span.span.total_seconds()) == seconds
    assert span.is_live is live
    again = timerange.read(QueryDict(span.absolute_query))
    assert abs((again.start - span.start).total_seconds()) < 1


@pytest.mark.parametrize(
    "query", ["from=now", "from=now-1h&to=now-2h", "from=now-99999w", "from=2026-13-01", "to=soon"]
)
def test_ranges_that_make_no_sense_fall_back(query: str) -> None:
    span = timerange.read(QueryDict(query))
    assert span.problem
    assert (span.begins, span.ends) == ("now-3h", "now")


def test_logs_are_grouped_by_request(alice: Person, invoked: Any) -> None:
    alice.create("logged")
    first = invoked("logged", "[INFO]\t2026-11-21T14:58:07.118Z\tx\torder <received>\n", init_ms=3.0)
    second = invoked("logged", "plain\n", outcome=Outcome.ERROR, error_type="app.OutOfStock")
    response = alice.client.get("/functions/logged/logs/")
    groups = {group.request_id: group for group in response.context["groups"]}
    assert set(groups) == {first, second}
    assert [shown.line.level for shown in groups[first].lines] == ["START", "INFO", "END"]
    assert groups[first].summary == "order <received>"
    assert groups[second].badge.text == "OutOfStock"
    page = response.content.decode()
    assert "order &lt;received&gt;" in page
    assert "Cold start" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=ALPHA", {"a"}),
        ("q=nothing", set()),
        ("level=warn", {"b"}),
        ("level=error", set()),
        ('q={ $.sku = "K8" }', {"b"}),
        ("q=alpha&level=warn", set()),
        ("level=nonsense", {"a", "b"}),
    ],
)
def test_logs_are_filtered(alice: Person, invoked: Any, query: str, found: set[str]) -> None:
    alice.create("filtered")
    ids = {
        invoked("filtered", "an alpha line\n"): "a",
        invoked("filtered", '{"level": "WARN", "message": "low", "sku": "K8"}\n'): "b",
    }
    response = alice.client.get(f"/functions/filtered/logs/?{query}")
    assert {ids[group.request_id] for group in response.context["groups"]} == found
    if not found:
        assert "Nothing matches" in response.content.decode()


def test_a_filter_that_is_not_understood_is_said(alice: Person, invoked: Any) -> None:
    alice.create("filtered")
    invoked("filtered")
    page = alice.client.get("/functions/filtered/logs/", {"q": "{ $.a = "}).content.decode()
    assert "The filter is not understood" in page


def test_a_request_id_leads_to_its_log_from_anywhere(alice: Person, mallory: Person, invoked: Any) -> None:
    alice.create("traced")
    wanted = invoked("traced", "mine\n")
    invoked("traced", "other\n")
    response = alice.client.get(f"/r/{wanted}")
    assert response["Location"] == f"/functions/traced/invocations/{wanted}/"
    for url in (f"/functions/traced/logs/?request={wanted}", f"/functions/traced/logs/?q={wanted}"):
        groups = alice.client.get(url).context["groups"]
        assert [(group.request_id, group.is_open) for group in groups] == [(wanted, True)]
    assert alice.client.get(f"/r/{uuid.uuid4()}").status_code == 404
    assert mallory.client.get(f"/r/{wanted}").status_code == 404


def test_long_logs_have_pages(alice: Person, invoked: Any) -> None:
    alice.create("long")
    at = time.time() * 1000 - 600_000
    ids = [invoked("long", at_ms=at + number * 1000) for number in range(30)]
    first = alice.client.get("/functions/long/logs/")
    second = alice.client.get(f"/functions/long/logs/{first.context['older']}")
    seen = [group.request_id for page in (first, second) for group in page.context["groups"]]
    assert seen == ids[::-1]
    assert first.context["is_live"]
    assert not second.context["is_live"]
    assert alice.client.get("/functions/long/logs/?page=nonsense").status_code == 404


def test_htmx_gets_the_log_alone(alice: Person, invoked: Any) -> None:
    alice.create("polled")
    invoked("polled")
    page = alice.client.get("/functions/polled/logs/", headers={"HX-Request": "true"}).content.decode()
    assert 'id="log"' in page
    assert "<html" not in page


def test_pages_ask_the_same_of_the_database_however_much_there_is(
    alice: Person, invoked: Any, django_assert_max_num_queries: Any
) -> None:
    alice.create("much")
    for _ in range(12):
        invoked("much", "line\n")
    with django_assert_max_num_queries(11):
        alice.client.get("/functions/much/logs/")
    with django_assert_max_num_queries(8):
        alice.client.get("/functions/much/monitor/")


@pytest.mark.parametrize(
    ("text", "level", "kind", "message"),
    [
        ("START RequestId: x Version: 3\n", "START", "sys", "RequestId: x Version: 3"),
        ("REPORT RequestId: x\tDuration: 1.00 ms\t\n", "REPORT", "sys", "RequestId: x  Duration: 1.00 ms"),
        ("[WARNING]\t2026-11-21T14:58:07.118Z\tx\tlow\nstock\n", "WARN", "warn", "low\nstock"),
        ("2026-11-21T14:58:07.118Z\tx\tERROR\tInvoke Error\n", "ERROR", "err", "Invoke Error"),
        (
            "2026-11-21T14:58:07.118Z x Task timed out after 3.00 seconds\n",
            "ERROR",
            "err",
            "Task timed out after 3.00 seconds",
        ),
        ("RequestId: x Error: Runtime exited\n", "ERROR", "err", "Runtime exited"),
        (
            "[ERROR] ValueError: no\nTraceback (most recent call last):\n",
            "ERROR",
            "err",
            "ValueError: no\nTraceback (most recent call last):",
        ),
        ("EXTENSION\tName: a\tState: Ready\tEvents: []\n", "EXT", "sys", "Name: a  State: Ready  Events: []"),
        ("EXTENSIONS are fine\n", "", "", "EXTENSIONS are fine"),
        ("just text\n", "", "", "just text"),
        ("{not json\n", "", "", "{not json"),
        ("[1, 2]\n", "", "", "[1, 2]"),
    ],
)
def test_a_line_is_understood(text: str, level: str, kind: str, message: str) -> None:
    line = loglines.parse(text)
    assert (line.level, line.kind, line.message) == (level, kind, message)


def test_a_line_of_json_is_opened_into_fields() -> None:
    line = loglines.parse(
        json.dumps({"level": "error", "msg": "no", "timestamp": "t", "sku": "K", "n": 3, "d": {"a": 1}})
    )
    assert (line.level, line.kind, line.message) == ("ERROR", "err", "no")
    assert line.fields == {"sku": '"K"', "n": "3", "d": '{"a": 1}'}


@pytest.mark.parametrize(
    ("values", "level", "kind", "message", "fields"),
    [
        (
            {"type": "platform.start", "record": {"requestId": "r", "version": "7"}},
            "START",
            "sys",
            "version: 7",
            {},
        ),
        (
            {"type": "platform.initRuntimeDone", "record": {"status": "success"}},
            "INIT",
            "sys",
            "status: success",
            {},
        ),
        (
            {"type": "platform.report", "record": {"metrics": {"durationMs": 1.5}, "status": "timeout"}},
            "REPORT",
            "sys",
            "status: timeout  durationMs: 1.5",
            {},
        ),
        (
            {"type": "platform.fault", "record": "2026-11-21T14:58:07.118Z id Task timed out after 1.00 seconds"},
            "ERROR",
            "err",
            "Task timed out after 1.00 seconds",
            {},
        ),
        ({"type": "platform.start", "record": 3}, "START", "sys", "3", {}),
        ({"type": "platform.party", "record": None}, "PARTY", "sys", "null", {}),
        ({"log_level": "ERROR", "errorMessage": "no", "errorType": "KeyError"}, "ERROR", "err", "KeyError: no", {}),
        ({"level": "INFO", "message": {"a": 1}}, "INFO", "info", "", {"message": '{"a": 1}'}),
        ({"type": "platform.start"}, "", "", "", {"type": '"platform.start"'}),
    ],
)
def test_a_log_of_format_json(
    values: dict[str, object], level: str, kind: str, message: str, fields: dict[str, str]
) -> None:
    line = loglines.parse(json.dumps({"time": "t", **values}))
    assert (line.level, line.kind, line.message, line.fields) == (level, kind, message, fields)


def test_absolute_times_are_utc() -> None:
    assert timerange.moment("2026-11-21 12:00", datetime.now(UTC)) == datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert timerange.moment("2026-11-21T12:00:00+02:00", datetime.now(UTC)) == datetime(2026, 11, 21, 10, tzinfo=UTC)
