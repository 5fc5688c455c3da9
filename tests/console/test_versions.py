"""Versions and aliases on their page."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from console.pages import version_page
from functions.models import Alias, AuditEntry, Function
from monitoring.models import MetricBucket
from monitoring.queries.metrics import Metric
from tests.console.conftest import Person


def publish(person: Person, name: str, text: str) -> None:
    function = Function.objects.get(name=name)
    body = {
        "revision_id": str(function.versions.get(number=0).revision_id),
        "files": [{"path": "app.py", "origin": "app.py", "text": text}],
        "removed": [],
    }
    assert person.post_json(f"/functions/{name}/code/deploy/", body).status_code == 200
    person.client.post(f"/functions/{name}/versions/publish/", {"Description": text})


def test_publishing_makes_versions_and_says_which(alice: Person) -> None:
    alice.create("many")
    page = alice.client.get("/functions/many/code/").content.decode()
    assert "There is no version yet" in page
    publish(alice, "many", "one")
    assert "the same as version 1" in alice.client.get("/functions/many/code/").content.decode()
    publish(alice, "many", "two")
    assert list(Function.objects.get(name="many").versions.values_list("number", flat=True)) == [0, 1, 2]
    page = alice.client.get("/functions/many/versions/").content.decode()
    assert "v1" in page
    assert "v2" in page


def test_an_alias_is_created_shifted_and_deleted(alice: Person) -> None:
    alice.create("shifted")
    publish(alice, "shifted", "one")
    publish(alice, "shifted", "two")
    alice.client.post("/functions/shifted/versions/", {"Name": "prod", "FunctionVersion": "1"})
    alias = Alias.objects.get()
    assert (alias.version, alias.routing) == ("1", {})
    alice.client.post("/functions/shifted/aliases/prod/", {"FunctionVersion": "1", "second": "2", "share": "10"})
    alias.refresh_from_db()
    assert alias.routing == {"2": 0.1}
    page = alice.client.get("/functions/shifted/code/?qualifier=prod").content.decode()
    assert "90\u202f%" in page
    assert "10\u202f%" in page
    alice.client.post("/functions/shifted/aliases/prod/", {"FunctionVersion": "2", "second": "", "share": ""})
    alias.refresh_from_db()
    assert (alias.version, alias.routing) == ("2", {})
    alice.client.post("/functions/shifted/aliases/prod/delete/")
    assert not Alias.objects.exists()


def test_bad_aliases_are_said_at_the_field(alice: Person) -> None:
    alice.create("bad")
    publish(alice, "bad", "one")
    url = "/functions/bad/versions/"
    for name in ("", "has space", "123"):
        response = alice.client.post(url, {"Name": name, "FunctionVersion": "1"})
        assert response.status_code == 400, name
        assert response.context["form"].errors["Name"], name
    response = alice.client.post(url, {"Name": "prod", "FunctionVersion": "1", "second": "1", "share": "10"})
    assert response.status_code == 400
    assert not Alias.objects.exists()
    alice.client.post(url, {"Name": "prod", "FunctionVersion": "1"})
    again = alice.client.post(url, {"Name": "prod", "FunctionVersion": "1"})
    assert "Alias already exists" in again.content.decode()
    over = alice.client.post("/functions/bad/aliases/prod/", {"FunctionVersion": "1", "second": "1", "share": "500"})
    assert over.status_code == 400
    assert Alias.objects.get().routing == {}


def test_a_version_that_an_alias_names_is_kept(alice: Person) -> None:
    alice.create("kept")
    publish(alice, "kept", "one")
    alice.client.post("/functions/kept/versions/", {"Name": "prod", "FunctionVersion": "1"})
    page = alice.client.post("/functions/kept/versions/1/delete/", follow=True).content.decode()
    assert "Unable to delete version because the following aliases reference it" in page
    alice.client.post("/functions/kept/aliases/prod/delete/")
    alice.client.post("/functions/kept/versions/1/delete/")
    assert Function.objects.get(name="kept").versions.count() == 1


def test_a_viewer_changes_no_version(alice: Person, victor: Person) -> None:
    alice.create("fixed")
    publish(alice, "fixed", "one")
    for path in ("versions/", "versions/publish/", "versions/1/delete/", "aliases/prod/", "aliases/prod/delete/"):
        response = victor.client.post(f"/functions/fixed/{path}", {"Name": "prod", "FunctionVersion": "1"})
        assert response.status_code == 403, path
    assert "Publish version" not in victor.client.get("/functions/fixed/versions/").content.decode()


NASTY = "<script>alert('x')</script>"


def three_versions(person: Person, name: str) -> None:
    person.create(name)
    for text in ("one\nsame\n", "two\nsame\n", f"{NASTY}\nsame\n"):
        publish(person, name, text)


def test_all_traffic_to_the_candidate_makes_it_the_version(alice: Person) -> None:
    three_versions(alice, "promoted")
    alice.client.post("/functions/promoted/versions/", {"Name": "prod", "FunctionVersion": "1"})
    alice.client.post("/functions/promoted/aliases/prod/", {"FunctionVersion": "1", "second": "2", "share": "100"})
    alias = Alias.objects.get()
    assert (alias.version, alias.routing) == ("2", {})
    alice.client.post("/functions/promoted/aliases/prod/", {"FunctionVersion": "2", "second": "3", "share": "0"})
    alias.refresh_from_db()
    assert (alias.version, alias.routing) == ("2", {})


def test_an_alias_is_rolled_back_with_one_click(alice: Person, bob: Person) -> None:
    three_versions(alice, "rolled")
    alice.client.post("/functions/rolled/versions/", {"Name": "prod", "FunctionVersion": "1"})
    for label, why in (("2", "spring <b>sale</b>"), ("3", "")):
        url = "/functions/rolled/aliases/prod/"
        alice.client.post(url, {"FunctionVersion": label, "second": "", "share": "", "why": why})
    page = bob.client.get("/functions/rolled/versions/?alias=prod").content.decode()
    assert "Roll back prod to v2" in page
    assert "spring &lt;b&gt;sale&lt;/b&gt;" in page
    assert re.findall(r'strong">(prod: v\d)', page) == ["prod: v3", "prod: v2"]
    revision = Alias.objects.get().revision_id
    bob.client.post(
        "/functions/rolled/aliases/prod/rollback/", {"Version": "1", "revision_id": revision, "why": "slow"}
    )
    assert Alias.objects.get().version == "1"
    row = AuditEntry.objects.get(action="RollbackAlias")
    assert (row.actor, row.detail["why"]) == ("bob", "slow")
    # What somebody else changed meanwhile is not rolled over.
    again = bob.client.post(
        "/functions/rolled/aliases/prod/rollback/", {"Version": "2", "revision_id": revision}, follow=True
    )
    assert "does not match the latest Revision Id" in again.content.decode()
    assert Alias.objects.get().version == "1"
    assert "prod rolled back to v1" in again.content.decode()


def test_a_deleted_alias_comes_back_once(alice: Person, bob: Person) -> None:
    three_versions(alice, "undone")
    alice.client.post(
        "/functions/undone/versions/",
        {"Name": "prod", "FunctionVersion": "1", "second": "2", "share": "25", "Description": NASTY},
    )
    page = alice.client.post("/functions/undone/aliases/prod/delete/", follow=True).content.decode()
    assert not Alias.objects.exists()
    undo = re.search(r'data-undo="([^"]+)"', page)
    assert undo
    assert bob.client.post(undo[1]).status_code == 404
    alice.client.post(undo[1])
    alias = Alias.objects.get()
    assert (alias.name, alias.version, alias.routing, alias.description) == ("prod", "1", {"2": 0.25}, NASTY)
    assert alice.client.post(undo[1]).status_code == 404


def test_the_difference_of_two_versions(alice: Person) -> None:
    three_versions(alice, "compared")
    redirected = alice.client.get("/functions/compared/versions/compare/?a=1&b=3")
    assert redirected["Location"] == "/functions/compared/versions/1...3/"
    response = alice.client.get("/functions/compared/versions/1...3/")
    page = response.content.decode()
    assert NASTY not in page
    assert "&lt;script&gt;alert" in page
    (file,) = response.context["files"]
    assert [(row.kind, row.text) for row in file.rows] == [("removed", "one"), ("added", NASTY), ("", "same")]
    assert [each.name for each in response.context["settings"]] == ["Description"]
    assert "No difference" in alice.client.get("/functions/compared/versions/2...2/").content.decode()
    assert "No difference" not in alice.client.get("/functions/compared/versions/3...$LATEST/").content.decode()
    for wrong in ("1...9", "0...1", "x...y", "1...<b>"):
        assert alice.client.get(f"/functions/compared/versions/{wrong}/").status_code == 404, wrong


def test_environment_variables_are_compared_by_name(alice: Person) -> None:
    function = alice.create("variables", Environment={"Variables": {"MODE": "a", "GONE": "1"}}, Publish=True)
    latest = function.versions.get(number=0)
    latest.environment = {"MODE": NASTY, "NEW": "2"}
    latest.save()
    response = alice.client.get("/functions/variables/versions/1...$LATEST/")
    found = {each.name: (each.before, each.after) for each in response.context["settings"]}
    assert found == {
        "Environment: GONE": ("1", ""),
        "Environment: MODE": ("a", NASTY),
        "Environment: NEW": ("", "2"),
    }
    assert NASTY not in response.content.decode()


def sample(function: Function, label: str, name: str, count: float, total: float, top: float) -> None:
    dimensions = {"FunctionName": function.name, "Resource": f"{function.name}:prod", "ExecutedVersion": label}
    MetricBucket.objects.create(
        account_id=function.account_id,
        region=function.region,
        namespace="AWS/Lambda",
        name=name,
        dimensions=Metric.of(name, dimensions).dimensions,
        node="n",
        period=60,
        start=int(timezone.now().timestamp()) // 60 * 60 - 120,
        unit="Count",
        count=count,
        total=total,
        minimum=top,
        maximum=top,
    )


@pytest.mark.parametrize(("errors", "says"), [(4, "fails no more often"), (60, "v2 fails more often than v1")])
def test_both_versions_stand_side_by_side(alice: Person, errors: int, says: str) -> None:
    three_versions(alice, "split")
    function = Function.objects.get(name="split")
    alice.client.post(
        "/functions/split/versions/", {"Name": "prod", "FunctionVersion": "1", "second": "2", "share": "10"}
    )
    for label, calls, failed, slow in (("1", 900, 36, 212.0), ("2", 100, errors, 194.0)):
        sample(function, label, "Invocations", calls, calls, 1)
        sample(function, label, "Errors", calls, failed, 1)
        sample(function, label, "Duration", calls, slow * calls, slow)
    response = alice.client.get("/functions/split/versions/")
    comparison = response.context["comparison"]
    assert [(side.label, side.requests, side.error_rate, side.p95) for side in comparison.sides] == [
        ("1", 900, 0.04, 212.0),
        ("2", 100, errors / 100, 194.0),
    ]
    assert comparison.p95_change == -18
    assert says in response.content.decode()


def test_bad_shares_keep_what_was_typed(alice: Person) -> None:
    three_versions(alice, "typed")
    alice.client.post("/functions/typed/versions/", {"Name": "prod", "FunctionVersion": "1"})
    for share in ("", "-1", "101", "nan", "1e99", "ten", "\u0661\u0660\u0661", NASTY):
        body = {"FunctionVersion": "1", "second": "2", "share": share, "why": NASTY}
        response = alice.client.post("/functions/typed/aliases/prod/", body)
        page = response.content.decode()
        assert response.status_code == 400, share
        assert response.context["alias_form"].errors["share"], share
        assert NASTY not in page
        assert "&lt;script&gt;alert" in page
    long = {"FunctionVersion": "2", "second": "", "share": "", "why": "y" * 513}
    response = alice.client.post("/functions/typed/aliases/prod/", long)
    assert response.context["alias_form"].errors["why"]
    stale = {"FunctionVersion": "2", "second": "", "share": "", "revision_id": str(uuid4())}
    assert "Revision Id" in alice.client.post("/functions/typed/aliases/prod/", stale).content.decode()
    assert Alias.objects.get().version == "1"
    response = alice.client.post("/functions/typed/versions/publish/", {"Description": "d" * 257})
    assert response.status_code == 400
    assert response.context["publish_form"].errors["Description"]
    assert "d" * 257 in response.content.decode()


def test_the_page_asks_as_much_for_many_as_for_few(
    alice: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    three_versions(alice, "counted")
    for name in ("a", "b", "c", "d"):
        alice.client.post("/functions/counted/versions/", {"Name": name, "FunctionVersion": "1"})
    with django_assert_num_queries(11):
        alice.client.get("/functions/counted/versions/")
    for name in ("e", "f", "g", "h"):
        alice.client.post("/functions/counted/versions/", {"Name": name, "FunctionVersion": "2"})
    with django_assert_num_queries(11):
        alice.client.get("/functions/counted/versions/")


def test_a_viewer_neither_rolls_back_nor_restores(alice: Person, victor: Person) -> None:
    three_versions(alice, "watched")
    alice.client.post("/functions/watched/versions/", {"Name": "prod", "FunctionVersion": "1"})
    for path in ("aliases/prod/rollback/", "undo/alias/x/"):
        assert victor.client.post(f"/functions/watched/{path}", {"Version": "2"}).status_code == 403
    page = victor.client.get("/functions/watched/versions/").content.decode()
    assert "Roll back" not in page
    assert "Shift traffic" not in page
    assert victor.client.get("/functions/watched/versions/1...2/").status_code == 200


def test_many_versions_have_pages(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version_page, "PAGE", 2)
    three_versions(alice, "paged")

    def shown(response: Any) -> list[str]:
        return [version.label for version in response.context["page"]]

    first = alice.client.get("/functions/paged/versions/")
    assert shown(first) == ["3", "2"]
    older = first.context["older_versions"]
    assert "1–2 of 3" in first.content.decode()
    assert shown(alice.client.get(f"/functions/paged/versions/{older}")) == ["1"]
    # What can be chosen is all of them.
    assert first.context["labels"] == ["$LATEST", "3", "2", "1"]
