"""Lists of invocations, the page of one, and what can be done with it."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone

from console.pages.cost import Cost
from functions.models import AsyncEvent, Function
from monitoring.report import Outcome
from tests.console.conftest import Person

MARKUP = "<script>alert(1)</script>"


@pytest.fixture
def world(alice: Person, invoked: Callable[..., str]) -> dict[str, str]:
    alice.create("orders")
    alice.create("mails")
    return {
        "fine": invoked("orders", event='{"n": 1}', event_size=8, response='{"ok": true}', response_size=12),
        "dear": invoked("orders", billed_ms=900, memory_mb=1024, duration_ms=899.1, version="3", qualifier="prod"),
        "failed": invoked(
            "orders",
            MARKUP + "\n",
            outcome=Outcome.ERROR,
            error_type="app.OutOfStock",
            error_message=MARKUP,
            source="schedule",
            response=json.dumps(
                {
                    "errorMessage": MARKUP,
                    "errorType": "OutOfStock",
                    "stackTrace": ['  File "/var/task/lib/stock.py", line 41, in reserve\n', "  File x"],
                }
            ),
            response_size=1,
        ),
        "other": invoked("mails", outcome=Outcome.TIMEOUT),
    }


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("/invocations/", ["other", "failed", "dear", "fine"]),
        ("/functions/orders/invocations/", ["failed", "dear", "fine"]),
        ("/invocations/?view=errors", ["other", "failed"]),
        ("/functions/orders/invocations/?view=errors", ["failed"]),
        ("/functions/orders/invocations/?view=expensive", ["dear", "failed", "fine"]),
        ("/invocations/?outcome=timeout", ["other"]),
        ("/invocations/?outcome=failed", ["other", "failed"]),
        ("/invocations/?outcome=nonsense", ["other", "failed", "dear", "fine"]),
        ("/invocations/?function=mails", ["other"]),
        ("/invocations/?version=3", ["dear"]),
        ("/invocations/?source=schedule", ["failed"]),
        ("/invocations/?source=schedule&version=3", []),
        ("/invocations/?environment=elsewhere", []),
        ("/invocations/?from=2020-01-01&to=2020-01-02", []),
        ("/invocations/?from=soon", ["other", "failed", "dear", "fine"]),
        ("/invocations/?page=nonsense", ["other", "failed", "dear", "fine"]),
        ("/invocations/?page=99999999999999999999999.1", ["other", "failed", "dear", "fine"]),
        ("/invocations/?view=expensive&page=-1.-1", ["dear", "other", "failed", "fine"]),
    ],
)
def test_lists_show_what_the_url_asks_for(alice: Person, world: dict[str, str], url: str, found: list[str]) -> None:
    names = {request_id: name for name, request_id in world.items()}
    response = alice.client.get(url)
    assert response.status_code == 200
    shown = [names[str(row.record.request_id)] for row in response.context["rows"]]
    assert (shown if "expensive" not in url else shown[:1]) == (found if "expensive" not in url else found[:1])
    assert sorted(shown) == sorted(found)
    assert MARKUP not in response.content.decode()


def test_nothing_of_another_account_is_shown(mallory: Person, world: dict[str, str]) -> None:
    assert mallory.client.get("/invocations/").context["rows"] == []
    for path in (f"/r/{world['fine']}", f"/functions/orders/invocations/{world['fine']}/"):
        assert mallory.client.get(path).status_code == 404


def test_empty_lists_say_why(alice: Person) -> None:
    alice.create("quiet")
    assert "No invocations" in alice.client.get("/invocations/").content.decode()
    page = alice.client.get("/functions/quiet/invocations/").content.decode()
    assert "aws lambda invoke" in page
    assert "No errors" in alice.client.get("/invocations/?view=errors").content.decode()
    page = alice.client.get("/invocations/?source=url").content.decode()
    assert "Nothing matches" in page
    assert "Clear filters" in page


@pytest.mark.parametrize("view", ["recent", "expensive"])
def test_lists_have_pages(
    alice: Person, invoked: Callable[..., str], view: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.pages.invocations.PAGE", 3)
    alice.create("long")
    made = {invoked("long", billed_ms=number // 2 + 1) for number in range(8)}
    url, seen, pages = f"/invocations/?view={view}", [], 0
    while url:
        response = alice.client.get(url)
        seen += [str(row.record.request_id) for row in response.context["rows"]]
        url, pages = response.context["older"] and f"/invocations/{response.context['older']}", pages + 1
    assert (len(seen), set(seen), pages) == (8, made, 3)


def test_the_page_of_one_shows_all_of_it(alice: Person, world: dict[str, str]) -> None:
    page = alice.client.get(f"/functions/orders/invocations/{world['fine']}/")
    text = page.content.decode()
    assert page.context["detail"].event.is_whole
    assert "Succeeded" in text
    assert "2026/11/21/[$LATEST]0123456789abcdef" in text
    assert [line.level for line in page.context["detail"].lines] == ["START", "END"]
    assert "aws lambda invoke" in text
    assert "printf %s &#x27;{&quot;n&quot;: 1}&#x27; | aws lambda invoke" in text
    assert "aws-sigv4" in text


def test_an_error_leads_to_its_line_and_markup_stays_text(alice: Person, world: dict[str, str]) -> None:
    page = alice.client.get(f"/functions/orders/invocations/{world['failed']}/")
    assert [frame.url for frame in page.context["detail"].stack] == [
        "/functions/orders/code/?file=lib%2Fstock.py&line=41",
        "",
    ]
    text = page.content.decode()
    assert MARKUP not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


@pytest.mark.parametrize(
    "path",
    [
        "/functions/orders/invocations/{fresh}/",
        "/functions/mails/invocations/{fine}/",
        "/functions/orders/invocations/nonsense/",
        "/functions/nothing/invocations/{fine}/",
        "/r/{fresh}",
        "/r/nonsense",
    ],
)
def test_what_is_not_there_is_not_found(alice: Person, world: dict[str, str], path: str) -> None:
    assert alice.client.get(path.format(**world, fresh=uuid.uuid4())).status_code == 404


def test_a_form_finds_a_request(alice: Person, world: dict[str, str]) -> None:
    found = alice.client.get("/r/", {"id": f" {world['fine']} "}, follow=True)
    assert found.request["PATH_INFO"] == f"/functions/orders/invocations/{world['fine']}/"
    missing = alice.client.get("/r/", {"id": MARKUP}, follow=True).content.decode()
    assert "is no request id" in missing
    assert MARKUP not in missing


def test_an_event_that_was_cut_cannot_be_run_again(alice: Person, invoked: Callable[..., str]) -> None:
    alice.create("cut")
    request_id = invoked("cut", event='{"a": "yyy', event_size=100_000)
    page = alice.client.get(f"/functions/cut/invocations/{request_id}/").content.decode()
    assert "Only its beginning is kept." in page
    assert "It cannot be run again or saved." in page
    answer = alice.client.post(f"/functions/cut/invocations/{request_id}/rerun/", follow=True).content.decode()
    assert "It cannot be run again: only its beginning is kept." in answer
    saved = alice.client.post(f"/functions/cut/invocations/{request_id}/save/", {"name": "x"})
    assert saved.status_code == 400


def test_bytes_are_said_not_to_be_text(alice: Person, invoked: Callable[..., str]) -> None:
    alice.create("binary")
    request_id = invoked("binary", event=None, event_size=3, response=None, response_size=4)
    page = alice.client.get(f"/functions/binary/invocations/{request_id}/").content.decode()
    assert page.count("It is not text, and is not kept.") >= 2


def test_the_queue_has_the_whole_of_an_asynchronous_event(alice: Person, invoked: Callable[..., str]) -> None:
    function = alice.create("queued")
    first = invoked("queued", event='{"a": "yyy', event_size=20, outcome=Outcome.ERROR)
    invoked("queued", event='{"a": "yyy', event_size=20, outcome=Outcome.ERROR, attempt=2, request_id=first)
    now = timezone.now()
    event = AsyncEvent.objects.create(
        id=uuid.UUID(first),
        account_id=function.account_id,
        region=function.region,
        function_name="queued",
        function_arn=function.arn,
        payload=b'{"a": "yyyyyyyyyyy"}',
        attempts=2,
        accepted_at=now,
        due_at=datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC),
    )
    queue = "arn:aws:sqs:us-east-1:111111111111:dead"
    event.deliveries.create(kind="dead_letter", target=queue, attempts=1, due_at=now, error="no such queue")
    response = alice.client.get(f"/functions/queued/invocations/{first}/")
    text = response.content.decode()
    for told in ("Dead-letter queue, waiting", queue, "no such queue", "1 try, the next"):
        assert told in text
    assert response.context["detail"].event.raw == '{"a": "yyyyyyyyyyy"}'
    assert "Attempt 2 of 2" in text
    assert "Attempt 3 is due" in text
    assert "2027-01-02 03:04:05" in text
    earlier = alice.client.get(f"/functions/queued/invocations/{first}/?attempt=1").content.decode()
    assert "Attempt 1 of 2" in earlier
    assert alice.client.get(f"/functions/queued/invocations/{first}/?attempt=nine").status_code == 200


def test_an_event_is_kept_as_a_test_event(alice: Person, victor: Person, world: dict[str, str]) -> None:
    url = f"/functions/orders/invocations/{world['fine']}/save/"
    assert alice.client.post(url, {"name": "from production"}).status_code == 302
    saved = Function.objects.get(name="orders").test_events.get()
    assert (saved.name, saved.payload) == ("from production", '{"n": 1}')
    for wrong in ("", "x" * 65):
        answer = alice.client.post(url, {"name": wrong})
        assert answer.status_code == 400
        assert "A test event has a name of 1 to 64 characters," in answer.content.decode()
    assert victor.client.post(url, {"name": "y"}).status_code == 403
    assert victor.client.post(f"/functions/orders/invocations/{world['fine']}/rerun/").status_code == 403


def test_a_viewer_sees_no_button(victor: Person, world: dict[str, str]) -> None:
    page = victor.client.get(f"/functions/orders/invocations/{world['fine']}/").content.decode()
    assert "Run again" not in page
    assert "Save as test event" not in page


def test_a_deleted_functions_invocations_stay_readable(alice: Person, world: dict[str, str]) -> None:
    Function.objects.filter(name="orders").delete()
    page = alice.client.get(f"/functions/orders/invocations/{world['fine']}/").content.decode()
    assert "deleted since" in page
    assert "Run again" not in page


def test_lists_and_pages_ask_the_same_however_much_there_is(
    alice: Person, invoked: Callable[..., str], django_assert_num_queries: Any
) -> None:
    alice.create("much")
    ids = [invoked("much", "line\n", event="{}", event_size=2) for _ in range(12)]
    with django_assert_num_queries(4):
        alice.client.get("/invocations/")
    with django_assert_num_queries(7):
        alice.client.get("/functions/much/invocations/")
    with django_assert_num_queries(12):
        alice.client.get(f"/functions/much/invocations/{ids[0]}/")


def test_a_cost_is_aws_own_price() -> None:
    # A GB for one second: 0.0000166667 dollars, and 0.20 a million for the request.
    assert Cost(1000, 1024).gb_seconds == 1
    assert Cost(1000, 1024).text == "16.87\u202f$"
