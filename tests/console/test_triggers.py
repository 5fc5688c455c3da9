"""Triggers on the pages: function URLs and schedules, through the registry that knows the kinds."""

import re

import pytest
from pytest_django import DjangoAssertNumQueries

from functions.actions import event_source_mapping
from functions.models import AsyncEvent, FunctionUrl, Schedule
from tests.console.conftest import TEAM, Person

NASTY = "<script>alert('x')</script>"
SCHEDULE = {
    "Name": "nightly",
    "ScheduleExpression": "cron(30 2 * * ? *)",
    "ScheduleExpressionTimezone": "Europe/Berlin",
}


def add(person: Person, function: str, **changed: str) -> None:
    response = person.client.post(
        f"/functions/{function}/triggers/schedule/new/", {**SCHEDULE, "Enabled": "on", **changed}
    )
    assert response.status_code == 302


def test_a_function_without_triggers_says_what_there_is(alice: Person) -> None:
    alice.create("quiet")
    page = alice.client.get("/functions/quiet/triggers/").content.decode()
    assert "No triggers yet" in page
    assert "/functions/quiet/triggers/schedule/new/" in page
    assert "/functions/quiet/triggers/function_url/new/" in page
    assert "blueprint=signed-webhook" in page
    assert "No triggers yet" in alice.client.get("/triggers/").content.decode()


def test_a_schedule_is_made_changed_switched_fired_and_deleted(alice: Person) -> None:
    alice.create("timed")
    add(alice, "timed", Description=NASTY, Input='{"a": "<b>"}')
    schedule = Schedule.objects.get()
    assert (schedule.expression, schedule.zone, schedule.is_enabled) == ("cron(30 2 * * ? *)", "Europe/Berlin", True)
    page = alice.client.get("/functions/timed/triggers/").content.decode()
    assert "At 02:30" in page
    assert len(re.findall(r"02:30 Europe/Berlin", page)) == 6
    url = "/functions/timed/triggers/schedule/of/nightly/"
    form = alice.client.get(url).content.decode()
    assert NASTY not in form
    assert "&lt;script&gt;" in form
    body = {**SCHEDULE, "Name": "other", "ScheduleExpression": "rate(1 hour)", "Enabled": "on", "Input": ""}
    assert alice.client.post(url, body).status_code == 302
    schedule.refresh_from_db()
    assert (schedule.name, schedule.expression, schedule.input) == ("nightly", "rate(1 hour)", "")
    alice.client.post(url + "switch/", {})
    assert not Schedule.objects.get().is_enabled
    assert "Disabled" in alice.client.get("/functions/timed/triggers/").content.decode()
    alice.client.post(url + "switch/", {"enabled": "on"})
    assert Schedule.objects.get().is_enabled
    alice.client.post(url + "fire/")
    event = AsyncEvent.objects.get()
    assert (event.function_name, event.source) == ("timed", "schedule")
    assert str(event.pk) in alice.client.get("/functions/timed/triggers/").content.decode()
    alice.client.post(url + "delete/")
    assert not Schedule.objects.exists()
    assert alice.client.get(url).status_code == 404


def test_a_deleted_schedule_comes_back(alice: Person) -> None:
    alice.create("undone")
    add(alice, "undone", Input='{"a": 1}', Description="x")
    Schedule.objects.update(is_enabled=False)
    page = alice.client.post("/functions/undone/triggers/schedule/of/nightly/delete/", follow=True).content.decode()
    undo = re.search(r'data-undo="([^"]+)"', page)
    assert undo
    alice.client.post(undo[1])
    schedule = Schedule.objects.get()
    assert (schedule.name, schedule.input, schedule.zone, schedule.is_enabled) == (
        "nightly",
        '{"a": 1}',
        "Europe/Berlin",
        False,
    )
    assert alice.client.post(undo[1]).status_code == 404


def test_a_function_url_is_made_changed_and_deleted(alice: Person) -> None:
    alice.create("web")
    alice.client.post("/functions/web/triggers/function_url/new/", {"Qualifier": "", "AuthType": "AWS_IAM"})
    found = FunctionUrl.objects.get()
    page = alice.client.get("/functions/web/triggers/").content.decode()
    assert found.id in page
    alice.client.post("/functions/web/triggers/function_url/of/$LATEST/", {"AuthType": "NONE"})
    found.refresh_from_db()
    assert found.auth_type == "NONE"
    twice = alice.client.post("/functions/web/triggers/function_url/new/", {"Qualifier": "", "AuthType": "NONE"})
    assert twice.status_code == 400
    assert "FunctionUrlConfig exists" in twice.content.decode()
    page = alice.client.post("/functions/web/triggers/function_url/of/$LATEST/delete/", follow=True).content.decode()
    assert "Deleted Function URL." in page
    assert "data-undo" not in page  # it would come back with another address
    assert not FunctionUrl.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Name", ""),
        ("Name", "has space"),
        ("Name", "n" * 65),
        ("Name", NASTY),
        ("Name", "é"),
        ("ScheduleExpression", ""),
        ("ScheduleExpression", "every day"),
        ("ScheduleExpression", "cron(61 * * * ? *)"),
        ("ScheduleExpression", "rate(" + "9" * 300 + " minutes)"),
        ("ScheduleExpression", NASTY),
        ("ScheduleExpressionTimezone", "Mars/Olympus"),
        ("ScheduleExpressionTimezone", NASTY),
        ("Qualifier", "99"),
        ("Qualifier", NASTY),
        ("Input", "{no json"),
        ("Input", '"' + "x" * 262_145 + '"'),
        ("Description", "d" * 513),
    ],
)
def test_what_is_wrong_is_said_at_the_field(alice: Person, field: str, value: str) -> None:
    alice.create("strict")
    body = {**SCHEDULE, "Enabled": "on", "Description": "kept <i>", field: value}
    response = alice.client.post("/functions/strict/triggers/schedule/new/", body)
    page = response.content.decode()
    assert response.status_code == 400
    assert response.context["form"].errors[field]
    assert NASTY not in page
    assert "nightly" in page or field == "Name"
    assert "kept &lt;i&gt;" in page or field == "Description"
    assert not Schedule.objects.exists()


