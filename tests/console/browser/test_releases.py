"""Versions, triggers and charts of a function, as a person uses them."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.console.browser.conftest import NARROW, WIDE, Visit
from tests.console.browser.test_accessibility import findings
from tests.family import RunningHearth, wait_for, zip_of

pytestmark = [pytest.mark.browser, pytest.mark.server]

Start = Callable[..., Visit]
NAME = "browser-released"
CODE = "def handler(event, context):\n    return {}\n"


@pytest.fixture(scope="module")
def released(hearth: RunningHearth) -> None:
    """Two versions, an alias on both, calls through it, a schedule's worth of triggers."""
    hearth.deploy(NAME, CODE.format("1"), Publish=True)
    client = hearth.client("lambda")
    client.update_function_code(FunctionName=NAME, ZipFile=zip_of({"app.py": CODE.format("'<b>two</b>'")}))
    client.publish_version(FunctionName=NAME)
    client.create_alias(FunctionName=NAME, Name="prod", FunctionVersion="1")
    client.create_function_url_config(FunctionName=NAME, AuthType="AWS_IAM")
    for _ in range(5):
        client.invoke(FunctionName=f"{NAME}:prod", Payload=b"{}")
    metrics = hearth.client("cloudwatch")
    wait_for("the metrics", lambda: metrics.list_metrics(MetricName="Invocations", Namespace="AWS/Lambda")["Metrics"])


def test_traffic_is_shifted_by_keyboard_and_rolled_back(visit: Start, hearth: RunningHearth, released: None) -> None:
    client = hearth.client("lambda")
    page = visit().open(f"/functions/{NAME}/versions/")
    slider = page.get_by_label("Share of the stable version")
    expect(slider).to_have_attribute("aria-valuetext", "100 % v1, 0 % v2")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    expect(page.get_by_label("Share, %").first).to_have_value("3")
    page.get_by_role("button", name="25", exact=True).click()
    expect(page.locator("[data-candidate]")).to_have_text("25")
    page.get_by_label("Why").first.fill("<i>careful</i>")
    page.get_by_role("button", name="Shift 25 % to v2").click()
    expect(page.get_by_role("status").first).to_contain_text("25 % to version 2")
    assert client.get_alias(FunctionName=NAME, Name="prod")["RoutingConfig"] == {
        "AdditionalVersionWeights": {"2": 0.25}
    }
    expect(page.locator(".timeline li").first).to_contain_text("<i>careful</i>")
    page.get_by_role("button", name="Roll back prod to v1").click()
    expect(page.get_by_role("status").first).to_contain_text("rolled back: all traffic to version 1")
    assert "RoutingConfig" not in client.get_alias(FunctionName=NAME, Name="prod")


def test_two_versions_are_compared(visit: Start, released: None) -> None:
    page = visit().open(f"/functions/{NAME}/versions/")
    page.get_by_text("Compare versions").click()
    page.select_option("#compare-a", "1")
    page.select_option("#compare-b", "2")
    page.get_by_role("button", name="Show difference").click()
    page.wait_for_url("**/versions/1...2/")
    expect(page.locator(".diff .added .text")).to_contain_text("'<b>two</b>'")


def test_a_schedule_is_said_in_words_made_deleted_and_brought_back(visit: Start, released: None) -> None:
    page = visit().open(f"/functions/{NAME}/triggers/schedule/new/")
    page.fill("#id_Name", "browser-nightly")
    page.fill("#id_ScheduleExpression", "cron(0 9 ? * MON-FRI")
    expect(page.locator("#runs .field-err")).to_be_visible()
    page.fill("#id_ScheduleExpression", "cron(0 9 ? * MON-FRI *)")
    expect(page.locator("#runs")).to_contain_text("At 09:00, Monday to Friday")
    expect(page.locator("#runs li")).to_have_count(5)
    page.get_by_role("button", name="Create schedule").click()
    row = page.locator(".trigger", has_text="browser-nightly")
    row.get_by_role("button", name="Fire").click()
    expect(page.get_by_role("status").first).to_contain_text("browser-nightly fired")
    row.get_by_role("checkbox").click()
    expect(row.get_by_text("Disabled")).to_be_visible()
    row.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Undo").click()
    expect(row.get_by_text("Disabled")).to_be_visible()


def test_charts_compare_split_and_refresh_only_while_seen(visit: Start, released: None) -> None:
    page = visit().open(f"/functions/{NAME}/monitor/?qualifier=prod&from=now-1h")
    page.wait_for_selector("#charts[data-ready]")
    page.get_by_label("Compare with the period before").click()
    page.wait_for_url("**compare=1**")
    page.get_by_label("Versions").select_option("version")
    page.wait_for_url("**split=version**")
    page.wait_for_selector("#charts[data-ready]")
    shown = json.loads(page.locator("#figures").text_content() or "{}")
    assert {trace["name"] for trace in shown["invocations"]["data"]} >= {"v1", "Before"}
    page.get_by_label("Refresh").select_option("10")
    page.wait_for_url("**refresh=10**")
    page.wait_for_selector("#charts[data-ready]")
    page.evaluate("""() => {
        Object.defineProperty(document, "hidden", { value: false, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }""")
    page.wait_for_selector("#charts[data-refreshed='1']")


def test_commands_of_rows_and_of_what_a_form_says_are_copied(visit: Start, released: None) -> None:
    here = visit(bypass_csp=True)
    here.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = here.open(f"/functions/{NAME}/versions/?alias=prod")
    dialog = page.locator("#copy-as")
    page.get_by_label("Copy as a command: GetFunctionConfiguration 1", exact=True).click()
    expect(dialog.locator("pre").first).to_contain_text("aws lambda get-function-configuration")
    dialog.get_by_role("button", name="DeleteFunction").click()
    expect(dialog.locator("pre").first).to_contain_text("aws lambda delete-function")
    assert findings(page) == []
    page.keyboard.press("Escape")
    publish = page.locator("form[action$='/publish/']").last
    publish.locator("[name=Description]").fill("as it is typed")
    publish.get_by_role("button", name="Copy as").click()
    expect(dialog.locator("pre").first).to_contain_text("--description 'as it is typed'")
    dialog.get_by_role("button", name="Copy for AWS CLI").click()
    page.locator(".toast", has_text="Copied").wait_for()
    assert "publish-version" in page.evaluate("navigator.clipboard.readText()")
    dialog.get_by_role("button", name="Close").click()
    assert page.locator("tbody .ver", has_text="v3").count() == 0


def test_the_test_event_of_the_editor_is_copied(visit: Start, released: None) -> None:
    here = visit()
    page = here.open(f"/functions/{NAME}/code/")
    here.editor_ready()
    page.locator("#event .cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text('{"typed": "now"}')
    page.select_option("#mode", "Event")
    page.click("#event-copy")
    said = page.locator("#copy-as pre").first
    expect(said).to_contain_text('{"typed": "now"}')
    expect(said).to_contain_text("--invocation-type Event")


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing(visit: Start, released: None, size: tuple[int, int]) -> None:
    here = visit(size=size, bypass_csp=True)
    found = {}
    for path in (
        f"/functions/{NAME}/versions/",
        f"/functions/{NAME}/versions/1...2/",
        f"/functions/{NAME}/triggers/",
        f"/functions/{NAME}/triggers/schedule/new/",
        f"/functions/{NAME}/aliases/prod/",
        "/triggers/",
        f"/functions/{NAME}/monitor/?compare=1&split=version&refresh=30",
    ):
        page = here.open(path)
        page.wait_for_load_state("networkidle")
        if problems := findings(page):
            found[path] = problems
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], path
    assert found == {}
