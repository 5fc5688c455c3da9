"""Signing in and out."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from console.pages import session
from functions.models import AuditEntry, Membership, User
from tests.console.conftest import OTHERS, TEAM, Person


@pytest.mark.parametrize(
    "path",
    [
        "/functions/",
        "/functions/new/",
        "/functions/f/code/",
        "/functions/f/code/file/?path=app.py",
        "/functions/f/code/download/",
        "/functions/f/monitor/",
        "/functions/f/logs/",
        "/functions/f/versions/",
        "/functions/f/config/",
        "/r/00000000-0000-0000-0000-000000000000",
    ],
)
def test_every_page_asks_a_stranger_to_sign_in(db: None, path: str) -> None:
    response = Client().get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/login/?next=")


def test_signing_in_leads_to_where_one_wanted_to_go(alice: Person) -> None:
    response = Client().post(
        "/login/?next=/functions/new/", {"username": "alice", "password": "secret-of-alice", "next": "/functions/new/"}
    )
    assert response.status_code == 302
    assert response["Location"] == "/functions/new/"


def test_signing_in_never_leads_to_another_site(alice: Person) -> None:
    response = Client().post(
        "/login/", {"username": "alice", "password": "secret-of-alice", "next": "https://evil.example/"}
    )
    assert response["Location"] == "/"


def test_a_new_session_key_is_given_at_sign_in(alice: Person) -> None:
    client = Client()
    session_before = client.session
    session_before["planted"] = "yes"
    session_before.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = str(session_before.session_key)
    client.post("/login/", {"username": "alice", "password": "secret-of-alice"})
    assert client.session.session_key != session_before.session_key


def test_a_wrong_password_is_told_apart_from_nothing(alice: Person) -> None:
    wrong = Client().post("/login/", {"username": "alice", "password": "no"})
    unknown = Client().post("/login/", {"username": "nobody", "password": "no"})
    for response in (wrong, unknown):
        assert response.status_code == 403
        assert "User name or password is wrong." in response.content.decode()


def test_five_failures_close_the_door_even_for_the_right_password(alice: Person) -> None:
    client = Client()
    for _ in range(session.PER_NAME_AND_ADDRESS):
        client.post("/login/", {"username": "alice", "password": "no"})
    response = client.post("/login/", {"username": "alice", "password": "secret-of-alice"})
    assert response.status_code == 429
    assert "Try again in 15 minutes" in response.content.decode()
    # Another address may still try, and after the window so may this one.
    assert (
        Client(REMOTE_ADDR="192.0.2.7")
        .post("/login/", {"username": "alice", "password": "secret-of-alice"})
        .status_code
        == 302
    )
    AuditEntry.objects.filter(action=session.FAILED).update(at=timezone.now() - session.WINDOW - timedelta(seconds=1))
    assert client.post("/login/", {"username": "alice", "password": "secret-of-alice"}).status_code == 302


def test_many_addresses_together_are_stopped_too(alice: Person) -> None:
    for number in range(session.PER_NAME):
        Client(REMOTE_ADDR=f"192.0.2.{number}").post("/login/", {"username": "alice", "password": "no"})
    fresh = Client(REMOTE_ADDR="198.51.100.1")
    assert fresh.post("/login/", {"username": "alice", "password": "secret-of-alice"}).status_code == 429


def test_one_address_cannot_try_name_after_name(alice: Person) -> None:
    client = Client(REMOTE_ADDR="192.0.2.9")
    for number in range(session.PER_ADDRESS):
        client.post("/login/", {"username": f"guess-{number}", "password": "no"})
    assert client.post("/login/", {"username": "alice", "password": "secret-of-alice"}).status_code == 429
    assert Client().post("/login/", {"username": "alice", "password": "secret-of-alice"}).status_code == 302


def test_who_was_signed_out_is_told_in_the_editor(alice: Person) -> None:
    alice.create("open-in-a-tab")
    alice.client.logout()
    response = alice.post_json("/functions/open-in-a-tab/code/deploy/", {})
    assert response.status_code == 401
    assert "Sign in" in response.json()["message"]


def test_signing_out_needs_a_post_and_ends_the_session(alice: Person) -> None:
    assert alice.client.get("/logout/").status_code == 405
    assert alice.client.post("/logout/")["Location"] == "/login/"
    assert alice.client.get("/functions/").status_code == 302


def test_every_form_needs_the_csrf_token(alice: Person) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/login/", {"username": "alice", "password": "secret-of-alice"}).status_code == 403
    strict.force_login(alice.user)
    alice.create("guarded")
    for path in (
        "/functions/new/",
        "/functions/guarded/code/deploy/",
        "/functions/guarded/test/",
        "/functions/guarded/delete/",
        "/logout/",
    ):
        assert strict.post(path).status_code == 403, path


def test_a_user_without_an_account_is_told_so(db: None) -> None:
    client = Client()
    client.force_login(User.objects.create_user("nowhere", password="secret-of-nowhere"))
    response = client.get("/functions/")
    assert response.status_code == 403
    assert "You do not belong to any account" in response.content.decode()


def test_only_an_account_of_ones_own_can_be_chosen(alice: Person, mallory: Person) -> None:
    alice.client.post("/account/", {"account": OTHERS})
    assert TEAM[:4] in alice.client.get("/functions/").content.decode()
    Membership.objects.create(user=alice.user, account_id=OTHERS, preset=Membership.Preset.VIEWER)
    mallory.create("theirs")
    alice.client.post("/account/", {"account": OTHERS})
    assert "theirs" in alice.client.get("/functions/").content.decode()


def test_pages_carry_the_security_headers(alice: Person) -> None:
    response = alice.client.get("/functions/")
    policy = response["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe-eval" not in policy
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
