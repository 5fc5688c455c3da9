"""The page of concurrency: limits by node, the queue, and taking a node out of service."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from console.pages.admin import leases, queue
from console.pages.admin.workers import Worker
from functions.invoke import nodes
from functions.models import AsyncEvent, AuditEntry, Function
from tests.broker import running_redis
from tests.console.conftest import OTHERS, REGION, TEAM, Person
from tests.execution.running import RunningExecutor, eventually
from tests.invoke.cluster import Member, cluster

NODES = ("first", "second")


def test_limits_are_shown_with_who_holds_them(alice: Person) -> None:
    alice.create("kept")
    alice.create("idle")
    alice.create("free")
    Function.objects.filter(name="kept").update(reserved_concurrency=8)
    Function.objects.filter(name="idle").update(reserved_concurrency=2)
    account = f"{TEAM}:{REGION}"
    workers = [
        Worker(
            "a",
            1,
            in_use={f"{account}:kept": 3, f"{account}:free": 2, f"{OTHERS}:{REGION}:theirs": 9},
            unreserved={account: 2},
            granted={f"f:{account}:kept": 4, f"a:{account}": 30},
        ),
        Worker("b", 1, in_use={f"{account}:kept": 1}, granted={f"f:{account}:kept": 2}),
        Worker("gone", 1, problem="no answer"),
    ]
    rows = {lease.name: lease for lease in leases.of(TEAM, REGION, workers)}
    assert list(rows) == ["", "kept", "free", "idle"]
    assert (rows[""].limit, rows[""].used) == (990, 2)
    assert [(part.node, part.used, part.granted) for part in rows[""].parts] == [("a", 2, 30), ("b", 0, 0)]
    assert (rows["kept"].limit, rows["kept"].used) == (8, 4)
    assert [(part.node, part.used, part.granted) for part in rows["kept"].parts] == [("a", 3, 4), ("b", 1, 2)]
    assert (rows["free"].limit, rows["free"].used) == (None, 2)
    assert (rows["idle"].limit, rows["idle"].parts) == (2, [])


def event(name: str, state: AsyncEvent.State, account_id: str = TEAM, minutes: int = 0) -> None:
    now = timezone.now()
    AsyncEvent.objects.create(
        id=uuid.uuid4(),
        account_id=account_id,
        region=REGION,
        function_name=name,
        function_arn="arn",
        payload=b"{}",
        state=state,
        accepted_at=now - timedelta(minutes=5),
        due_at=now + timedelta(minutes=minutes),
    )


def test_the_queue_is_counted_by_function(alice: Person) -> None:
    alice.create("one")
    for _ in range(3):
        event("one", AsyncEvent.State.PENDING)
    event("one", AsyncEvent.State.PENDING, minutes=2)
    event("gone", AsyncEvent.State.RUNNING)
    event("one", AsyncEvent.State.SUCCEEDED)
    event("theirs", AsyncEvent.State.PENDING, OTHERS)
    found = queue.of(TEAM, REGION)
    assert (found.due, found.later, found.waiting, found.running, found.deliveries) == (3, 1, 4, 1, 0)
    assert [(line.name, line.waiting, line.running, line.exists) for line in found.lines] == [
        ("one", 4, 0, True),
        ("gone", 0, 1, False),
    ]
    assert found.oldest is not None


@pytest.fixture
def members(tmp_path: Path, settings: Settings) -> Iterator[dict[str, Member]]:
    with running_redis(tmp_path) as url:
        settings.REDIS_URL = url
        nodes.broker.cache_clear()
        with cluster(tmp_path, *NODES) as found:
            eventually(lambda: len(nodes.live()) == len(found))
            yield found
    nodes.broker.cache_clear()


def draining() -> list[bool]:
    return [node.draining for node in nodes.live()]


@pytest.mark.sandbox
def test_an_administrator_drains_a_node(
    alice: Person, bob: Person, members: dict[str, Member], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    alice.create("two")
    executor: RunningExecutor = members["first"].executor
    spec = executor.function("def handler(event, context):\n    return 1", account_id=TEAM, region=REGION)
    executor.invoke(spec)
    with django_assert_max_num_queries(12):
        page = alice.client.get("/admin/concurrency/")
    text = page.content.decode()
    assert [worker.id for worker in page.context["workers"]] == list(NODES)
    assert page.context["workers"][0].environments[0]["function_name"] == spec.function_name
    assert "All functions without a reservation" in text
    assert bob.client.post("/admin/concurrency/nodes/first/drain/").status_code == 403

    answer = alice.client.post("/admin/concurrency/nodes/first/drain/", follow=True)
    assert "first runs nothing new, and finishes what runs." in answer.content.decode()
    assert answer.context["workers"][0].draining
    eventually(lambda: draining() == [True, False])
    assert AuditEntry.objects.latest("pk").resource == "node/first"
    answer = alice.client.post("/admin/concurrency/nodes/first/undrain/", follow=True)
    assert "first is in service again." in answer.content.decode()
    eventually(lambda: draining() == [False, False])
    answer = alice.client.post("/admin/concurrency/nodes/nobody/drain/", follow=True)
    assert "There is no worker node nobody." in answer.content.decode()

    call_command("nodes", "--drain", "second")
    eventually(lambda: draining() == [False, True])
    with pytest.raises(CommandError, match="no worker node nobody"):
        call_command("nodes", "--undrain", "nobody")
