"""Settings and administration in a browser: the flows, and axe on every page."""

from collections.abc import Callable

import pytest

from tests.console.browser.conftest import NARROW, WIDE, Visit
from tests.console.browser.test_accessibility import findings

pytestmark = [pytest.mark.browser, pytest.mark.server]

PAGES = [
    "/settings/profile/",
    "/settings/appearance/",
    "/settings/keys/",
    "/settings/sessions/",
    "/admin/users/",
    "/admin/concurrency/",
    "/admin/runtimes/",
    "/admin/limits/",
    "/admin/operations/",
    "/admin/audit/",
    "/design/",
]


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(
    visit: Callable[..., Visit], size: tuple[int, int]
) -> None:
    here = visit(size=size, bypass_csp=True)
    found = {}
    for path in PAGES:
        page = here.open(path)
        found[path] = findings(page)
        root = "document.documentElement"
        if page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"):
            found[path].append("wider than the window")
    assert {path: each for path, each in found.items() if each} == {}


def test_a_key_is_made_switched_off_taken_back_and_revoked(visit: Callable[..., Visit]) -> None:
    page = visit().open("/settings/keys/")
    page.click("text=Create access key")
    made = page.locator("#key-id").inner_text()
    with page.expect_download() as saved:
        page.click("text=Download .csv")
    assert saved.value.suggested_filename == f"hearth-{made}.csv"
    assert made in saved.value.path().read_text()
    page.click("text=I have it")
    assert page.locator("#key-secret").count() == 0
    row = page.locator("tr", has_text=made)
    row.get_by_role("button", name="Deactivate").click()
    page.locator(".toast", has_text="is switched off").wait_for()
    assert row.get_by_text("Inactive").count() == 1
    page.locator(".toast").get_by_role("button", name="Undo").click()
    page.get_by_text(f"{made} signs requests again.").wait_for()
    assert row.get_by_text("Inactive").count() == 0
    row.get_by_role("button", name="Revoke").click()
    page.get_by_label(f"Type {made[-4:]} to confirm").fill(made[-4:])
    page.get_by_role("button", name="Revoke key").click()
    page.get_by_text(f"{made} is revoked.").wait_for()
    assert page.locator("tr", has_text=made).count() == 0


def test_the_theme_is_there_before_anything_is_painted_on_another_browser(visit: Callable[..., Visit]) -> None:
    page = visit().open("/settings/appearance/")
    page.get_by_label("Dark").check()
    page.click("text=Save appearance")
    page.get_by_text("Appearance: saved.").wait_for()
    other = visit().open("/functions/")
    assert other.evaluate("document.documentElement.dataset.theme") == "dark"
    with other.expect_response("**/settings/appearance/"):
        other.click("[data-theme-toggle]")  # dark -> as the system
    other.reload()
    assert other.evaluate("document.documentElement.dataset.theme ?? 'none'") == "none"
    third = visit().open("/functions/")
    assert third.evaluate("document.documentElement.dataset.theme ?? 'none'") == "none"


def test_an_invited_user_joins_and_sees_what_the_role_allows(visit: Callable[..., Visit]) -> None:
    page = visit().open("/admin/users/")
    page.fill("#id_user_name", "browser-vera")
    page.select_option("#id_preset", "viewer")
    page.click("text=Make invitation link")
    link = page.locator("#link").inner_text()
    vera = visit(signed_in=False)
    vera.page.goto(link)
    vera.page.fill("#id_new", "veras-own-password")
    vera.page.fill("#id_again", "veras-own-password")
    vera.page.click("text=Set password and join")
    vera.page.wait_for_selector("#jump")
    assert vera.page.get_by_role("link", name="Administration").count() == 0
    assert vera.page.get_by_role("link", name="Create function").count() == 0
    page.reload()
    page.get_by_label("Role of browser-vera").select_option("developer")
    page.get_by_text("browser-vera is developer now.").wait_for()
    page.get_by_role("button", name="Disable browser-vera").click()
    page.locator(".toast", has_text="browser-vera is switched off").wait_for()
    vera.page.goto(page.url)
    assert "/login/" in vera.page.url


def test_workers_show_what_runs_and_refresh_by_themselves(visit: Callable[..., Visit]) -> None:
    here = visit()
    hearth = here.hearth
    hearth.deploy("browser-worker", "def handler(event, context):\n    return 1\n")
    page = here.open("/admin/concurrency/")
    page.get_by_text("Isolation in force").wait_for()
    hearth.client("lambda").invoke(FunctionName="browser-worker", Payload=b"{}")
    page.get_by_role("link", name="browser-worker").wait_for()


def test_the_head_of_a_list_stays_in_view(visit: Callable[..., Visit]) -> None:
    page = visit().open("/admin/operations/")
    page.evaluate("scrollTo(0, 900)")
    bar = page.locator(".top").bounding_box()
    head = page.locator(".table th").first.bounding_box()
    assert bar is not None
    assert head is not None
    assert bar["y"] == 0
    assert head["y"] == bar["height"]
