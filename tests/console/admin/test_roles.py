"""Which role sees which page: a refusal says which permission is missing."""

from collections.abc import Callable

import pytest
from django.test import Client

from functions.models import Membership
from tests.console.conftest import TEAM, Person

Preset = Membership.Preset
# The least role that sees it.
PAGES = {
    "/admin/users/": Preset.ADMIN,
    "/design/": Preset.ADMIN,
    "/admin/concurrency/": Preset.OPERATOR,
    "/admin/audit/": Preset.OPERATOR,
    "/admin/limits/": Preset.DEVELOPER,
    "/admin/operations/": Preset.DEVELOPER,
    "/admin/runtimes/": Preset.DEVELOPER,
    "/palette/": Preset.VIEWER,
}
CHANGES = [
    "/admin/users/invite/",
    "/admin/users/1/role/",
    "/admin/users/1/disable/",
    "/admin/users/1/enable/",
    "/admin/users/1/password-link/",
    "/admin/users/invitations/x/withdraw/",
]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("preset", list(Preset))
def test_pages_by_role(person: Callable[..., Person], path: str, preset: Membership.Preset) -> None:
    answer = person("zoe", TEAM, preset).client.get(path)
    is_allowed = Preset.values.index(preset) >= Preset.values.index(PAGES[path])
    assert answer.status_code == (200 if is_allowed else 403)
    if not is_allowed:
        assert "does not allow hearth:" in answer.content.decode()


@pytest.mark.parametrize("path", CHANGES)
@pytest.mark.parametrize("preset", [Preset.VIEWER, Preset.DEVELOPER, Preset.OPERATOR])
def test_users_are_the_administrators(person: Callable[..., Person], path: str, preset: Membership.Preset) -> None:
    assert person("zoe", TEAM, preset).client.post(path, {"preset": "admin"}).status_code == 403


@pytest.mark.parametrize("path", CHANGES)
def test_changes_need_the_csrf_token(alice: Person, path: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice.user)
    assert strict.post(path).status_code == 403


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_signs_in_first(db: None, path: str) -> None:
    assert Client().get(path)["Location"] == f"/login/?next={path}"


@pytest.mark.parametrize(("preset", "first"), [(Preset.ADMIN, "users"), (Preset.OPERATOR, "concurrency")])
def test_administration_opens_with_what_is_allowed(
    person: Callable[..., Person], preset: Membership.Preset, first: str
) -> None:
    assert person("zoe", TEAM, preset).client.get("/admin/")["Location"] == f"/admin/{first}/"


def test_a_viewer_is_offered_no_administration(victor: Person) -> None:
    assert victor.client.get("/admin/").status_code == 403
    assert 'href="/admin/"' not in victor.client.get("/functions/").content.decode()


@pytest.mark.parametrize("preset", list(Preset))
def test_the_palette_offers_only_pages_that_answer(person: Callable[..., Person], preset: Membership.Preset) -> None:
    zoe = person("zoe", TEAM, preset)
    entries = zoe.client.get("/palette/").json()["pages"]
    assert len(entries) >= 5
    assert [each["url"] for each in entries if zoe.client.get(each["url"]).status_code != 200] == []
    keys = [each["keys"] for each in entries if each["keys"]]
    assert len(keys) == len(set(keys))


def test_the_palette_finds_functions_of_the_own_account_only(bob: Person, mallory: Person) -> None:
    bob.create("orders-checkout")
    found = bob.client.get("/palette/?q=CHECK").json()["functions"]
    assert [each["label"] for each in found][:2] == ["orders-checkout", "orders-checkout: code"]
    assert mallory.client.get("/palette/?q=check").json()["functions"] == []
    assert bob.client.get("/palette/?q=%00%25<script>").json()["functions"] == []
