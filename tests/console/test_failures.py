"""Errors grouped by type."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from monitoring.report import Outcome
from tests.console.conftest import Person

MARKUP = "<script>alert(1)</script>"


@pytest.fixture
def failing(alice: Person, invoked: Callable[..., str]) -> list[str]:
    alice.create("orders")
    alice.create("mails")
    now = time.time() * 1000
    trace = [
        '  File "/var/task/app.py", line 3, in handler\n',
        '  File "/var/task/lib/stock.py", line 41, in reserve\n',
    ]
    response = json.dumps({"errorType": "OutOfStock", "stackTrace": trace})
    invoked("orders")
    error: dict[str, Any] = {"outcome": Outcome.ERROR, "error_type": "OutOfStock", "response": response}
    return [
        invoked("orders", at_ms=now - 3_000_000, error_message="old", **error),
        invoked("orders", at_ms=now - 2_000, error_message=MARKUP, version="2", **error),
        invoked("mails", at_ms=now - 1_000, outcome=Outcome.TIMEOUT),
    ]


def test_failures_are_grouped_by_function_and_type(alice: Person, failing: list[str]) -> None:
    response = alice.client.get("/errors/")
    first, second = response.context["rows"]
    assert (first.failure.function_name, first.failure.count, sorted(first.failure.versions)) == (
        "orders",
        2,
        ["$LATEST", "2"],
    )
    assert round((first.failure.last - first.failure.first).total_seconds()) == 2998
    assert (first.failure.request_id, first.failure.message, first.place) == (failing[1], MARKUP, "lib/stock.py:41")
    assert (second.failure.function_name, second.failure.outcome, second.place) == ("mails", "timeout", "")
    text = response.content.decode()
    assert MARKUP not in text
    assert "/functions/orders/code/?file=lib%2Fstock.py&amp;line=41" in text


def test_a_function_shows_its_own(alice: Person, mallory: Person, failing: list[str]) -> None:
    rows = alice.client.get("/functions/mails/errors/").context["rows"]
    assert [row.failure.function_name for row in rows] == ["mails"]
    recent = alice.client.get("/functions/orders/errors/?from=now-15m").context["rows"]
    assert [row.failure.count for row in recent] == [1]
    assert mallory.client.get("/errors/").context["rows"] == []
    assert mallory.client.get("/functions/mails/errors/").status_code == 404


def test_no_errors_are_said(alice: Person) -> None:
    alice.create("fine")
    assert "No errors" in alice.client.get("/errors/").content.decode()
    assert alice.client.get("/errors/?from=soon").status_code == 200


def test_it_asks_the_same_however_much_there_is(
    alice: Person, failing: list[str], django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(5):
        alice.client.get("/errors/")