def test_what_is_not_there_is_refused(alice: Person) -> None:
    alice.create("odd")
    response = alice.client.post("/functions/odd/triggers/function_url/new/", {"AuthType": NASTY})
    assert response.context["form"].errors["AuthType"]
    response = alice.client.post("/functions/odd/triggers/function_url/new/", {"AuthType": "NONE", "Qualifier": "gone"})
    assert response.status_code == 400
    for path in ("carrier-pigeon/new/", "schedule/of/none/", "function_url/of/$LATEST/"):
        assert alice.client.get(f"/functions/odd/triggers/{path}").status_code == 404, path
    refused = alice.client.post("/functions/odd/triggers/schedule/of/none/fire/", follow=True).content.decode()
    assert "Schedule none does not exist." in refused


def test_a_page_changes_no_schedule_of_another_function(alice: Person, mallory: Person) -> None:
    alice.create("mine")
    alice.create("other")
    add(alice, "mine")
    for path in ("fire/", "switch/"):
        alice.client.post(f"/functions/other/triggers/schedule/of/nightly/{path}")
    assert alice.client.post("/functions/other/triggers/schedule/of/nightly/delete/").status_code == 404
    assert mallory.client.get("/functions/mine/triggers/").status_code == 404
    assert "nightly" not in mallory.client.get("/triggers/").content.decode()
    assert Schedule.objects.get().is_enabled
    assert not AsyncEvent.objects.exists()


def test_the_preview_says_it_in_words(victor: Person) -> None:
    def preview(expression: str, zone: str = "UTC") -> str:
        query = {"ScheduleExpression": expression, "ScheduleExpressionTimezone": zone}
        return victor.client.get("/triggers/preview/", query).content.decode()

    page = preview("cron(0 9 ? * MON-FRI *)", "Asia/Tokyo")
    assert "At 09:00, Monday to Friday" in page
    assert page.count("09:00 Asia/Tokyo") == 5
    assert "Every 5 minutes" in preview("rate(5 minutes)")
    assert "It never comes again." in preview("cron(0 0 1 1 ? 2001)")
    assert "A schedule is rate(...) or cron(...)." in preview("")
    assert "at most 256 characters" in preview("rate(" + " " * 300 + "5 minutes)")
    assert NASTY not in preview("rate(5 minutes)", NASTY)
    assert "time zone" in preview("rate(5 minutes)", NASTY)


def test_a_viewer_looks_and_changes_nothing(alice: Person, victor: Person) -> None:
    alice.create("seen")
    add(alice, "seen")
    for path in ("", "switch/", "fire/", "delete/"):
        assert victor.client.post(f"/functions/seen/triggers/schedule/of/nightly/{path}").status_code == 403
    for path in ("triggers/schedule/new/", "undo/trigger/schedule/x/"):
        assert victor.client.post(f"/functions/seen/{path}").status_code == 403
    assert victor.client.get("/functions/seen/triggers/schedule/new/").status_code == 403
    page = victor.client.get("/functions/seen/triggers/").content.decode()
    assert "nightly" in page
    assert "Fire" not in page
    assert victor.client.get("/functions/seen/triggers/schedule/of/nightly/").status_code == 200


def test_all_triggers_are_found_by_function_and_kind(
    alice: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(4):
        alice.create(f"many-{number}")
        add(alice, f"many-{number}", Name=f"tick-{number}")
        alice.client.post(f"/functions/many-{number}/triggers/function_url/new/", {"AuthType": "NONE"})
    page = alice.client.get("/triggers/").content.decode()
    assert all(f"tick-{number}" in page for number in range(4))
    assert "tick-1" not in alice.client.get("/triggers/?q=many-2").content.decode()
    assert "tick-1" not in alice.client.get("/triggers/?kind=function_url").content.decode()
    for wrong in ("q=none", "kind=none", f"q={NASTY}", "q=%00x"):
        page = alice.client.get(f"/triggers/?{wrong}").content.decode()
        assert "Nothing matches" in page
        assert NASTY not in page
    with django_assert_num_queries(9):
        alice.client.get("/triggers/")
    for number in range(4, 9):
        alice.create(f"many-{number}")
        add(alice, f"many-{number}", Name=f"tick-{number}")
    with django_assert_num_queries(9):
        alice.client.get("/triggers/")


def test_event_source_mappings_are_shown_with_what_they_do_not_do(alice: Person) -> None:
    alice.create("fed")
    assert "Event source mappings" not in alice.client.get("/functions/fed/triggers/").content.decode()
    queue = f"arn:aws:sqs:us-east-1:{TEAM}:jobs"
    event_source_mapping.create(alice.caller, {"FunctionName": "fed", "EventSourceArn": queue, "BatchSize": 7})
    page = alice.client.get("/functions/fed/triggers/").content.decode()
    assert queue in page
    assert "reads no event source yet" in page
