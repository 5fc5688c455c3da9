"""The list of functions: health, filter, sort, paging, empty state, and how much it asks of the database."""

import time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from console.pages import function
from console.pages import order as order_module
from console.pages.operations import call
from functions.models import Function, FunctionVersion
from monitoring.dimensions import canonical
from monitoring.models import MetricBucket
from tests.console.conftest import Person


def measured(person: Person, name: str, metric: str, total: float, count: float = 1) -> None:
    now = int(time.time()) // 60 * 60
    for period, start in ((60, now), (3600, now // 3600 * 3600)):
        MetricBucket.objects.create(
            account_id=person.caller.account_id,
            region=person.caller.region,
            namespace="AWS/Lambda",
            name=metric,
            dimensions=canonical({"FunctionName": name}),
            node="test",
            period=period,
            start=start,
            unit="Count",
            count=count,
            total=total,
            minimum=total / count,
            maximum=total / count,
            histogram={},
        )


def names(response: Any) -> list[str]:
    return [row.name for row in response.context["rows"]]


def test_without_functions_it_offers_to_create_one(alice: Person) -> None:
    page = alice.client.get("/functions/").content.decode()
    assert "No functions yet" in page
    assert "aws lambda create-function" in page


def test_a_viewer_is_offered_nothing_to_change(alice: Person, victor: Person) -> None:
    alice.create("shown")
    page = victor.client.get("/functions/").content.decode()
    assert "shown" in page
    assert "Create function" not in page


def test_it_shows_the_functions_of_ones_own_account_only(alice: Person, mallory: Person) -> None:
    alice.create("ours")
    mallory.create("theirs")
    assert names(alice.client.get("/functions/")) == ["ours"]


def test_health_comes_from_the_metrics(alice: Person) -> None:
    alice.create("busy", Description="does <b>much</b>")
    alice.create("quiet")
    measured(alice, "busy", "Invocations", 8, 8)
    measured(alice, "busy", "Errors", 2, 8)
    measured(alice, "busy", "Duration", 1600, 8)
    response = alice.client.get("/functions/?from=now-1h")
    busy, quiet = response.context["rows"]
    assert (busy.invocations, busy.error_rate, busy.p95) == (8, 0.25, 200)
    assert (quiet.invocations, quiet.error_rate, quiet.p95) == (0, None, None)
    assert busy.is_bad
    page = response.content.decode()
    assert "25\u202f%" in page
    assert "does &lt;b&gt;much&lt;/b&gt;" in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=ALPHA", ["alpha"]),
        ("q=second", ["beta"]),
        ("q=zzz", []),
        ("runtime=python2.7", []),
        ("state=Active", ["alpha", "beta"]),
        ("state=Failed", []),
        ("tag=team", ["alpha", "beta"]),
        ("tag=team%3Dshop", ["beta"]),
        ("tag=team%3D", []),
        ("tag=%3Cscript%3E", []),
        ("tag=team%3Dshop&q=alpha", []),
        ("sort=-name", ["beta", "alpha"]),
        ("sort=-invocations", ["beta", "alpha"]),
        ("sort=invocations", ["alpha", "beta"]),
        ("sort=nonsense", ["alpha", "beta"]),
        ("sort=-deployed", ["beta", "alpha"]),
    ],
)
def test_filter_and_sort_are_in_the_url(alice: Person, query: str, expected: list[str]) -> None:
    alice.create("alpha", Tags={"team": "media"})
    alice.create("beta", Description="the second", Tags={"team": "shop", "42": "7"})
    measured(alice, "beta", "Invocations", 5, 5)
    assert names(alice.client.get(f"/functions/?{query}")) == expected


def test_no_match_offers_to_clear_the_filter(alice: Person) -> None:
    alice.create("alpha")
    page = alice.client.get("/functions/?q=<script>").content.decode()
    assert "Nothing matches" in page
    assert "q = &lt;script&gt;" in page
    assert "No functions yet" not in page


def test_a_failed_function_says_why(alice: Person) -> None:
    broken = alice.create("broken")
    FunctionVersion.objects.filter(function=broken).update(state="Failed", state_reason="no such <runtime>")
    page = alice.client.get("/functions/").content.decode()
    assert "no such &lt;runtime&gt;" in page


def test_the_live_alias_is_prod(alice: Person) -> None:
    shifted = alice.create("shifted")
    for name in ("abc", "prod"):
        alice.client.post("/functions/shifted/versions/", {"Name": name, "FunctionVersion": "$LATEST"})
    assert shifted.aliases.count() == 2
    assert alice.client.get("/functions/").context["rows"][0].alias.name == "prod"


