"""The queue of asynchronous events on its page: counted, purged, redriven, noted in the audit log."""

import uuid
from typing import Any

from django.utils import timezone

from functions.models import AsyncEvent
from tests.console.conftest import REGION, TEAM, Person

State = AsyncEvent.State
PAGE = "/functions/queued/config/async/"


def make(state: State, **values: Any) -> AsyncEvent:
    now = timezone.now()
    row: dict[str, Any] = {
        "account_id": TEAM,
        "region": REGION,
        "function_name": "queued",
        "payload": b"{}",
        "state": state,
    }
    row |= {"function_arn": f"arn:aws:lambda:{REGION}:{TEAM}:function:queued", "accepted_at": now, "due_at": now}
    return AsyncEvent.objects.create(id=uuid.uuid4(), **(row | values))


def states() -> list[str]:
    return sorted(AsyncEvent.objects.values_list("state", flat=True))


def test_what_waits_is_purged_and_comes_back(bob: Person, alice: Person) -> None:
    bob.create("queued")
    for state in (State.PENDING, State.PENDING, State.RUNNING, State.SUCCEEDED):
        make(state)
    other = make(State.PENDING, function_name="other")
    queue = bob.client.get(PAGE).context["form"].queue
    assert queue == {"waiting": 2, "running": 1, "redrivable": 0}
    page = bob.client.post("/functions/queued/events/purge/", follow=True)
    assert page.redirect_chain == [(PAGE, 302)]
    assert "2 events purged" in page.content.decode()
    other.refresh_from_db()
    assert other.state == State.PENDING
    assert page.context["form"].queue == {"waiting": 0, "running": 1, "redrivable": 2}
    page = bob.client.post("/functions/queued/events/redrive/", follow=True)
    assert "2 events queued anew" in page.content.decode()
    assert states() == ["pending", "pending", "pending", "purged", "purged", "running", "succeeded"]
    rows = [row for row, _ in alice.client.get("/admin/audit/?resource=queued&action=Events").context["rows"]]
    assert [(row.action, row.actor, row.detail) for row in rows] == [
        ("RedriveEvents", "bob", {"events": 2}),
        ("PurgeEvents", "bob", {"events": 2}),
    ]


def test_nothing_to_do_is_said(bob: Person) -> None:
    bob.create("queued")
    assert b"nothing was purged" in bob.client.post("/functions/queued/events/purge/", follow=True).content
    assert b"no event to be redriven" in bob.client.post("/functions/queued/events/redrive/", follow=True).content


def test_a_viewer_sees_the_queue_and_no_button(bob: Person, victor: Person) -> None:
    bob.create("queued")
    make(State.PENDING)
    page = victor.client.get(PAGE).content.decode()
    assert "Failed, too old or purged" in page
    assert "Purge what waits" not in page
    for deed in ("purge", "redrive"):
        assert victor.client.post(f"/functions/queued/events/{deed}/").status_code == 403
    assert states() == ["pending"]
