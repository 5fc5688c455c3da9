"""Limits, runtimes, workers and the audit log."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import DjangoAssertNumQueries, Settings

from console.pages.operations import call
from functions.cache import generation
from functions.execution.runtimes.discovery import installed
from functions.models import AuditEntry
from monitoring.models import LogGroup
from tests.console.conftest import REGION, RUNTIME, TEAM, Person
from tests.console.posts import MISSING

MARKUP = "<script>alert(1)</script>"


def note(number: int, **fields: object) -> None:
    row = {"account_id": TEAM, "actor": "bob", "via": "api", "action": "UpdateFunctionCode", "detail": {}}
    AuditEntry.objects.create(**{**row, "resource": f"arn:aws:lambda:us-east-1:{TEAM}:function:f{number}", **fields})


def test_limits_say_where_they_come_from(bob: Person, settings: Settings) -> None:
    settings.HEARTH_LIMITS = {"tags": 7}
    rows = {row.name: row for row in bob.client.get("/admin/limits/").context["rows"]}
    assert [name for name, row in rows.items() if row.label == name] == []
    assert (rows["tags"].value, rows["tags"].default, rows["tags"].is_changed) == (7, 50, True)
    assert not rows["zipped_bytes"].is_changed
    assert rows["concurrency"].setting == "HEARTH_CONCURRENCY"


def test_what_is_used_of_the_limits(bob: Person, mallory: Person, settings: Settings) -> None:
    settings.HEARTH_CONCURRENCY = 200
    size = bob.create("one").versions.get().package.size
    mallory.create("theirs")
    call(bob.caller, "PutFunctionConcurrency", FunctionName="one", ReservedConcurrentExecutions=30)
    context = bob.client.get("/admin/limits/").context
    assert context["used"]["AccountUsage"] == {"TotalCodeSize": size, "FunctionCount": 1}
    assert (context["reserved"], context["used"]["AccountLimit"]["ConcurrentExecutions"]) == (30, 200)
    assert context["running"] is None  # no worker runs in these tests


def test_retention_of_all_and_of_single_log_groups(bob: Person, settings: Settings) -> None:
    settings.HEARTH_RETENTION_DAYS = 11
    assert "kept for 11 days" in bob.client.get("/admin/limits/").content.decode()
    for account, name, days in ((TEAM, "/mine", 3), (TEAM, "/default", None), ("222222222222", "/theirs", 5)):
        LogGroup.objects.create(account_id=account, region=REGION, name=name, retention_days=days)
    page = bob.client.get("/admin/limits/")
    assert [(group.name, group.retention_days) for group in page.context["groups"]] == [("/mine", 3)]
    assert "All other log groups" in page.content.decode()


def test_runtimes_that_are_here_and_how_to_get_the_others(bob: Person) -> None:
    bob.create("one")
    page = bob.client.get("/admin/runtimes/")
    counts = {row.runtime.id: count for row, count in page.context["installed"]}
    assert set(counts) == set(installed())
    assert counts[RUNTIME] == 1
    assert all(row.command for row, _ in page.context["missing"])
    assert "Let stand in" not in page.content.decode()


def test_a_stand_in_is_chosen_shown_and_removed(alice: Person) -> None:
    assert "Let stand in" in alice.client.get("/admin/runtimes/").content.decode()
    fields = {"runtime": MISSING, "interpreter": RUNTIME}

    def post(fields: dict[str, str]) -> str:
        """A commit empties the caches, which a test never reaches."""
        said = alice.client.post("/admin/runtimes/stand-in/", fields, follow=True).content.decode()
        generation().bump()
        return str(said)

    page = post(fields) + alice.client.get("/admin/runtimes/").content.decode()
    version = installed()[RUNTIME].version
    assert f"{RUNTIME} stands in for {MISSING} now." in page
    assert f"Python {version} stands in" in page
    assert f"{MISSING} (on Python {version})" in alice.client.get("/functions/new/").content.decode()
    alice.create("stood-in", Runtime=MISSING)
    for address in ("/functions/stood-in/", "/functions/stood-in/code/"):
        assert f"Python {version} stands in" in alice.client.get(address).content.decode()
    assert f"Nothing stands in for {MISSING} any more." in post({"runtime": MISSING})
    assert "stands in" not in alice.client.get("/functions/stood-in/").content.decode()


def test_the_command_lists_and_chooses(alice: Person, settings: Settings) -> None:
    settings.HEARTH_ACCOUNT_ID = TEAM

    def run(*arguments: str) -> dict[str, str]:
        out = StringIO()
        generation().bump()
        call_command("runtimes", *arguments, stdout=out)
        return {line.split()[0]: " ".join(line.split()[1:]) for line in out.getvalue().splitlines()}

    own = installed()[RUNTIME]
    said = run()
    assert (said[RUNTIME], said["python2.7"]) == (f"installed {own.version} {own.path}", "deprecated")
    assert said[MISSING] == f"missing uv python install {MISSING.removeprefix('python')}"
    run("--stand-in", f"{MISSING}={RUNTIME}")
    assert run()[MISSING] == f"stand-in {own.version} {own.path}"
    run("--remove", MISSING)
    assert run()[MISSING] == said[MISSING]
    with pytest.raises(CommandError, match="Nothing stands in"):
        run("--remove", MISSING)
    with pytest.raises(CommandError, match="no account"):
        run("--account", "999999999999")


def test_concurrency_without_a_broker(alice: Person) -> None:
    """No broker runs in these tests: the page says so instead of failing."""
    answer = alice.client.get("/admin/concurrency/")
    assert answer.status_code == 200
    assert "The broker cannot be reached" in answer.content.decode()


def test_the_audit_log_is_of_the_account_and_newest_first(alice: Person, mallory: Person) -> None:
    note(1)
    note(2)
    note(3, account_id="222222222222")
    rows = [row for row, _ in alice.client.get("/admin/audit/").context["rows"]]
    assert [row.resource[-2:] for row in rows] == ["f2", "f1"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("resource=function:f1", ["f1"]),
        ("actor=carol", ["f2"]),
        ("action=delete", ["f3"]),
        ("actor=bob&action=update", ["f1"]),
        ("actor=nobody", []),
        ("before=abc", ["f3", "f2", "f1"]),
        ("before=99999999999999999999", ["f3", "f2", "f1"]),
        ("resource=%00", ["f3", "f2", "f1"]),
    ],
)
def test_filters(alice: Person, query: str, found: list[str]) -> None:
    note(1)
    note(2, actor="carol")
    note(3, action="DeleteFunction")
    answer = alice.client.get(f"/admin/audit/?{query}")
    assert answer.status_code == 200
    assert [row.resource[-2:] for row, _ in answer.context["rows"]] == found


def test_older_pages_do_not_shift(alice: Person) -> None:
    for number in range(60):
        note(number)
    first = alice.client.get("/admin/audit/?actor=bob").context
    note(60)
    second = alice.client.get("/admin/audit/" + first["older"]).context
    assert [row.resource.rpartition(":f")[2] for row, _ in second["rows"]] == [str(each) for each in range(9, -1, -1)]
    assert second["older"] == ""
    assert second["newest"] == "?actor=bob"


def test_stored_markup_is_shown_as_text(alice: Person) -> None:
    note(1, actor=MARKUP, action=MARKUP, resource=MARKUP, detail={"why": MARKUP})
    page = alice.client.get("/admin/audit/").content.decode()
    assert MARKUP not in page
    assert "&lt;script&gt;" in page


def test_the_number_of_queries(alice: Person, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for number in range(60):
        note(number)
    alice.client.get("/admin/audit/")
    with django_assert_num_queries(4):  # session, user, memberships, entries
        alice.client.get("/admin/audit/")


def test_the_design_page_shows_both_themes(alice: Person) -> None:
    page = alice.client.get("/design/").content.decode()
    assert 'class="design-theme" data-theme="light"' in page
    assert 'class="design-theme" data-theme="dark"' in page


def test_operations_of_the_api(bob: Person) -> None:
    context = bob.client.get("/admin/operations/").context
    assert (context["total"], len(context["rows"])) == (91, 91)
    found = bob.client.get("/admin/operations/?status=partly&q=createfunction").context["rows"]
    assert [row.name for row in found] == ["CreateFunction"]
    assert "Nothing matches" in bob.client.get("/admin/operations/?q=zzz").content.decode()
