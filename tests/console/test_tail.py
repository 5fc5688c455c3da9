"""Live tail: what the page says, what the stream sends, who is turned away."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from console.pages import tail
from console.pages.tail import Places, Reader, Seat, Sieve
from functions import cache
from functions.invoke import nodes
from monitoring.live import Batch, LiveLine, Publisher
from monitoring.report import Kind, Report
from tests.broker import running_redis
from tests.console.conftest import REGION, TEAM, Person

NOBODY = Reader("", 0, "")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def broker(server: str, settings: Settings) -> Iterator[None]:
    settings.REDIS_URL = server
    nodes.broker.cache_clear()
    nodes.broker().flushall()
    yield
    nodes.broker().close()
    nodes.broker.cache_clear()


def event(chunk: bytes) -> tuple[str, Any]:
    fields = dict(line.split(": ", 1) for line in chunk.decode().strip().splitlines())
    return fields["event"], json.loads(fields["data"])


def get(person: Person, url: str) -> Any:
    """A response, perhaps a streaming one."""
    return person.client.get(url)


def hang_up(stream: Any) -> None:
    """As the test client ends a response, which leaves the connection to the database open."""
    stream._iterator.close()


def lines(*messages: str) -> Batch:
    return Batch([LiveLine(1, message, "", "s") for message in messages], 0)


def test_the_page_names_the_group_and_keeps_the_filter(alice: Person) -> None:
    alice.create("tailed")
    page = alice.client.get("/functions/tailed/logs/live/?q=<b>&level=warn").content.decode()
    assert "/aws/lambda/tailed" in page
    assert 'value="&lt;b&gt;"' in page
    assert "q=%3Cb%3E&amp;level=warn" in page


@pytest.mark.parametrize("path", ["live/", "tail"])
def test_a_filter_that_is_not_understood_is_said(alice: Person, path: str) -> None:
    alice.create("tailed")
    response = get(alice, f"/functions/tailed/logs/{path}?q=%7B $.a = ")
    content = b"".join(response.streaming_content) if response.streaming else response.content
    assert response.status_code == 200
    assert b"The filter is not understood" in content


def test_of_another_account_there_is_nothing(alice: Person, mallory: Person) -> None:
    alice.create("tailed")
    for path in ("live/", "tail"):
        assert mallory.client.get(f"/functions/tailed/logs/{path}").status_code == 404


def test_lines_come_as_events(alice: Person, broker: None) -> None:
    alice.create("tailed")
    stream = get(alice, "/functions/tailed/logs/tail?q=wanted")
    assert stream["Content-Type"] == "text/event-stream"
    assert stream["Cache-Control"] == "no-store"
    content = iter(stream.streaming_content)
    assert event(next(content))[0] == "open"
    report = Report(
        kind=Kind.LOG,
        account_id=alice.caller.account_id,
        region=alice.caller.region,
        function_name="tailed",
        request_id="r-1",
        lines=[(7, "not this\n"), (8, '{"level": "WARN", "message": "wanted <i>", "sku": "K8"}\n')],
    )
    Publisher().publish([report])
    kind, data = event(next(content))
    assert kind == "lines"
    assert data == {
        "lines": [
            {
                "ms": 8,
                "level": "WARN",
                "kind": "warn",
                "message": "wanted <i>",
                "fields": {"sku": '"K8"'},
                "request": "r-1",
            }
        ],
        "dropped": 0,
    }
    hang_up(stream)
    assert not nodes.broker().zcard(f"{tail.USER_KEY}{alice.user.pk}")


def test_a_user_has_so_many_tails_and_gets_a_place_back(alice: Person, broker: None) -> None:
    alice.create("tailed")
    open_ones = []
    for _ in range(tail.PER_USER):
        stream = get(alice, "/functions/tailed/logs/tail")
        assert event(next(iter(stream.streaming_content)))[0] == "open"
        open_ones.append(stream)
    refused = list(get(alice, "/functions/tailed/logs/tail").streaming_content)
    assert event(refused[0]) == ("refused", {"message": "You have 4 live tails open. Close one of them first."})
    assert len(refused) == 1
    hang_up(open_ones.pop())
    again = get(alice, "/functions/tailed/logs/tail")
    assert event(next(iter(again.streaming_content)))[0] == "open"
    for stream in [*open_ones, again]:
        hang_up(stream)


def test_a_process_has_so_many_places(monkeypatch: pytest.MonkeyPatch, broker: None) -> None:
    monkeypatch.setattr(tail, "places", Places(1))
    first = tail.tail("c", Seat(1), Sieve(None), NOBODY)
    assert event(next(first))[0] == "open"
    kind, data = event(next(tail.tail("c", Seat(2), Sieve(None), NOBODY)))
    assert kind == "refused"
    assert "1 live tails are open on this web process" in data["message"]
    first.close()
    second = tail.tail("c", Seat(2), Sieve(None), NOBODY)
    assert event(next(second))[0] == "open"
    second.close()


def test_without_a_broker_the_tail_says_so(alice: Person, settings: Settings, tmp_path: Any) -> None:
    alice.create("tailed")
    settings.REDIS_URL = f"unix://{tmp_path}/nothing.sock"
    nodes.broker.cache_clear()
    content = list(get(alice, "/functions/tailed/logs/tail").streaming_content)
    nodes.broker.cache_clear()
    assert event(content[0])[0] == "broken"


@pytest.mark.parametrize("deed", ["/settings/sessions/end-others/", "/admin/users/{}/disable/", "/logout/"])
def test_a_tail_ends_with_the_right_to_read_it(
    alice: Person,
    bob: Person,
    broker: None,
    deed: str,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    monkeypatch.setattr(cache, "MAX_AGE", 0.0 if "logout" in deed else 60.0)  # signing out is no change of access
    alice.create("tailed")
    other = Client()
    other.force_login(bob.user)
    stream = get(Person(bob.user, other, bob.caller), "/functions/tailed/logs/tail")
    content = iter(stream.streaming_content)
    lines = [(7, "a secret\n")]
    report = Report(
        kind=Kind.LOG, account_id=TEAM, region=REGION, function_name="tailed", request_id="r-1", lines=lines
    )
    assert event(next(content))[0] == "open"
    Publisher().publish([report])
    assert event(next(content))[0] == "lines"
    doer = alice.client if "admin" in deed else other if "logout" in deed else bob.client
    with django_capture_on_commit_callbacks(execute=True):
        doer.post(deed.format(bob.user.pk))
    Publisher().publish([report])
    kind, data = event(next(content))
    assert (kind, "signed out" in data["message"]) == ("refused", True)
    assert list(content) == []


def test_an_open_tail_writes_now_and_then(alice: Person, monkeypatch: pytest.MonkeyPatch, broker: None) -> None:
    monkeypatch.setattr(tail, "HEARTBEAT_SECONDS", 0.05)
    reader = Reader(str(alice.client.session.session_key), alice.user.pk, TEAM)
    stream = tail.tail("c", Seat(1), Sieve(None), reader)
    next(stream)
    assert next(stream) == b": here\n\n"
    stream.close()


def test_more_lines_than_a_page_can_show_are_counted() -> None:
    sieve = Sieve(lambda message: "no" not in message)
    first = sieve.pass_(lines(*["yes"] * (tail.LINES_PER_SECOND + 5), *["no"] * 7))
    assert len(first) <= tail.LINES_PER_SECOND
    assert len(first) + sieve.dropped == tail.LINES_PER_SECOND + 5
    before = sieve.dropped
    sieve.pass_(Batch([], 3))
    assert sieve.dropped == before + 3
