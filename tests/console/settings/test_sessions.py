"""Sessions: noted at sign-in, listed, ended one by one or all but this one."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from console.pages.settings.sessions import device, number
from functions.actions import browser_session
from functions.models import BrowserSession
from tests.console.conftest import Person

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@pytest.fixture
def elsewhere(victor: Person) -> Client:
    """A second browser of the same person."""
    client = Client(headers={"user-agent": FIREFOX}, REMOTE_ADDR="192.0.2.7")
    client.post("/login/", {"username": "victor", "password": "secret-of-victor"})
    return client


def key_of(client: Client) -> str:
    return str(client.session.session_key)


def test_each_browser_is_listed_with_device_and_address(victor: Person, elsewhere: Client) -> None:
    page = victor.client.get("/settings/sessions/").content.decode()
    assert "Firefox 128 on Linux" in page
    assert "192.0.2.7" in page
    assert page.count("This one") == 1
    assert key_of(elsewhere) not in page  # the key itself would open the door


def test_one_is_signed_out(victor: Person, elsewhere: Client) -> None:
    victor.client.post(f"/settings/sessions/{number(key_of(elsewhere))}/end/")
    assert elsewhere.get("/functions/").status_code == 302
    assert victor.client.get("/functions/").status_code == 200


def test_all_others_are_signed_out(victor: Person, elsewhere: Client, alice: Person) -> None:
    victor.client.post("/settings/sessions/end-others/")
    assert elsewhere.get("/functions/").status_code == 302
    assert victor.client.get("/functions/").status_code == 200
    assert alice.client.get("/functions/").status_code == 200


def test_nobody_ends_the_session_of_another(alice: Person, elsewhere: Client) -> None:
    answer = alice.client.post(f"/settings/sessions/{number(key_of(elsewhere))}/end/", follow=True)
    assert "has ended already" in answer.content.decode()
    assert elsewhere.get("/functions/").status_code == 200


def test_signing_out_takes_the_session_off_the_list(elsewhere: Client) -> None:
    key = key_of(elsewhere)
    assert BrowserSession.objects.filter(key=key).exists()
    elsewhere.post("/logout/")
    assert not BrowserSession.objects.filter(key=key).exists()


def test_what_is_over_is_forgotten(victor: Person, elsewhere: Client) -> None:
    Session.objects.filter(session_key=key_of(elsewhere)).update(expire_date=timezone.now() - timedelta(seconds=1))
    browser_session.expire()
    assert [row.key for row in BrowserSession.objects.all()] == [key_of(victor.client)]
    assert victor.client.get("/functions/").status_code == 200


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (FIREFOX, "Firefox 128 on Linux"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) Version/17.1 Safari/605.1", "Safari 17 on macOS"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/131.0 Safari/537.36 Edg/131.0", "Edge 131 on Windows"),
        ("curl/8", "curl/8"),
        ("", "Unknown browser"),
    ],
)
def test_devices(agent: str, said: str) -> None:
    assert device(agent) == said
