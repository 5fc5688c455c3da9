"""Overview, configuration and the code page's newer parts, as a person uses them."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.console.browser.conftest import NARROW, Visit
from tests.execution.running import eventually
from tests.family import RunningHearth, zip_of

pytestmark = [pytest.mark.browser, pytest.mark.server]

Start = Callable[..., Visit]
ECHO = "def handler(event, context):\n    return event\n"


def test_an_env_file_is_pasted_and_values_are_masked(visit: Start, hearth: RunningHearth) -> None:
    hearth.deploy("browser-env", ECHO, Environment={"Variables": {"SECRET": "hidden"}})
    here = visit()
    page = here.open("/functions/browser-env/config/environment/")
    value = page.get_by_label("Value of SECRET", exact=True)
    expect(value).to_have_css("-webkit-text-security", "disc")
    page.get_by_role("button", name="Show the value of SECRET").click()
    expect(value).to_have_css("-webkit-text-security", "none")
    page.get_by_role("button", name="Add variable").click()
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.setData("text", "# mine\\nexport AA=1\\nBB='two words'\\nSECRET=new");
          const paste = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
          document.activeElement.dispatchEvent(paste);
        }"""
    )
    expect(page.locator(".pair")).to_have_count(3)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("Environment variables saved.")
    found = hearth.client("lambda").get_function_configuration(FunctionName="browser-env")
    assert found["Environment"]["Variables"] == {"SECRET": "new", "AA": "1", "BB": "two words"}


def test_a_function_is_stopped_and_runs_again(visit: Start, hearth: RunningHearth) -> None:
    hearth.deploy("browser-stopped", ECHO)
    here = visit()
    page = here.open("/functions/browser-stopped/")
    expect(page.locator(".node-fn")).to_contain_text("browser-stopped")
    page.get_by_role("button", name="Throttle").click()
    expect(page.get_by_text("Throttled", exact=True)).to_be_visible()
    client = hearth.client("lambda")
    with pytest.raises(client.exceptions.TooManyRequestsException):
        client.invoke(FunctionName="browser-stopped", Payload=b"{}")
    page.get_by_role("button", name="Let it run again").click()
    expect(page.get_by_role("button", name="Throttle")).to_be_visible()
    assert client.invoke(FunctionName="browser-stopped", Payload=b"{}")["StatusCode"] == 200


def test_several_functions_are_deleted(visit: Start, hearth: RunningHearth) -> None:
    for name in ("browser-doomed-a", "browser-doomed-b"):
        hearth.deploy(name, ECHO, Tags={"doomed": "yes"})
    here = visit()
    page = here.open("/functions/")
    page.get_by_label("Tag", exact=True).select_option("doomed=yes")
    expect(page.locator("#list tbody tr")).to_have_count(2)
    expect(page).to_have_url(re.compile("tag=doomed%3Dyes"))
    page.get_by_label("Select all on this page").check()
    page.get_by_role("button", name="Delete 2 selected").click()
    page.get_by_label("Type 2 to confirm").fill("3")
    page.keyboard.press("Enter")
    expect(page.locator(".field-err")).to_contain_text("this is not 2")
    page.get_by_label("Type 2 to confirm").fill("2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Deleted 2 functions.")
    here.complaints[:] = [each for each in here.complaints if "400" not in each]  # the wrong number


def test_changes_are_looked_at_before_they_are_deployed(visit: Start, hearth: RunningHearth) -> None:
    hearth.deploy("browser-changed", ECHO)
    here = visit()
    page = here.open("/functions/browser-changed/code/")
    here.editor_ready()
    here.type_code("def handler(event, context):\n    return '<b>new</b>'\n")
    page.get_by_role("button", name="Changes").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("tr.removed")).to_contain_text("return event")
    expect(dialog.locator("tr.added")).to_contain_text("'<b>new</b>'")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("Control+s")
    expect(page.locator("#state-text")).to_have_text("All deployed")


def test_a_test_is_queued_or_only_checked_and_samples_fill_the_event(visit: Start, hearth: RunningHearth) -> None:
    hearth.deploy("browser-kinds", "def handler(event, context):\n    return event['Records'][0]['eventSource']\n")
    here = visit()
    page = here.open("/functions/browser-kinds/code/")
    here.editor_ready()
    page.get_by_label("Sample event").select_option("sqsEvent")
    expect(page.locator("#event .cm-content")).to_contain_text("aws:sqs")
    page.get_by_label("Invocation", exact=True).select_option("DryRun")
    page.click("#test")
    expect(page.locator("[data-outcome=checked]")).to_be_visible()
    expect(page.locator("#runs")).to_contain_text("No test was run yet.")
    page.get_by_label("Invocation", exact=True).select_option("Event")
    page.click("#test")
    expect(page.locator("[data-outcome=queued]")).to_be_visible()
    page.get_by_label("Invocation", exact=True).select_option("RequestResponse")
    page.click("#test")
    expect(page.locator("#response")).to_have_text('"aws:sqs"')
    expect(page.locator("#runs li")).to_have_count(2)


def test_a_frame_of_the_stack_opens_its_line(visit: Start, hearth: RunningHearth) -> None:
    package = zip_of(
        {"app.py": "import lib.a\n\ndef handler(e, c):\n    lib.a.f()\n", "lib/a.py": "def f():\n    1 / 0\n"}
    )
    hearth.deploy("browser-stack", "", Code={"ZipFile": package})
    here = visit()
    page = here.open("/functions/browser-stack/code/")
    here.editor_ready()
    page.click("#test")
    page.locator(".stack-trace a", has_text="lib/a.py").click()
    expect(page.locator(".file-open[aria-current]")).to_contain_text("a.py")
    expect(page.locator("#cursor")).to_contain_text("Ln 2")
    expect(page.locator("#result")).to_contain_text("ZeroDivisionError")


def test_a_package_is_uploaded(visit: Start, hearth: RunningHearth, tmp_path: Path) -> None:
    hearth.deploy("browser-upload", ECHO)
    package = tmp_path / "package.zip"
    package.write_bytes(b"not a zip")
    here = visit()
    page = here.open("/functions/browser-upload/code/")
    here.editor_ready()
    page.set_input_files("#upload-file", package)
    expect(page.locator("#problem")).to_be_visible()
    package.write_bytes(zip_of({"app.py": "def handler(e, c):\n    return 'uploaded'\n", "big.bin": bytes(300_000)}))
    page.set_input_files("#upload-file", package)
    expect(page.locator("#tree-list")).to_contain_text("293 KB")
    here.editor_ready()
    page.click("#test")
    expect(page.locator("#response")).to_have_text('"uploaded"')
    here.complaints[:] = [each for each in here.complaints if "400" not in each]  # the file that is no zip


def test_no_page_is_wider_than_a_phone(visit: Start, hearth: RunningHearth) -> None:
    name = "browser-slim-" + "x" * 40
    fails = "def handler(event, context): raise ValueError('x' * 300)"
    hearth.deploy(name, fails, Environment={"Variables": {"A" * 60: "v" * 300}})
    hearth.client("lambda").invoke(FunctionName=name)
    here = visit(size=NARROW)
    eventually(lambda: name in here.open("/").inner_text("main"))  # in need of attention
    sections = ("general", "permissions", "environment", "concurrency", "async", "url", "tags")
    for path in (
        "/",
        "/functions/",
        f"/functions/{name}/",
        *(f"/functions/{name}/config/{each}/" for each in sections),
    ):
        page = here.open(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0], path