def test_long_lists_have_pages(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(function, "PAGE_SIZE", 2)
    for name in ("a", "b", "c"):
        alice.create(name)
    first = alice.client.get("/functions/")
    assert names(first) == ["a", "b"]
    assert names(alice.client.get(f"/functions/{first.context['next']}")) == ["c"]
    by_health = alice.client.get("/functions/?sort=-invocations&page=2")
    assert names(by_health) == ["c"]


def test_an_order_by_health_stays_while_its_pages_are_turned(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(function, "PAGE_SIZE", 1)
    for name, calls in (("a", 1), ("b", 3)):
        alice.create(name)
        measured(alice, name, "Invocations", calls, calls)
    assert names(alice.client.get("/functions/?sort=-invocations")) == ["b"]
    measured_again = MetricBucket.objects.filter(dimensions=canonical({"FunctionName": "a"}))
    measured_again.update(total=9)
    assert names(alice.client.get("/functions/?sort=-invocations&page=2")) == ["a"]
    assert names(alice.client.get("/functions/?sort=-errors")) == ["a"]  # another column: another order
    monkeypatch.setattr(order_module, "KEPT_SECONDS", -1.0)
    assert names(alice.client.get("/functions/?sort=-invocations")) == ["a"]


def test_htmx_gets_the_list_alone(alice: Person) -> None:
    alice.create("alpha")
    page = alice.client.get("/functions/?q=a", headers={"HX-Request": "true"}).content.decode()
    assert "alpha" in page
    assert "<html" not in page
    # A browser must not take the one for the other when somebody goes back.
    assert "HX-Request" in alice.client.get("/functions/?q=a")["Vary"]


def test_the_number_of_queries_does_not_grow_with_the_list(alice: Person) -> None:
    def count(sort: str) -> int:
        order_module.order.forget()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            alice.client.get(f"/functions/?sort={sort}")
        return len(queries)

    alice.create("one")
    few = {sort: count(sort) for sort in ("name", "-invocations")}
    for number in range(6):
        alice.create(f"more-{number}")
    assert {sort: count(sort) for sort in few} == few
    assert few["name"] <= 10


def test_the_last_deploy_says_what_and_by_whom(alice: Person, bob: Person) -> None:
    alice.create("made")
    assert "Created by alice" in alice.client.get("/functions/").content.decode()
    call(bob.caller, "PublishVersion", FunctionName="made")
    assert "Version by bob" in alice.client.get("/functions/").content.decode()


def test_several_are_deleted_by_typing_their_number(alice: Person, mallory: Person) -> None:
    for name in ("one", "two", "three"):
        alice.create(name)
    mallory.create("theirs")
    page = alice.client.get("/functions/delete/?name=one&name=two&name=theirs&name=gone")
    assert [each.name for each in page.context["functions"]] == ["one", "two"]
    sent = {"name": ["one", "two", "theirs"]}
    for wrong in ("", "3", "two", "<script>", "２"):
        answer = alice.client.post("/functions/delete/", {**sent, "confirm": wrong})
        assert answer.status_code == 400
        assert "this is not 2" in " ".join(answer.context["form"].errors["confirm"])
        assert answer.context["form"]["confirm"].value() == wrong
    assert Function.objects.count() == 4
    answer = alice.client.post("/functions/delete/", {**sent, "confirm": " 2 "}, follow=True)
    assert "Deleted 2 functions." in answer.content.decode()
    assert sorted(Function.objects.values_list("name", flat=True)) == ["theirs", "three"]


def test_one_is_deleted_by_typing_its_name(alice: Person) -> None:
    alice.create("only")
    assert alice.client.post("/functions/delete/", {"name": "only", "confirm": "1"}).status_code == 400
    assert alice.client.post("/functions/delete/", {"name": "only", "confirm": "only"})["Location"] == "/functions/"
    assert not Function.objects.exists()
    nothing = alice.client.get("/functions/delete/", follow=True).content.decode()
    assert "No function was chosen" in nothing


def test_a_viewer_chooses_and_deletes_nothing(alice: Person, victor: Person) -> None:
    alice.create("kept")
    assert 'type="checkbox"' not in victor.client.get("/functions/").content.decode()
    assert victor.client.get("/functions/delete/?name=kept").status_code == 403
    assert victor.client.post("/functions/delete/", {"name": "kept", "confirm": "kept"}).status_code == 403
    assert Function.objects.exists()
