"""Event source mappings on pages: made, shown as they are kept, changed, deleted."""

from typing import Any

from functions.models import EventSourceMapping
from tests.console.conftest import TEAM, Person

QUEUE = f"arn:aws:sqs:us-east-1:{TEAM}:orders"
HERE = "/functions/f"
KAFKA = """{"Topics": ["orders"],
 "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["kafka.example.com:9092"]}},
 "SourceAccessConfigurations": [{"Type": "VPC_SUBNET", "URI": "subnet:subnet-0a1b2c3d"},
                                {"Type": "VPC_SECURITY_GROUP", "URI": "security_group:sg-0a1b2c3d"}]}"""
NEW = {"EventSourceArn": QUEUE, "Qualifier": "", "StartingPosition": "", "Filters": "", "Further": "", "Enabled": "on"}


def test_from_the_first_to_the_last(alice: Person, victor: Person) -> None:
    alice.create("f")
    page = alice.client.get(f"{HERE}/triggers/").content.decode()
    assert f"{HERE}/mappings/new/" in page
    assert 'aria-current="page">Triggers</a>' in page
    patterns = '{"body": {"paid": [true]}}\n{"body": {"paid": [false]}}'
    assert alice.client.post(f"{HERE}/mappings/new/", {**NEW, "Filters": patterns}).status_code == 302
    row = EventSourceMapping.objects.get()
    assert [each["Pattern"] for each in row.members["FilterCriteria"]["Filters"]] == patterns.splitlines()
    shown = alice.client.get(f"{HERE}/triggers/").content.decode()
    assert QUEUE in shown
    assert "reads no event source yet" in shown
    everywhere = alice.client.get("/triggers/").content.decode()
    assert QUEUE in everywhere
    assert QUEUE not in alice.client.get("/triggers/?q=other").content.decode()
    assert "/mappings/" not in victor.client.get(f"{HERE}/triggers/").content.decode()
    edit = f"{HERE}/mappings/{row.id}/"
    form = alice.client.get(edit).context["form"]
    assert (form["BatchSize"].value(), form["Filters"].value(), form["Enabled"].value()) == (10, patterns, True)
    changed = {"Qualifier": "", "BatchSize": "5", "MaximumBatchingWindowInSeconds": "0", "Filters": ""}
    kept = {"Further": '{"ScalingConfig": {"MaximumConcurrency": 4}}'}
    assert alice.client.post(edit, {**changed, **kept}).status_code == 302
    row.refresh_from_db()
    assert (row.is_enabled, row.members["BatchSize"], row.members["ScalingConfig"]) == (
        False,
        5,
        {"MaximumConcurrency": 4},
    )
    assert "FilterCriteria" not in row.members
    assert victor.client.get(edit).status_code == 403
    assert alice.client.post(f"{edit}delete/").status_code == 302
    assert not EventSourceMapping.objects.exists()
    assert alice.client.get(edit).status_code == 404


def test_a_source_that_is_not_aws_has_no_arn(alice: Person) -> None:
    alice.create("f")
    answer = alice.client.post(f"{HERE}/mappings/new/", {**NEW, "EventSourceArn": "", "Further": KAFKA})
    assert answer.status_code == 302, answer.context["form"].errors
    assert "kafka.example.com:9092" in alice.client.get(f"{HERE}/triggers/").content.decode()


def test_further_settings_are_members_of_the_right_type(alice: Person) -> None:
    alice.create("f")
    for text, said in (
        ("[]", "Write an object"),
        ('{"UUID": "1"}', "UUID is not a further setting"),
        ('{"Nothing": 1}', "Nothing is not a further setting"),
        ('{"Topics": "orders"}', "Invalid type for parameter"),
        ('{"TumblingWindowInSeconds": 5}', "Unsupported TumblingWindowInSeconds"),
        ("[" * 100_000, "This is no JSON"),
    ):
        answer: Any = alice.client.post(f"{HERE}/mappings/new/", {**NEW, "Further": text})
        assert answer.status_code == 400
        assert said in " ".join(answer.context["form"].errors["Further"])
        assert answer.context["form"]["Further"].value() == text
    assert not EventSourceMapping.objects.exists()


def test_it_is_shown_as_a_command_before_it_is_done(alice: Person) -> None:
    alice.create("f")
    shown = alice.client.post(f"{HERE}/mappings/new/", {**NEW, "copy_as": "1"}).content.decode()
    assert f"--event-source-arn {QUEUE}" in shown
    assert not EventSourceMapping.objects.exists()
