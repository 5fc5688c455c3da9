"""Sixteen writers at once: nothing torn, nothing lost, no number twice."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

import pytest
from django.db import connections

from functions.access.caller import Caller
from functions.actions import alias, concurrency, function, resource_policy, tags, version
from functions.actions.updating import updating
from functions.api.resource_policy import get_policy
from functions.arn import parse
from functions.code import store
from functions.errors import (
    InvalidParameterValueException,
    PreconditionFailedException,
    ResourceConflictException,
    ServiceError,
)
from functions.models import Alias, AuditEntry, Function, FunctionVersion, Package
from tests.functions.world import create, zipped

pytestmark = pytest.mark.django_db(transaction=True)
WRITERS = 16
T = TypeVar("T")


def all_at_once(work: Callable[[int], T]) -> list[T | ServiceError]:
    """What each writer returned or was refused with."""
    start = Barrier(WRITERS)

    def write(number: int) -> T | ServiceError:
        start.wait()
        try:
            return work(number)
        except ServiceError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(write, range(WRITERS)))


def again(change: Callable[[], T]) -> T:
    """As clients of AWS do: try again while another update is in progress."""
    for _ in range(2000):
        try:
            return change()
        except ResourceConflictException:
            time.sleep(0.005)
    raise AssertionError("never")


def refused(results: list[Any], kind: type[ServiceError]) -> int:
    return sum(isinstance(result, kind) for result in results)


def test_one_of_many_creates_wins(alice: Caller) -> None:
    results = all_at_once(lambda number: create(alice, "thumbs", Description=str(number)))
    assert refused(results, ResourceConflictException) == WRITERS - 1
    assert Function.objects.count() == FunctionVersion.objects.count() == AuditEntry.objects.count() == 1


def test_many_functions_of_the_same_package(alice: Caller) -> None:
    results = all_at_once(lambda number: create(alice, f"f-{number}"))
    assert refused(results, ServiceError) == 0
    assert (Function.objects.count(), Package.objects.count()) == (WRITERS, 1)


def test_an_update_is_whole(alice: Caller) -> None:
    create(alice, "thumbs")
    reference = parse("thumbs", None, alice)

    def update(number: int) -> None:
        members = {"Timeout": number + 1, "MemorySize": 128 + number + 1, "Description": str(number + 1)}
        again(lambda: function.update_configuration(alice, reference, members))
        again(lambda: function.update_code(alice, reference, zipped({"app.py": f"x = {number}\n"})))
        tags.add(alice, reference, {f"tag-{number}": "x"})

    assert all_at_once(update) == [None] * WRITERS
    row = FunctionVersion.objects.select_related("function").get()
    assert row.memory_size - 128 == row.timeout == int(row.description)
    assert len(row.function.tags) == WRITERS
    assert AuditEntry.objects.count() == 1 + 3 * WRITERS


def test_updates_that_meet_are_refused(alice: Caller) -> None:
    """Not kept waiting: who updates a function that is being updated is told so, and changes nothing."""
    create(alice, "thumbs")
    create(alice, "other")
    reference = parse("thumbs", None, alice)
    with updating(reference):
        updates: list[Callable[[], Any]] = [
            lambda: function.update_configuration(alice, reference, {"Timeout": 9}),
            lambda: function.update_code(alice, reference, zipped({"app.py": "x = 9\n"})),
        ]
        for update in updates:
            with pytest.raises(ResourceConflictException, match=f"in progress for resource: {reference.function_arn}"):
                update()
        function.update_configuration(alice, parse("other", None, alice), {"Timeout": 9})
    results = all_at_once(lambda number: function.update_configuration(alice, reference, {"Timeout": number + 1}))
    won = [result.timeout for result in results if isinstance(result, FunctionVersion)]
    assert len(won) == WRITERS - refused(results, ResourceConflictException) >= 1
    assert FunctionVersion.objects.get(function__name="thumbs").timeout in won


def test_versions_are_numbered_without_gap_or_double(alice: Caller) -> None:
    create(alice, "thumbs")
    reference = parse("thumbs", None, alice)

    def deploy(number: int) -> int:
        code = zipped({"app.py": f"x = {number}\n"})
        return again(lambda: function.update_code(alice, reference, code, publish=True)).number

    assert sorted(all_at_once(deploy)) == list(range(1, WRITERS + 1))  # type: ignore[type-var]
    packages = FunctionVersion.objects.exclude(number=0).values_list("package_id", flat=True)
    assert len(set(packages)) == WRITERS
    assert Function.objects.get().next_version == WRITERS + 1


def test_the_same_state_is_published_once(alice: Caller) -> None:
    create(alice, "thumbs")
    reference = parse("thumbs", None, alice)
    results = all_at_once(lambda number: version.publish(alice, reference, description=str(number)).number)
    assert results == [1] * WRITERS


def test_one_revision_is_built_upon_once(alice: Caller) -> None:
    create(alice, "thumbs")
    reference = parse("thumbs", None, alice)
    revision = str(FunctionVersion.objects.get().revision_id)
    results = all_at_once(
        lambda number: function.update_configuration(alice, reference, {"Timeout": number + 1}, revision_id=revision)
    )
    failed = refused(results, PreconditionFailedException) + refused(results, ResourceConflictException)
    assert failed == WRITERS - 1


def test_edits_of_different_files_are_not_lost(alice: Caller) -> None:
    """Each lays one file over what it saw: it is told when that is not there any more, and tries again."""
    create(alice, "thumbs")
    reference = parse("thumbs", None, alice)

    def edit(number: int) -> None:
        again(lambda: function.update_code(alice, reference, {f"f{number}.py": b""}))

    assert all_at_once(edit) == [None] * WRITERS
    files = {entry.path for entry in store.list_files(FunctionVersion.objects.get().package_id)}
    assert files == {"app.py", *(f"f{number}.py" for number in range(WRITERS))}


def test_one_share_of_concurrency_is_reserved_once(alice: Caller) -> None:
    for number in range(WRITERS):
        create(alice, f"f-{number}")
    results = all_at_once(lambda number: concurrency.reserve(alice, parse(f"f-{number}", None, alice), 300))
    assert refused(results, InvalidParameterValueException) == WRITERS - 3
    assert Function.objects.filter(reserved_concurrency=300).count() == 3


def test_one_of_many_aliases_wins(alice: Caller) -> None:
    create(alice, "thumbs", Publish=True)
    reference = parse("thumbs", None, alice)
    results = all_at_once(lambda _: alias.create(alice, reference, "live", "1"))
    assert refused(results, ResourceConflictException) == WRITERS - 1


def test_an_alias_is_whole(alice: Caller) -> None:
    create(alice, "thumbs", Publish=True)
    reference = parse("thumbs", None, alice)
    for number in range(WRITERS):
        function.update_configuration(alice, reference, {"Timeout": number + 1})
        version.publish(alice, reference)
    alias.create(alice, reference, "live", "1")

    def move(number: int) -> None:
        to, other = str(number + 1), str(number + 2)
        weights = {other: (number + 1) / 100}
        alias.update(alice, reference, "live", version=to, weights=weights, description=to)

    assert all_at_once(move) == [None] * WRITERS
    row = Alias.objects.get()
    assert row.description == row.version
    assert row.routing == {str(int(row.version) + 1): int(row.version) / 100}


def test_no_permission_is_lost(alice: Caller) -> None:
    """Nor removed with another one: half of the writers add, the others take away what was there."""
    create(alice, "thumbs")
    reference = parse("thumbs", None, alice)

    def permission(sid: str) -> dict[str, str]:
        return {"StatementId": sid, "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}

    for number in range(1, WRITERS, 2):
        resource_policy.add(alice, reference, permission(f"old-{number}"))

    def work(number: int) -> None:
        if number % 2:
            resource_policy.remove(alice, reference, f"old-{number}")
        else:
            resource_policy.add(alice, reference, permission(f"new-{number}"))

    assert all_at_once(work) == [None] * WRITERS
    shown = json.loads(get_policy(alice, {"FunctionName": "thumbs"})["Policy"])
    assert {statement["Sid"] for statement in shown["Statement"]} == {f"new-{n}" for n in range(0, WRITERS, 2)}


def test_deleting_while_others_change(alice: Caller) -> None:
    create(alice, "thumbs")
    reference = parse("thumbs", None, alice)

    def work(number: int) -> None:
        if number == 0:
            function.delete(alice, reference)
        else:
            function.update_configuration(alice, reference, {"Timeout": number})

    results = all_at_once(work)
    assert refused(results[:1], ServiceError) == 0
    assert not Function.objects.exists()
    assert not FunctionVersion.objects.exists()


def test_the_garbage_collector_never_takes_what_is_being_put_to_use(alice: Caller) -> None:
    def work(number: int) -> None:
        for turn in range(6):
            if number % 4 == 3:
                store.collect(grace=-1)
            elif turn % 2:
                function.delete(alice, parse(f"f-{number}", None, alice))
            else:
                create(alice, f"f-{number}")
                used = FunctionVersion.objects.get(function__name=f"f-{number}").package_id
                assert store.read_text(used, "app.py")

    assert all_at_once(work) == [None] * WRITERS
    assert store.collect(grace=-1) <= 1
    assert not Package.objects.exists()
