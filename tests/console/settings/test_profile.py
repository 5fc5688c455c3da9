"""Profile, password, appearance: each changes its own user only, and keeps what was typed when it refuses."""

from collections.abc import Callable

import pytest
from django.test import Client

from functions.models import AuditEntry, BrowserSession, User
from tests.console.conftest import Person

PASSWORD = {"current": "secret-of-victor", "new": "another-secret-77", "again": "another-secret-77"}
MARKUP = "<script>alert(1)</script>"


@pytest.mark.parametrize("path", ["", "profile/", "appearance/", "keys/", "sessions/"])
def test_a_stranger_is_asked_to_sign_in(db: None, path: str) -> None:
    assert Client().get(f"/settings/{path}").status_code in (301, 302)
    assert "/login/" in Client().get(f"/settings/{path}", follow=True).redirect_chain[-1][0]


@pytest.mark.parametrize("path", ["profile/", "appearance/", "keys/", "sessions/"])
def test_every_role_has_its_settings(victor: Person, path: str) -> None:
    assert victor.client.get(f"/settings/{path}").status_code == 200


def test_name_and_email_are_kept_and_shown_as_text(victor: Person) -> None:
    answer = victor.client.post("/settings/profile/", {"name": f"Zoë {MARKUP}", "email": "v@example.com"})
    assert answer.status_code == 302
    victor.user.refresh_from_db()
    assert (victor.user.get_full_name(), victor.user.email) == (f"Zoë {MARKUP}", "v@example.com")
    page = victor.client.get("/settings/profile/").content.decode()
    assert MARKUP not in page
    assert "Zoë &lt;script&gt;" in page
    assert AuditEntry.objects.filter(action="UpdateProfile", actor="victor").count() == 1


@pytest.mark.parametrize(
    ("name", "email", "said"),
    [
        ("x" * 151, "", "at most 150"),
        ("Zoë", "no-address", "valid email"),
        ("Zoë", MARKUP, "valid email"),
        ("a\0b", "", "Null characters"),
        ("", "x" * 250 + "@a.bc", "at most 254"),
    ],
)
def test_bad_input_gets_a_message_at_the_field_and_stays(victor: Person, name: str, email: str, said: str) -> None:
    answer = victor.client.post("/settings/profile/", {"name": name, "email": email})
    text = answer.content.decode()
    assert answer.status_code == 400
    assert said in text
    assert "field-err" in text
    if name.isalpha():
        assert f'value="{name}"' in text
    assert MARKUP not in text


def test_the_password_changes_and_ends_the_other_sessions(victor: Person) -> None:
    other = Client()
    other.force_login(victor.user)
    answer = victor.client.post("/settings/profile/password/", PASSWORD, follow=True)
    assert answer.status_code == 200
    assert "1 other session signed out" in answer.content.decode()
    assert victor.client.get("/settings/profile/").status_code == 200
    assert other.get("/settings/profile/").status_code == 302
    assert User.objects.get(pk=victor.user.pk).check_password("another-secret-77")
    assert [row.key for row in BrowserSession.objects.filter(user=victor.user)] == [victor.client.session.session_key]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"current": "wrong"}, "not your password"),
        ({"new": "short", "again": "short"}, "too short"),
        ({"new": "password123", "again": "password123"}, "too common"),
        ({"again": "something-else-1"}, "not the same"),
        ({"new": "", "again": ""}, "too short"),
        ({"new": "x" * 1001, "again": "x" * 1001}, "at most 1000"),
    ],
)
def test_a_bad_password_is_refused_at_its_field(victor: Person, change: dict[str, str], said: str) -> None:
    answer = victor.client.post("/settings/profile/password/", PASSWORD | change)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert "another-secret-77" not in answer.content.decode()
    assert User.objects.get(pk=victor.user.pk).check_password("secret-of-victor")


@pytest.mark.parametrize("theme", ["light", "dark", "system"])
def test_the_theme_is_kept_and_stands_in_every_page(victor: Person, theme: str) -> None:
    victor.client.post("/settings/appearance/", {"theme": theme})
    assert f'data-choice="{theme}"' in victor.client.get("/functions/").content.decode()


def test_a_theme_that_does_not_exist(victor: Person) -> None:
    assert victor.client.post("/settings/appearance/", {"theme": MARKUP}).status_code == 400
    by_script = victor.client.post("/settings/appearance/", {"theme": "neon"}, headers={"accept": "application/json"})
    assert by_script.status_code == 400
    assert "light, dark" in by_script.json()["message"]
    victor.user.refresh_from_db()
    assert victor.user.theme == ""


@pytest.mark.parametrize(
    "path",
    ["profile/", "profile/password/", "appearance/", "keys/create/", "sessions/end-others/"],
)
def test_no_change_without_the_csrf_token(person: Callable[..., Person], path: str, victor: Person) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(victor.user)
    assert strict.post(f"/settings/{path}", {}).status_code == 403
