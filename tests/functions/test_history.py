"""Who deployed what, when and why; earlier targets of an alias, and going back to one."""

from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from functions import history
from functions.access.caller import Caller
from functions.actions import alias, function, tags, version
from functions.api import function as api
from functions.arn import FunctionReference, parse
from functions.errors import (
    InvalidParameterValueException,
    PreconditionFailedException,
    ResourceNotFoundException,
)
from functions.history import Kind
from functions.models import Alias, AuditEntry, Function
from tests.functions.world import ACCOUNT, REGION, create, zipped

BOB = Caller(account_id=ACCOUNT, region=REGION, user_id=None, user_name="bob", via="console")


@pytest.fixture
def thumbs(alice: Caller) -> FunctionReference:
    create(alice, "thumbs")
    return parse("thumbs", None, alice)


def publish(caller: Caller, reference: FunctionReference, number: int) -> None:
    """New code, published."""
    function.update_code(caller, reference, zipped({"app.py": f"x = {number}\n"}))
    assert version.publish(caller, reference, description=f"release {number}").number == number


def deployments() -> list[history.Deployment]:
    return history.deployments(Function.objects.get(name="thumbs"))


def test_every_deployment_is_told(
    alice: Caller, thumbs: FunctionReference, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    publish(alice, thumbs, 1)
    function.update_configuration(alice, thumbs, {"Timeout": 9, "Environment": {"Variables": {"KEY": "secret"}}})
    version.publish(BOB, thumbs)
    alias.create(BOB, thumbs, "live", "1", why="first")
    alias.update(BOB, thumbs, "live", weights={"2": 0.1})
    alias.update(BOB, thumbs, "live", version="2", weights={}, why="all is well")
    alias.update(BOB, thumbs, "live", description="what callers use")
    alias.rollback(alice, thumbs, "live", "1", why="errors")
    alias.delete(alice, thumbs, "live")
    version.delete(alice, FunctionReference(ACCOUNT, REGION, "thumbs", "2"))
    row = Function.objects.get()
    with django_assert_num_queries(1):
        found = history.deployments(row)
    assert [(each.kind, each.actor, each.via, each.alias, each.before, each.after, each.why) for each in found] == [
        (Kind.VERSION_DELETED, "alice", "api", "", "", found[0].after, ""),
        (Kind.ALIAS_DELETED, "alice", "api", "live", "1", "", ""),
        (Kind.ROLLBACK, "alice", "api", "live", "2", "1", "errors"),
        (Kind.ALIAS_DESCRIBED, "bob", "console", "live", "2", "2", ""),
        (Kind.ALIAS_MOVED, "bob", "console", "live", "1 (90 %) and 2 (10 %)", "2", "all is well"),
        (Kind.ALIAS_SHIFTED, "bob", "console", "live", "1", "1 (90 %) and 2 (10 %)", ""),
        (Kind.ALIAS_CREATED, "bob", "console", "live", "", "1", "first"),
        (Kind.PUBLISHED, "bob", "console", "", "", found[7].after, ""),
        (Kind.CONFIGURATION, "alice", "api", "", "", "", ""),
        (Kind.PUBLISHED, "alice", "api", "", "", found[9].after, ""),
        (Kind.CODE, "alice", "api", "", found[11].after, found[9].after, ""),
        (Kind.CREATED, "alice", "api", "", "", found[11].after, ""),
    ]
    assert [each.version for each in found if each.version] == ["2", "2", "1"]
    changed = found[8]
    assert changed.changed == ("Environment", "Timeout")
    assert (changed.detail["from"], changed.detail["to"]) == ({"Timeout": 3}, {"Timeout": 9})
    assert "secret" not in str(list(AuditEntry.objects.values("detail")))
    assert history.recent(ACCOUNT, REGION, 3) == found[:3]
    assert history.recent(ACCOUNT, "eu-west-1") == []
    assert history.deployments(row, 2, before=found[1].at) == found[2:4]


def test_what_changes_nothing_is_no_deployment(alice: Caller, thumbs: FunctionReference) -> None:
    publish(alice, thumbs, 1)
    before = deployments()
    version.publish(alice, thumbs)
    alias.delete(alice, thumbs, "absent")
    version.delete(alice, FunctionReference(ACCOUNT, REGION, "thumbs", "9"))
    tags.add(alice, thumbs, {"team": "a"})
    assert deployments() == before
    assert len(before) == 3


def test_a_create_or_code_that_is_published_at_once_names_its_version(alice: Caller) -> None:
    create(alice, "thumbs", Publish=True)
    reference = parse("thumbs", None, alice)
    function.update_code(alice, reference, zipped({"app.py": "x = 2\n"}), publish=True)
    assert [(each.kind, each.version) for each in deployments()] == [(Kind.CODE, "2"), (Kind.CREATED, "1")]


def test_a_namesake_has_a_history_of_its_own(alice: Caller, thumbs: FunctionReference) -> None:
    create(alice, "thumbs-2")
    function.delete(alice, thumbs)
    create(alice, "thumbs")
    assert [each.kind for each in deployments()] == [Kind.CREATED]
    names = [each.function for each in history.recent(ACCOUNT, REGION)]
    assert names == ["thumbs", "thumbs-2", "thumbs"]  # and no deletion


def live() -> Alias:
    return Alias.objects.select_related("function").get(name="live")


def targets(row: Alias) -> list[tuple[str, str, str]]:
    return [(each.version, each.description, each.left_by) for each in history.previous_targets(row)]


def test_earlier_targets_of_an_alias(
    alice: Caller, thumbs: FunctionReference, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in (1, 2, 3):
        publish(alice, thumbs, number)
    alias.create(alice, thumbs, "live", "1")
    assert targets(live()) == []
    alias.update(BOB, thumbs, "live", weights={"2": 0.5})
    assert targets(live()) == [("1", "release 1", "bob")]  # back to all of the traffic
    alias.update(alice, thumbs, "live", version="2", weights={})
    alias.update(BOB, thumbs, "live", version="3")
    row = live()
    with django_assert_num_queries(2):
        assert targets(row) == [("2", "release 2", "bob"), ("1", "release 1", "alice")]
    version.delete(alice, FunctionReference(ACCOUNT, REGION, "thumbs", "1"))
    assert targets(row) == [("2", "release 2", "bob")]
    alias.update(BOB, thumbs, "live", version="$LATEST")
    assert [each[0] for each in targets(live())] == ["3", "2"]


def test_a_rollback_takes_all_of_the_traffic(alice: Caller, thumbs: FunctionReference) -> None:
    for number in (1, 2):
        publish(alice, thumbs, number)
    alias.create(alice, thumbs, "live", "2", weights={"1": 0.2})
    seen = str(live().revision_id)
    row = alias.rollback(BOB, thumbs, "live", "1", why="errors", revision_id=seen)
    assert (row.version, row.routing) == ("1", {})
    with pytest.raises(PreconditionFailedException):
        alias.rollback(BOB, thumbs, "live", "2", revision_id=seen)
    with pytest.raises(ResourceNotFoundException):
        alias.rollback(BOB, thumbs, "live", "9")
    with pytest.raises(InvalidParameterValueException) as refused:
        alias.rollback(BOB, thumbs, "live", "2", why="x" * 513)
    assert refused.value.field == "why"
    assert live().version == "1"


@pytest.mark.parametrize(
    ("deploy", "what"),
    [
        (lambda reference: function.update_code(BOB, reference, zipped({"app.py": "x = 7\n"})), "code"),
        (lambda reference: function.update_configuration(BOB, reference, {"Timeout": 7}), "configuration"),
        (lambda reference: version.publish(BOB, reference), "version"),
        (lambda reference: alias.create(BOB, reference, "live", "$LATEST"), "alias"),
    ],
)
def test_a_list_sees_the_last_deployment(alice: Caller, thumbs: FunctionReference, deploy: Any, what: str) -> None:
    row = Function.objects.get()
    assert (row.last_deployed_by, row.last_deploy) == ("alice", "created")
    start = timezone.now()
    deploy(thumbs)
    row.refresh_from_db()
    assert (row.last_deployed_by, row.last_deploy) == ("bob", what)
    assert row.last_deployed_at is not None
    assert row.last_deployed_at >= start


def test_what_calls_do_not_notice_is_no_last_deployment(alice: Caller, thumbs: FunctionReference) -> None:
    version.publish(alice, thumbs)
    alias.create(alice, thumbs, "live", "1")
    version.publish(BOB, thumbs)  # nothing new
    alias.update(BOB, thumbs, "live", description="what callers use")
    tags.add(BOB, thumbs, {"team": "a"})
    assert api.get_function(alice, {"FunctionName": "thumbs"})["Tags"] == {"team": "a"}
    assert Function.objects.get().last_deployed_by == "alice"
