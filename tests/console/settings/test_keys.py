"""Access keys on their page: the secret is seen once, and nobody reaches another's."""

import pytest
from pytest_django import DjangoAssertNumQueries

from functions.models import AccessKey
from tests.console.conftest import Person


def made(person: Person) -> AccessKey:
    assert person.client.post("/settings/keys/create/").status_code == 302
    return AccessKey.objects.filter(user=person.user).latest("created_at")


def test_a_new_secret_is_shown_once(victor: Person) -> None:
    key = made(victor)
    first = victor.client.get("/settings/keys/")
    assert f"export AWS_SECRET_ACCESS_KEY={key.secret}".replace("+", "&#x2B;") in first.content.decode().replace(
        "+", "&#x2B;"
    )
    assert "no-store" in first["Cache-Control"]
    assert key.secret not in victor.client.get("/settings/keys/").content.decode()
    assert key.pk in victor.client.get("/settings/keys/").content.decode()


def test_a_third_key_is_refused_with_the_reason(victor: Person) -> None:
    made(victor)
    made(victor)
    answer = victor.client.post("/settings/keys/create/", follow=True)
    assert "Cannot exceed quota for AccessKeysPerUser: 2" in answer.content.decode()
    assert AccessKey.objects.filter(user=victor.user).count() == 2


def test_off_and_on_again_by_undo(victor: Person) -> None:
    key = made(victor)
    answer = victor.client.post(f"/settings/keys/{key.pk}/deactivate/", follow=True)
    assert f'data-undo="/settings/keys/{key.pk}/activate/"' in answer.content.decode()
    key.refresh_from_db()
    assert not key.is_active
    victor.client.post(f"/settings/keys/{key.pk}/activate/")
    key.refresh_from_db()
    assert key.is_active


@pytest.mark.parametrize("typed", ["", "no", "AKIA"])
def test_revoking_needs_the_end_of_the_id(victor: Person, typed: str) -> None:
    key = made(victor)
    answer = victor.client.post(f"/settings/keys/{key.pk}/revoke/", {"confirm": typed}, follow=True)
    assert f"type {key.pk[-4:]} to confirm" in answer.content.decode()
    assert AccessKey.objects.filter(pk=key.pk).exists()


def test_revoking(victor: Person) -> None:
    key = made(victor)
    victor.client.post(f"/settings/keys/{key.pk}/revoke/", {"confirm": key.pk[-4:].lower()})
    assert not AccessKey.objects.filter(pk=key.pk).exists()


@pytest.mark.parametrize("deed", ["activate", "deactivate", "revoke"])
def test_nobody_reaches_the_key_of_another(victor: Person, alice: Person, deed: str) -> None:
    key = made(victor)
    answer = alice.client.post(f"/settings/keys/{key.pk}/{deed}/", {"confirm": key.pk[-4:]})
    assert answer.status_code == 404
    key.refresh_from_db()
    assert key.is_active


def test_the_number_of_queries(victor: Person, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    made(victor)
    victor.client.get("/settings/keys/")
    with django_assert_num_queries(4):  # session, user, memberships, keys
        victor.client.get("/settings/keys/")
