"""Ctrl+K, `g f`, `/` and `?`: and never a key of the browser's."""

from collections.abc import Callable

import pytest

from tests.console.browser.conftest import NARROW, Visit
from tests.console.browser.test_accessibility import findings

pytestmark = [pytest.mark.browser, pytest.mark.server]


def test_a_function_is_found_and_opened_by_keyboard_alone(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.hearth.deploy("palette-target", "def handler(event, context):\n    return 1\n")
    page = here.open("/settings/profile/")
    page.keyboard.press("Control+k")
    page.keyboard.type("palette-tar")
    page.locator("#palette-list [aria-selected=true]", has_text="palette-target").wait_for()
    page.keyboard.press("ArrowDown")
    page.locator("#palette-list [aria-selected=true]", has_text="palette-target: code").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/functions/palette-target/code/")


def test_pages_are_found_and_nothing_is_said_so(visit: Callable[..., Visit]) -> None:
    page = visit(size=NARROW).open("/functions/")
    page.click("#jump")
    page.fill("#palette-input", "audit")
    page.locator("#palette-list", has_text="Administration: Audit log").wait_for()
    page.fill("#palette-input", "no such thing at all")
    page.locator("#palette-none", has_text="Nothing matches").wait_for()
    page.keyboard.press("Escape")
    assert not page.locator("#palette").is_visible()


def test_pages_of_functions_are_found_by_words(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.hearth.deploy("palette-words", "def handler(event, context):\n    return 1\n", Publish=True)
    page = here.open("/")
    page.keyboard.press("Control+k")
    for typed, wanted in {
        "palette-w trig": "palette-words: triggers",
        "palette-w err": "palette-words: errors",
        "palette-w diff": "palette-words: difference 1 to $LATEST",
        "palette-w env": "palette-words: environment variables",
    }.items():
        page.fill("#palette-input", typed)
        page.locator("#palette-list [aria-selected=true]", has_text=wanted).wait_for()
        assert page.locator("#palette-list a").count() == 1


def test_j_and_k_go_along_the_rows_of_a_list(visit: Callable[..., Visit]) -> None:
    here = visit()
    for name in ("palette-rows-1", "palette-rows-2"):
        here.hearth.deploy(name, "def handler(event, context):\n    return 1\n")
    page = here.open("/functions/?q=palette-rows&sort=name")
    focused = "document.activeElement.textContent"
    page.keyboard.press("j")
    assert page.evaluate(focused) == "palette-rows-1"
    page.keyboard.press("j")
    page.keyboard.press("j")  # the last stays
    assert page.evaluate(focused) == "palette-rows-2"
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url("**/functions/palette-rows-1/")


@pytest.mark.parametrize(("keys", "url"), [("gf", "/functions/"), ("ga", "/admin/audit/"), ("gk", "/settings/keys/")])
def test_g_and_a_key_go_there(visit: Callable[..., Visit], keys: str, url: str) -> None:
    page = visit().open("/settings/profile/")
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_url(f"**{url}")


def test_keys_are_letters_where_one_types(visit: Callable[..., Visit]) -> None:
    page = visit().open("/admin/audit/")
    page.keyboard.press("/")
    page.keyboard.type("gf?/")
    assert page.input_value("[name=resource]") == "gf?/"
    assert page.url.endswith("/admin/audit/")
    assert not page.locator("#shortcuts").is_visible()


def test_the_sheet_names_the_places_of_the_role(visit: Callable[..., Visit]) -> None:
    page = visit().open("/settings/profile/")
    page.keyboard.press("?")
    page.locator("#shortcut-places", has_text="Administration: Users").wait_for()
    page.keyboard.press("Escape")
    assert not page.locator("#shortcuts").is_visible()


@pytest.mark.parametrize("key", ["Control+g", "Control+f", "Alt+g", "Control+Shift+k"])
def test_the_keys_of_the_browser_are_left_alone(visit: Callable[..., Visit], key: str) -> None:
    page = visit().open("/settings/profile/")
    page.evaluate("addEventListener('keydown', (event) => (window.taken = event.defaultPrevented))")
    page.keyboard.press(key)
    assert page.evaluate("window.taken") is False
    assert not page.locator("#palette").is_visible()


@pytest.mark.parametrize(("key", "filled"), [("Control+k", "#palette-list a"), ("?", "#shortcut-places dt")])
def test_axe_finds_nothing_in_palette_and_sheet(visit: Callable[..., Visit], key: str, filled: str) -> None:
    page = visit(bypass_csp=True).open("/settings/profile/")
    page.keyboard.press(key)
    page.locator(filled).first.wait_for()
    assert findings(page) == []
