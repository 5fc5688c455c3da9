"""The log by line: links, filters by field, histogram, download."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from console.pages import logfilter, logs
from console.pages.operations import call
from monitoring.queries.patterns import compile_pattern
from tests.console.conftest import Person

AT = datetime(2026, 11, 21, 12, 0, 10, tzinfo=UTC).timestamp() * 1000
RANGE = "from=2026-11-21T11:30:00Z&to=2026-11-21T12:30:00Z"
ROW = '{"level": "WARN", "message": "low <i>", "sku": "K8", "n": 3, "a.b": 1, "deep": {"x": 1}}\n'


def messages(response: Any) -> list[str]:
    return [shown.line.message for shown in response.context["lines"]]


@pytest.fixture
def logged(alice: Person, invoked: Callable[..., str]) -> list[str]:
    alice.create("logged")
    return [invoked("logged", f"line {number}\n", ROW, at_ms=AT + number * 1000) for number in range(4)]


def test_lines_come_in_the_order_in_which_they_were_written(alice: Person, logged: list[str]) -> None:
    response = alice.client.get(f"/functions/logged/logs/?view=lines&q=line&{RANGE}")
    assert messages(response) == [f"line {number}" for number in range(4)]
    assert [shown.request_id for shown in response.context["lines"]] == logged
    page = alice.client.get(f"/functions/logged/logs/?view=lines&{RANGE}").content.decode()
    assert "low &lt;i&gt;" in page
    assert "low <i>" not in page
    assert f"/functions/logged/invocations/{logged[0]}/" in page


def test_lines_have_pages(alice: Person, logged: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LINES", 3)
    seen: list[str] = []
    url = f"?view=lines&q=line&{RANGE}"
    while url:
        response = alice.client.get(f"/functions/logged/logs/{url}")
        seen = messages(response) + seen
        url = response.context["older"]
    assert seen == [f"line {number}" for number in range(4)]


def test_a_link_to_a_line_shows_what_stands_around_it(alice: Person, logged: list[str]) -> None:
    lines = alice.client.get(f"/functions/logged/logs/?view=lines&{RANGE}").context["lines"]
    wanted = next(shown for shown in lines if shown.line.message == "line 2")
    response = alice.client.get(f"/functions/logged/logs/{wanted.permalink}")
    assert messages(response) == [shown.line.message for shown in lines]
    assert [shown.line.message for shown in response.context["lines"] if shown.is_marked] == ["line 2"]
    assert response.content.decode().count('id="line"') == 1
    # The same link stands at the line within its request.
    groups = alice.client.get(f"/functions/logged/logs/?request={logged[2]}").context["groups"]
    assert wanted.permalink in [shown.permalink for shown in groups[0].lines]


@pytest.mark.parametrize("query", ["line=nonsense", "line=12", "view=lines&page=nonsense", "page=nonsense"])
def test_a_place_that_no_page_gave_is_not_found(alice: Person, logged: list[str], query: str) -> None:
    assert alice.client.get(f"/functions/logged/logs/?{query}").status_code == 404


def test_a_click_on_a_field_filters_by_it(alice: Person, logged: list[str]) -> None:
    response = alice.client.get(f"/functions/logged/logs/?view=lines&level=warn&{RANGE}")
    fields = {name: url for name, _, url in response.context["lines"][0].fields}
    assert {name: bool(url) for name, url in fields.items()} == {"sku": True, "n": True, "a.b": False, "deep": False}
    narrowed = alice.client.get(f"/functions/logged/logs/{fields['sku']}")
    assert narrowed.context["search"].text == '{ $.sku = "K8" }'
    assert len(messages(narrowed)) == 4


@pytest.mark.parametrize(
    ("text", "value", "pattern"),
    [
        ("", '"a b"', '{ $.x = "a b" }'),
        ("words", "-1.5", "{ $.x = -1.5 }"),
        ("", "true", "{ $.x IS TRUE }"),
        ("", "null", "{ $.x IS NULL }"),
        ("{ $.y = 1 }", "2", "{ ($.y = 1) && ($.x = 2) }"),
        ("{ $.x = 2 }", "2", "{ $.x = 2 }"),
        ("", '"a\\"b"', ""),
        ("", '"*"', ""),
        ("", "[1]", ""),
        ("", "1e400", ""),
    ],
)
def test_a_pattern_for_a_field(text: str, value: str, pattern: str) -> None:
    assert logfilter.narrowed(text, "x", value) == pattern
    if pattern:
        assert compile_pattern(pattern) is not None


def test_a_pattern_matches_what_it_was_made_of() -> None:
    row = {"s": "a b", "n": 3, "f": 1.5, "t": True, "z": None}
    for name, value in row.items():
        matches = compile_pattern(logfilter.narrowed("", name, json.dumps(value)))
        assert matches is not None
        assert matches(json.dumps(row))
        assert not matches(json.dumps({**row, name: "other"}))


def test_the_histogram_counts_lines_by_level(alice: Person, logged: list[str]) -> None:
    response = alice.client.get(f"/functions/logged/logs/histogram?{RANGE}")
    assert (response.context["total"], response.context["since"]) == (8, None)
    ((x, pieces, url, title),) = response.context["bars"]
    assert (round(x), len(pieces)) == (500, 2)
    assert title.endswith("8 lines")
    assert url == ""  # a minute at least makes a range
    filtered = alice.client.get(f"/functions/logged/logs/histogram?level=warn&{RANGE}")
    assert filtered.context["total"] == 4


def test_a_histogram_that_is_not_whole_says_so(
    alice: Person, logged: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "COUNTED", 5)
    response = alice.client.get(f"/functions/logged/logs/histogram?{RANGE}")
    assert "earlier ones are not counted" in response.content.decode()


def test_a_bar_leads_to_its_time(alice: Person, logged: list[str]) -> None:
    response = alice.client.get("/functions/logged/logs/histogram?from=2026-11-21T06:00:00Z&to=2026-11-21T18:00:00Z")
    ((_, _, url, _),) = response.context["bars"]
    found = alice.client.get(f"/functions/logged/logs/{url}&view=lines&q=line")
    assert messages(found) == [f"line {number}" for number in range(4)]


def test_a_log_is_taken_away(alice: Person, logged: list[str]) -> None:
    response: Any = alice.client.get(f"/functions/logged/logs/download?q=line&{RANGE}")
    assert response["Content-Type"] == "text/plain"
    assert response["Content-Disposition"] == 'attachment; filename="logged-20261121T113000.log"'
    lines = b"".join(response.streaming_content).decode().splitlines()
    assert lines[0] == "2026-11-21T12:00:10.001Z\tline 0"
    assert len(lines) == 4
    response = alice.client.get(f"/functions/logged/logs/download?format=json&level=warn&{RANGE}")
    rows = [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]
    assert [row["requestId"] for row in rows] == logged
    assert {row["message"] for row in rows} == {ROW}
    assert alice.client.get("/functions/logged/logs/download", {"q": "{ $.a = "}).status_code == 400


def test_a_download_that_was_cut_says_so(alice: Person, logged: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "DOWNLOADED", 0)
    response: Any = alice.client.get(f"/functions/logged/logs/download?{RANGE}")
    assert b"".join(response.streaming_content) == b"[hearth] cut after 0 lines\n"


def test_a_version_shows_its_own_lines(alice: Person, logged: list[str], invoked: Callable[..., str]) -> None:
    call(alice.caller, "PublishVersion", FunctionName="logged")
    stream = "2026/11/21/[1]0123456789abcdef"
    invoked("logged", "of one\n", at_ms=AT, version="1", log_stream=stream)
    response = alice.client.get(f"/functions/logged/logs/?qualifier=1&view=lines&{RANGE}")
    assert [message for message in messages(response) if message.startswith(("of", "line"))] == ["of one"]


@pytest.mark.parametrize("path", ["histogram", "download"])
def test_nothing_of_another_account(alice: Person, mallory: Person, logged: list[str], path: str) -> None:
    assert mallory.client.get(f"/functions/logged/logs/{path}").status_code == 404


def test_without_a_log_there_is_nothing_to_count(alice: Person) -> None:
    alice.create("silent")
    assert alice.client.get("/functions/silent/logs/histogram").context["total"] == 0
    response: Any = alice.client.get("/functions/silent/logs/download")
    assert b"".join(response.streaming_content) == b""
