"""People of an account in a browser: what a role opens and closes, being switched off, ending a session elsewhere."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.console.browser.conftest import Visit
from tests.family import RunningHearth

pytestmark = [pytest.mark.browser, pytest.mark.server]

NAME, PASSWORD = "browser-otto", "ottos-own-password"
Start = Callable[..., Visit]


def sign_in(visit: Start) -> Page:
    page = visit(signed_in=False).open("/login/")
    page.fill("#id_username", NAME)
    page.fill("#id_password", PASSWORD)
    page.click("text=Sign in >> nth=-1")
    return page


@pytest.fixture
def joined(visit: Start) -> tuple[Page, Page]:
    """The administrator's page of users, and the page of a viewer who came by the link."""
    users = visit().open("/admin/users/")
    if users.get_by_label(f"Role of {NAME}").count():
        return users, sign_in(visit)
    users.fill("#id_user_name", NAME)
    users.select_option("#id_preset", "viewer")
    users.click("text=Make invitation link")
    link = users.locator("#link").inner_text()
    otto = visit(signed_in=False).page
    otto.goto(link)
    otto.fill("#id_new", PASSWORD)
    otto.fill("#id_again", PASSWORD)
    otto.click("text=Set password and join")
    otto.wait_for_selector("#jump")
    users.reload()
    return users, otto


def test_a_session_ends_at_once(visit: Start, joined: tuple[Page, Page], hearth: RunningHearth) -> None:
    here = joined[1]
    elsewhere = sign_in(visit)
    elsewhere.wait_for_selector("#jump")
    here.goto(f"{hearth.endpoint}/settings/sessions/")
    expect(here.locator("tbody tr")).to_have_count(2)
    here.get_by_role("button", name="Sign out Chrome").click()
    here.get_by_text("The session is signed out.").wait_for()
    elsewhere.reload()
    expect(elsewhere.locator("#id_password")).to_be_visible()
    here.reload()
    expect(here.locator("tbody tr")).to_have_count(1)


def test_a_role_and_the_switch_are_in_force_at_once(
    visit: Start, joined: tuple[Page, Page], hearth: RunningHearth
) -> None:
    users, otto = joined
    create = otto.get_by_role("link", name="Create function").first

    def become(role: str) -> None:
        users.get_by_label(f"Role of {NAME}").select_option(role)
        users.get_by_text(re.compile(rf"{NAME} is {role}\w* now\.")).wait_for()
        otto.goto(f"{hearth.endpoint}/functions/")

    become("developer")
    expect(create).to_be_visible()
    become("admin")
    otto.goto(f"{hearth.endpoint}/admin/users/")
    expect(otto.get_by_role("heading", name="Invite a user")).to_be_visible()
    become("viewer")
    expect(create).to_have_count(0)
    users.get_by_role("button", name=f"Disable {NAME}").click()
    users.locator(".toast", has_text=f"{NAME} is switched off").wait_for()
    otto.reload()
    expect(otto.locator("#id_password")).to_be_visible()
    users.get_by_role("button", name=f"Enable {NAME}").click()
    users.get_by_text(f"{NAME} may come in again.").wait_for()
    again = sign_in(visit)
    again.wait_for_selector("#jump")
