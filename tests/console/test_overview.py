"""The overview of a function: what leads to it, how it does, where its outcome goes."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from console.pages.operations import call
from functions.arn import FunctionReference
from functions.triggers import registry
from tests.console.conftest import REGION, TEAM, Person
from tests.console.test_function_list import measured


def reference(name: str) -> FunctionReference:
    return FunctionReference(TEAM, REGION, name, None)


def test_a_lonely_function_says_so(alice: Person) -> None:
    alice.create("lonely")
    answer = alice.client.get("/functions/lonely/")
    page = answer.content.decode()
    assert answer.context["sources"] == answer.context["destinations"] == []
    assert "Nothing calls it by itself." in page
    assert "Outcomes of events go nowhere." in page
    assert "aws lambda invoke" in page
    assert "boto3.client" in page
    assert "--aws-sigv4" in page


def test_sources_and_destinations_are_drawn(alice: Person) -> None:
    alice.create("middle", Description="<i>in</i> the middle")
    target = alice.create("after").arn
    call(alice.caller, "CreateFunctionUrlConfig", FunctionName="middle", AuthType="NONE")
    schedule = registry.kind("schedule")
    values = {"Name": "nightly", "ScheduleExpression": "rate(1 hour)"}
    schedule.create(alice.caller, reference("middle"), values)
    call(
        alice.caller,
        "PutFunctionEventInvokeConfig",
        FunctionName="middle",
        DestinationConfig={"OnFailure": {"Destination": f"{target}"}},
    )
    answer = alice.client.get("/functions/middle/")
    assert [each.row.kind for each in answer.context["sources"]] == ["function_url", "schedule"]
    assert [(each.when, each.name) for each in answer.context["destinations"]] == [("On failure", "after")]
    page = answer.content.decode()
    assert "&lt;i&gt;in&lt;/i&gt; the middle" in page
    assert 'href="/functions/after/"' in page


def test_an_alias_shows_its_own_triggers_only(alice: Person) -> None:
    alice.create("shared", Publish=True)
    call(alice.caller, "CreateAlias", FunctionName="shared", Name="prod", FunctionVersion="1")
    call(alice.caller, "CreateFunctionUrlConfig", FunctionName="shared", Qualifier="prod", AuthType="NONE")
    assert alice.client.get("/functions/shared/").context["sources"] == []
    answer = alice.client.get("/functions/shared/?qualifier=prod")
    assert len(answer.context["sources"]) == 1
    page = answer.content.decode()
    assert "Alias prod:" in page
    assert "--qualifier prod" in page
    assert "Version 1, read-only." in alice.client.get("/functions/shared/?qualifier=1").content.decode()
    assert alice.client.get("/functions/shared/?qualifier=<script>").status_code == 404


def test_health_is_that_of_the_last_day(alice: Person) -> None:
    alice.create("busy", Timeout=3)
    measured(alice, "busy", "Invocations", 10, 10)
    measured(alice, "busy", "Errors", 5, 10)
    measured(alice, "busy", "Duration", 29_000, 10)
    shown = {each.label: (each.value, each.tone) for each in alice.client.get("/functions/busy/").context["figures"]}
    assert shown["Invocations"] == ("10", "")
    assert shown["Errors"] == ("50\u202f%", "err")
    assert shown["Duration p95"] == ("2.90 s", "warn")


def test_who_deployed_last(alice: Person, bob: Person) -> None:
    alice.create("made")
    call(bob.caller, "UpdateFunctionConfiguration", FunctionName="made", Timeout=9)
    first, second = alice.client.get("/functions/made/").context["deployments"]
    assert (first.actor, first.changed, second.actor) == ("bob", ("Timeout",), "alice")


def test_a_viewer_is_offered_nothing_to_change(alice: Person, victor: Person) -> None:
    alice.create("shown")
    page = victor.client.get("/functions/shown/").content.decode()
    for offered in ("Add trigger", "Give it a URL", ">Throttle</button>"):
        assert offered not in page


def test_the_number_of_queries_does_not_grow(alice: Person) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert alice.client.get("/functions/grown/").status_code == 200
        return len(queries)

    alice.create("grown")
    call(alice.caller, "CreateFunctionUrlConfig", FunctionName="grown", AuthType="NONE")
    schedule = registry.kind("schedule")
    schedule.create(alice.caller, reference("grown"), {"Name": "one", "ScheduleExpression": "rate(1 hour)"})
    few = count()
    for name in ("two", "three", "four"):
        schedule.create(alice.caller, reference("grown"), {"Name": name, "ScheduleExpression": "rate(1 hour)"})
        call(alice.caller, "PublishVersion", FunctionName="grown")
    assert count() == few
    assert few <= 18
