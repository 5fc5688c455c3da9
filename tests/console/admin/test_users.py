"""Users: invited by a link, given a role, switched off; the last administrator stays."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from functions.actions import invitation
from functions.models import AuditEntry, Invitation, Membership, User
from tests.console.conftest import TEAM, Person

MARKUP = "<img src=x onerror=alert(1)>"
PASSWORD = {"new": "a-fine-password-9", "again": "a-fine-password-9"}


def link_for(alice: Person, name: str = "ines", preset: str = "developer") -> str:
    answer = alice.client.post(
        "/admin/users/invite/", {"user_name": name, "preset": preset, "email": "i@example.com"}, follow=True
    )
    link: str = answer.context["made_link"]
    assert link in answer.content.decode()
    return link.removeprefix("http://testserver")


def test_an_invited_user_sets_a_password_and_is_in(alice: Person) -> None:
    link = link_for(alice)
    assert link not in alice.client.get("/admin/users/").content.decode()  # shown once
    ines = Client()
    assert "Join team-1" in ines.get(link).content.decode()
    assert ines.post(link, PASSWORD).status_code == 302
    assert ines.get("/functions/").status_code == 200
    member = Membership.objects.get(user__username="ines")
    assert (member.account_id, member.preset, member.user.email) == (TEAM, "developer", "i@example.com")
    assert member.user.check_password(PASSWORD["new"])


def test_a_link_works_once(alice: Person) -> None:
    link = link_for(alice)
    Client().post(link, PASSWORD)
    for answer in (Client().get(link), Client().post(link, PASSWORD)):
        assert answer.status_code == 404
        assert "no longer valid" in answer.content.decode()
    assert User.objects.filter(username="ines").count() == 1


def test_a_link_expires(alice: Person) -> None:
    link = link_for(alice)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().post(link, PASSWORD).status_code == 404
    invitation.expire()
    assert not Invitation.objects.exists()


def test_a_link_can_be_withdrawn_and_is_replaced_by_a_new_one(alice: Person) -> None:
    first, second = link_for(alice), link_for(alice)
    assert Client().get(first).status_code == 404
    alice.client.post(f"/admin/users/invitations/{Invitation.objects.get().pk}/withdraw/")
    assert Client().get(second).status_code == 404


def test_the_database_holds_no_secret(alice: Person) -> None:
    secret = link_for(alice).split("/")[-2]
    assert secret not in str(Invitation.objects.values())


def test_a_bad_password_is_refused_and_the_link_still_works(alice: Person) -> None:
    link = link_for(alice)
    answer = Client().post(link, {"new": "short", "again": "other"})
    assert answer.status_code == 400
    assert "too short" in answer.content.decode()
    assert Client().get(link).status_code == 200


def test_a_password_link_lets_a_member_in_again(alice: Person, bob: Person) -> None:
    answer = alice.client.post(f"/admin/users/{bob.user.pk}/password-link/", follow=True)
    link = answer.context["made_link"].removeprefix("http://testserver")
    assert Client().post(link, PASSWORD).status_code == 302
    bob.user.refresh_from_db()
    assert bob.user.check_password(PASSWORD["new"])
    assert bob.client.get("/functions/").status_code == 302  # his sessions were of the old password
    assert Membership.objects.get(user=bob.user).preset == "developer"


def test_no_password_link_for_one_who_belongs_to_others_too(alice: Person, mallory: Person) -> None:
    Membership.objects.create(user=alice.user, account_id="222222222222", preset="viewer")
    answer = mallory.client.post(f"/admin/users/{alice.user.pk}/password-link/", follow=True)
    assert "belongs to other accounts" in answer.content.decode()
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    ("name", "email", "preset", "field"),
    [
        ("", "", "viewer", "user_name"),
        ("two words", "", "viewer", "user_name"),
        (MARKUP, "", "viewer", "user_name"),
        ("Ö" * 5, "", "viewer", "user_name"),
        ("x" * 65, "", "viewer", "user_name"),
        ("ALICE", "", "viewer", "user_name"),
        ("ines", MARKUP, "viewer", "email"),
        ("ines", "", "owner", "preset"),
        ("ines", "", "", "preset"),
    ],
)
def test_bad_invitations_are_refused_at_the_field(
    alice: Person, name: str, email: str, preset: str, field: str
) -> None:
    answer = alice.client.post("/admin/users/invite/", {"user_name": name, "email": email, "preset": preset})
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert MARKUP not in answer.content.decode()
    assert answer.context["form"]["user_name"].value() == name
    assert not Invitation.objects.exists()


def test_a_role_is_changed_and_noted(alice: Person, bob: Person) -> None:
    alice.client.post(f"/admin/users/{bob.user.pk}/role/", {"preset": "viewer"})
    assert Membership.objects.get(user=bob.user).preset == "viewer"
    entry = AuditEntry.objects.get(action="SetMemberPreset")
    assert (entry.actor, entry.detail) == ("alice", {"preset": "viewer", "before": "developer"})
    assert bob.client.get("/functions/new/").status_code == 403


def test_a_disabled_user_is_out_and_comes_in_again(alice: Person, bob: Person) -> None:
    answer = alice.client.post(f"/admin/users/{bob.user.pk}/disable/", follow=True)
    assert f'data-undo="/admin/users/{bob.user.pk}/enable/"' in answer.content.decode()
    assert bob.client.get("/functions/").status_code == 302
    signing_in = Client().post("/login/", {"username": "bob", "password": "secret-of-bob"})
    assert signing_in.status_code == 403
    alice.client.post(f"/admin/users/{bob.user.pk}/enable/")
    assert Client().post("/login/", {"username": "bob", "password": "secret-of-bob"}).status_code == 302


def test_one_of_two_accounts_is_closed_the_other_stays(alice: Person, mallory: Person) -> None:
    Membership.objects.create(user=mallory.user, account_id=TEAM, preset="developer")
    alice.client.post(f"/admin/users/{mallory.user.pk}/disable/")
    page = mallory.client.get("/functions/")
    assert page.status_code == 200
    assert [row.account_id for row in page.context["shell"]["memberships"]] == ["222222222222"]


@pytest.mark.parametrize("deed", [("role/", {"preset": "viewer"}), ("disable/", {})])
def test_the_last_administrator_stays(alice: Person, bob: Person, deed: tuple[str, dict[str, str]]) -> None:
    path, body = deed
    answer = alice.client.post(f"/admin/users/{alice.user.pk}/{path}", body, follow=True)
    assert "last administrator" in answer.content.decode()
    assert Membership.objects.get(user=alice.user).preset == "admin"
    assert not AuditEntry.objects.filter(action__endswith="Member").exists()
    alice.client.post(f"/admin/users/{bob.user.pk}/role/", {"preset": "admin"})
    alice.client.post(f"/admin/users/{alice.user.pk}/{path}", body)
    row = Membership.objects.get(user=alice.user)
    assert row.preset == "viewer" or not row.is_active


@pytest.mark.parametrize("deed", ["role/", "disable/", "enable/", "password-link/"])
def test_another_account_is_out_of_reach(alice: Person, mallory: Person, deed: str) -> None:
    answer = mallory.client.post(f"/admin/users/{alice.user.pk}/{deed}", {"preset": "viewer"}, follow=True)
    assert "No such user in this account" in answer.content.decode()
    assert "alice" not in mallory.client.get("/admin/users/").content.decode()
    assert Membership.objects.get(user=alice.user).preset == "admin"


def test_stored_markup_is_shown_as_text(alice: Person, bob: Person) -> None:
    User.objects.filter(pk=bob.user.pk).update(first_name=MARKUP, email=MARKUP)
    page = alice.client.get("/admin/users/").content.decode()
    assert MARKUP not in page
    assert page.count("&lt;img src=x") == 2


def test_the_list_is_filtered(alice: Person, bob: Person) -> None:
    page = alice.client.get("/admin/users/?q=BOB").content.decode()
    assert "Disable bob" in page
    assert "Disable alice" not in page
    assert "Nobody matches" in alice.client.get("/admin/users/?q=nobody%00").content.decode()


def test_the_number_of_queries_does_not_grow(alice: Person, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for number in range(20):
        user = User.objects.create_user(f"user{number}")
        Membership.objects.create(user=user, account_id=TEAM)
    alice.client.get("/admin/users/")
    with django_assert_num_queries(6):  # session, user, memberships, count, users with keys, links
        alice.client.get("/admin/users/")
