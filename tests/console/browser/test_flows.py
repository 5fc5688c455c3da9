"""The main ways through the console, as a person goes them."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.console.browser.conftest import NARROW, Visit
from tests.family import RunningHearth, zip_of

pytestmark = [pytest.mark.browser, pytest.mark.server]

Start = Callable[..., Visit]


def test_signing_in_and_out(visit: Start, hearth: RunningHearth) -> None:
    here = visit(signed_in=False)
    page = here.open("/functions/new/")
    expect(page).to_have_url(re.compile(r"/login/\?next="))
    page.fill("#id_username", hearth.credentials["console_user"])
    page.fill("#id_password", "wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("User name or password is wrong.")
    page.fill("#id_password", hearth.credentials["console_password"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Create function")
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/login/"))
    here.complaints[:] = [each for each in here.complaints if "403" not in each]  # the wrong password


def test_a_first_function_by_keyboard_alone(visit: Start) -> None:
    here = visit()
    page = here.open("/functions/")
    page.keyboard.press("c")
    page.wait_for_selector(".code-mount .cm-editor")
    page.keyboard.type("typed-here")  # the name has the focus
    page.locator("#id_Timeout").fill("5")
    page.keyboard.press("Enter")
    here.editor_ready()
    expect(page.locator("#state-text")).to_have_text("All deployed")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-outcome]")).to_have_attribute("data-outcome", "succeeded")
    expect(page.locator("#response")).to_contain_text('"Hello, Hearth!"')
    expect(page.locator("#result")).to_contain_text("greeting Hearth")
    expect(page.locator("#result .report")).to_contain_text("Billed")


def test_edit_deploy_test(visit: Start, hearth: RunningHearth) -> None:
    hearth.deploy("browser-edited", "def handler(event, context):\n    return 'old'\n")
    here = visit()
    page = here.open("/functions/browser-edited/code/")
    here.editor_ready()
    expect(page.locator("#deploy")).to_be_disabled()
    here.type_code("def handler(event, context):\n    print('hi', event['who'])\n    return {'new': event['who']}\n")
    expect(page.locator("#state-text")).to_have_text("1 unsaved file")
    page.locator("#event .cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text('{"who": "alice"}')
    page.click("#test")
    expect(page.locator("#response")).to_have_text('"old"')
    expect(page.locator("#unsaved-note")).to_be_visible()
    page.keyboard.press("Control+s")
    expect(page.locator("#state-text")).to_have_text("All deployed")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#response")).to_contain_text('"new": "alice"')
    expect(page.locator("#unsaved-note")).to_be_hidden()
    expect(page.locator("#result .tlog")).to_contain_text("hi alice")


def test_a_failing_function_shows_its_error(visit: Start, hearth: RunningHearth) -> None:
    hearth.deploy("browser-failing", "def handler(event, context):\n    raise KeyError('<b>stock</b>')\n")
    here = visit()
    page = here.open("/functions/browser-failing/code/")
    here.editor_ready()
    page.click("#test")
    expect(page.locator("[data-outcome]")).to_have_attribute("data-outcome", "failed")
    expect(page.locator("#response")).to_contain_text("KeyError")
    expect(page.locator("#response")).to_contain_text("<b>stock</b>")
    page.locator("#event .cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("{oops")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#event-error")).to_contain_text("not JSON")
    here.complaints[:] = [each for each in here.complaints if "400" not in each]  # the event that is not JSON


def test_files_are_made_renamed_and_deleted(visit: Start, hearth: RunningHearth) -> None:
    package = zip_of({"app.py": "from lib.text import WORD\n\ndef handler(e, c):\n    return WORD\n", "old.txt": "x"})
    hearth.deploy("browser-files", "", Code={"ZipFile": package})
    here = visit()
    page = here.open("/functions/browser-files/code/")
    here.editor_ready()
    page.get_by_role("button", name="New file").click()
    page.keyboard.type("app.py")
    page.keyboard.press("Enter")
    expect(page.locator("#name-error")).to_have_text("app.py exists already")
    page.locator("#name-input").fill("lib/words.py")
    page.keyboard.press("Enter")
    expect(page.locator(".file-open[aria-current]")).to_contain_text("words.py")
    page.keyboard.insert_text("WORD = 'found'\n")
    page.get_by_role("button", name="Rename the open file").click()
    page.locator("#name-input").fill("lib/text.py")
    page.keyboard.press("Enter")
    page.locator(".tree-item[data-path='old.txt']").click()
    page.get_by_role("button", name="Delete the open file").click()
    expect(page.locator("#state-text")).to_have_text("2 unsaved files")
    page.click("#deploy")
    expect(page.locator("#state-text")).to_have_text("All deployed")
    page.click("#test")
    expect(page.locator("#response")).to_have_text('"found"')
    page.reload()
    here.editor_ready()
    expect(page.locator("#tree-list")).not_to_contain_text("old.txt")


def test_two_people_do_not_overwrite_each_other(visit: Start, hearth: RunningHearth) -> None:
    hearth.deploy("browser-shared", "def handler(event, context):\n    return 0\n")
    here = visit()
    page = here.open("/functions/browser-shared/code/")
    here.editor_ready()
    theirs = zip_of({"app.py": "def handler(event, context):\n    return 'theirs'\n"})
    hearth.client("lambda").update_function_code(FunctionName="browser-shared", ZipFile=theirs)
    here.type_code("def handler(event, context):\n    return 'mine'\n")
    page.keyboard.press("Control+s")
    expect(page.locator("#conflict")).to_contain_text("Somebody else deployed.")
    expect(page.locator("#state-text")).to_have_text("1 unsaved file")
    page.click("#conflict-force")
    expect(page.locator("#state-text")).to_have_text("All deployed")
    page.click("#test")
    expect(page.locator("#response")).to_have_text('"mine"')
    here.complaints[:] = [each for each in here.complaints if "412" not in each]  # the conflict


def test_test_events_are_kept(visit: Start, hearth: RunningHearth) -> None:
    hearth.deploy("browser-events", "def handler(event, context):\n    return event\n")
    here = visit()
    page = here.open("/functions/browser-events/code/")
    here.editor_ready()
    page.click("#event-new")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text('{"kept": true}')
    page.click("#event-save")
    page.keyboard.type("mine")
    page.keyboard.press("Enter")
    expect(page.locator("#event-name")).to_have_value("mine")
    page.reload()
    here.editor_ready()
    expect(page.locator("#event-name")).to_have_value("mine")
    page.click("#test")
    expect(page.locator("#response")).to_contain_text('"kept": true')
    page.click("#event-delete")
    expect(page.locator("#event-name")).to_have_value("")


@pytest.mark.parametrize(
    ("name", "proof"),
    [
        ("thumbnails", '"thumbnails"'),
        ("csv-summary", '"rows": 6'),
        ("signed-webhook", '"statusCode": 202'),
        ("durations", '"2 days"'),
        ("hello-nodejs", '"Hello, Hearth!"'),
    ],
)
def test_a_blueprint_is_created_and_its_event_succeeds(visit: Start, name: str, proof: str) -> None:
    here = visit()
    page = here.open("/functions/new/?source=blueprint")
    page.locator(f'.choice a[href*="blueprint={name}"]').click()
    page.fill("#id_FunctionName", f"from-{name}")
    page.get_by_role("button", name="Create function").click()
    here.editor_ready()
    page.click("#test")
    expect(page.locator("[data-outcome]")).to_have_attribute("data-outcome", "succeeded")
    expect(page.locator("#response")).to_contain_text(proof)


def test_a_zip_is_uploaded(visit: Start, tmp_path: Path) -> None:
    package = tmp_path / "package.zip"
    package.write_bytes(zip_of({"main.py": "def run(event, context):\n    return 'from a zip'\n"}))
    here = visit()
    page = here.open("/functions/new/?source=zip")
    page.fill("#id_FunctionName", "browser-zip")
    page.fill("#id_Handler", "main.run")
    page.set_input_files("#id_ZipFile", package)
    page.get_by_role("button", name="Create function").click()
    here.editor_ready()
    page.click("#test")
    expect(page.locator("#response")).to_have_text('"from a zip"')


def test_what_is_wrong_stands_at_the_field(visit: Start) -> None:
    here = visit()
    page = here.open("/functions/new/")
    page.fill("#id_FunctionName", "no spaces here")
    page.get_by_role("button", name="Create function").click()
    expect(page.locator("#id_FunctionName_error")).to_contain_text("Member must satisfy regular expression pattern")
    expect(page.locator("#id_FunctionName")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#id_FunctionName")).to_have_value("no spaces here")
    here.complaints[:] = [each for each in here.complaints if "400" not in each]  # the refused form


def test_an_invocation_is_in_logs_and_charts_a_moment_later(visit: Start, hearth: RunningHearth) -> None:
    code = 'def handler(e, c):\n    print(\'{"level": "WARN", "message": "low stock", "sku": "K8"}\')\n'
    hearth.deploy("browser-seen", code)
    here = visit()
    page = here.open("/functions/browser-seen/logs/")
    expect(page.locator("#log")).to_contain_text("No log yet")
    hearth.client("lambda").invoke(FunctionName="browser-seen", Payload=json.dumps({}))
    # Live: it appears without a reload, and what is opened stays open over the next look.
    expect(page.locator("details.req")).to_have_count(1)
    page.locator("details.req > summary").click()
    expect(page.locator(".line-warn .fields")).to_contain_text('"K8"')
    page.locator("h1").click()
    hearth.client("lambda").invoke(FunctionName="browser-seen", Payload=json.dumps({}))
    expect(page.locator("details.req")).to_have_count(2)
    expect(page.locator("details.req[open]")).to_have_count(1)
    page.fill("input[name=q]", "no such text")
    page.keyboard.press("Enter")
    expect(page.locator("#log")).to_contain_text("Nothing matches")
    page.get_by_role("link", name="Monitor").click()
    page.wait_for_selector("#charts[data-ready]")
    expect(page.locator("#t-invocations ~ .big, section:has(#t-invocations) .big")).to_contain_text("2")
    assert page.locator("[data-figure=invocations] .bars path").count() > 0
    page.get_by_role("link", name="15m").click()
    page.wait_for_selector("#charts[data-ready]")
    assert "from=now-15m" in page.url


def test_dragging_over_a_chart_opens_that_range(visit: Start, hearth: RunningHearth) -> None:
    hearth.deploy("browser-zoomed", "def handler(e, c):\n    return 1\n")
    here = visit()
    page = here.open("/functions/browser-zoomed/monitor/?from=now-3h&to=now")
    page.wait_for_selector("#charts[data-ready]")
    box = page.locator("[data-figure=errors] .nsewdrag").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.25, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, middle, steps=5)
    with page.expect_navigation():
        page.mouse.up()
    assert re.search(r"from=20\d\d-.*&to=20\d\d-", page.url)


def test_versions_are_published_aliased_and_deleted(visit: Start, hearth: RunningHearth) -> None:
    hearth.deploy("browser-versions", "def handler(e, c):\n    return c.function_version\n")
    here = visit()
    page = here.open("/functions/browser-versions/code/")
    page.get_by_role("button", name="Publish version 1").click()
    expect(page.get_by_role("status").first).to_contain_text("$LATEST is now version 1.")
    page.fill("#id_Name", "prod")
    page.get_by_role("button", name="Create alias").click()
    page.get_by_text("Qualifier").click()
    page.locator(".menu a", has_text="prod").click()
    expect(page.locator(".qual-alias")).to_contain_text("Alias prod:")
    page.get_by_role("link", name="Code", exact=True).click()
    here.editor_ready()
    expect(page.locator("#state-text")).to_have_text("Read-only")
    page.click("#test")
    expect(page.locator("#response")).to_have_text('"1"')
    page.get_by_role("link", name="Versions & aliases").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete alias").click()
    expect(page.get_by_role("status").first).to_contain_text("Deleted alias prod.")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Delete version 1").click()
    expect(page.locator("tbody .ver")).to_have_count(1)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete version 1").click()
    expect(page.get_by_role("status").first).to_contain_text("Deleted version 1.")


def test_the_theme_is_chosen_and_kept(visit: Start) -> None:
    here = visit()
    page = here.open("/functions/")
    page.get_by_role("button", name="Change theme").click()
    page.get_by_role("button", name="Change theme").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_list_is_filtered_while_typing(visit: Start, hearth: RunningHearth) -> None:
    hearth.deploy("browser-findme", "def handler(e, c):\n    return 1\n")
    hearth.deploy("browser-hidden", "def handler(e, c):\n    return 1\n")
    here = visit()
    page = here.open("/functions/")
    page.keyboard.press("/")
    page.keyboard.type("findme")
    expect(page.locator("#list tbody tr")).to_have_count(1)
    expect(page.locator("#list")).to_contain_text("browser-findme")
    assert "q=findme" in page.url
    page.get_by_role("link", name="browser-findme").click()
    page.wait_for_url("**/browser-findme/")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Functions")
    expect(page.locator("#list tbody tr")).to_have_count(1)
    expect(page.locator("#q")).to_have_value("findme")
    page.go_back()
    expect(page.get_by_role("link", name="browser-hidden")).to_be_visible()


def test_a_phone_reaches_everything(visit: Start, hearth: RunningHearth) -> None:
    hearth.deploy("browser-phone", "def handler(e, c):\n    return 1\n")
    here = visit(size=NARROW)
    page = here.open("/functions/")
    page.get_by_role("button", name="Open navigation").click()
    page.get_by_role("link", name="Functions", exact=True).click()
    page.get_by_role("link", name="browser-phone").click()
    page.get_by_role("link", name="Code", exact=True).click()
    here.editor_ready()
    page.get_by_role("button", name="Files").click()
    page.locator(".tree-item").first.click()
    page.click("#test")
    expect(page.locator("[data-outcome]")).to_be_visible()
    for path in ("code", "monitor", "logs", "versions", "config"):
        here.open(f"/functions/browser-phone/{path}/")
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0], path
